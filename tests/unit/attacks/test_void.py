"""A bad insider can't stop everyone: what an enrolled key validly signs, and may not say, is void and told as a finding against it.

Others go on, the register is the same after a rebuild, and whoever a void entry names as knowing a secret is still counted.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from govern.canonical import canonical
from govern.holdings.documents import text_digest, version_of
from govern.ledger.commitment import EpochKey, commit
from govern.vault.keys import Keys, key_id

from .insider import Insider
from .vaults import SECOND, SIZE, Machine, enrol


def spelled(text: str) -> Callable[[Insider], Any]:
    return lambda _: text.encode()


def place(insider: Insider, **envelope: Any) -> dict[str, Any]:
    """A fact that every keyholder may record."""
    return insider.event("place.added", {"place": os.urandom(16).hex(), "kind": "paper"}, **envelope)


def named(insider: Insider, table: str, where: str) -> str:
    return str(insider.machine.ask(f"SELECT id FROM {table} WHERE {where}")[0][0])


def enrolment(insider: Insider, **body: Any) -> dict[str, Any]:
    keys = Keys.from_seed(os.urandom(32))
    return insider.event(
        "key.enrolled",
        {
            "person": named(insider, "people", "handle = 'dora'"), "key": keys.id.hex(), "sign": keys.sign_public.hex(),
            "seal": keys.seal_public.hex(), "custody": "keyfile", **body,
        },
    )  # fmt: skip


def invitation(insider: Insider, **body: Any) -> dict[str, Any]:
    return insider.event(
        "invite.issued",
        {
            "invite": os.urandom(16).hex(), "person": insider.person, "purpose": "join", "token": "0" * 64, "expires": "2099-01-01T00:00:00Z", **body
        },
    )  # fmt: skip


def epoch(insider: Insider) -> dict[str, Any]:
    return {
        "compartment": insider.base[0].hex(), "epoch": insider.base[1].id.hex(), "number": 2, "recipients": [insider.keys.id.hex()],
        "wraps": "0" * 64, "previous": insider.base[1].id.hex(),
    }  # fmt: skip


def weak() -> dict[str, Any]:
    """The identity point as a signing key: one signature by it fits everything."""
    sign, seal = (1).to_bytes(32, "little"), Keys.from_seed(os.urandom(32)).seal_public
    return {"sign": sign.hex(), "seal": seal.hex(), "key": key_id(sign, seal).hex()}


def policy(**changed: Any) -> dict[str, Any]:
    return {"policy": {"record": 1}, "digest": hashlib.sha256(canonical({"record": 1})).hexdigest(), **changed}


BY_DORA: dict[str, tuple[str, Callable[[Insider], Any]]] = {
    "no role for it": ("authority", lambda i: i.event("person.added", {"person": os.urandom(16).hex()})),
    "makes herself admin": ("authority", lambda i: i.event("role.given", {"person": i.person, "role": "admin"})),
    "enrols a key of her own": ("invite-missing", enrolment),
    "enrols another's key": ("authority", lambda i: enrolment(i, person=named(i, "people", "handle = 'cleo'"))),
    "invites somebody": ("authority", lambda i: invitation(i, person=named(i, "people", "handle = 'cleo'"))),
    "invites herself anew": ("own-device", lambda i: invitation(i, purpose="rekey")),
    "revokes a key": (
        "authority",
        lambda i: i.event("key.revoked", {"key": named(i, "keys", "state = 'active' ORDER BY entry"), "cause": "lost"}),
    ),
    "starts an epoch": ("authority", lambda i: i.event("epoch.started", epoch(i))),
    "wraps an epoch": (
        "authority",
        lambda i: i.event("epoch.wrapped", {"wraps": [[os.urandom(16).hex(), dora_key(i)]], "digest": "0" * 64}),
    ),
    "ends a reader": ("authority", lambda i: i.event("readers.ended", {"epoch": os.urandom(16).hex(), "keys": [dora_key(i)]})),
    "founds the vault again": ("authority", lambda i: i.event("vault.founded", {**founding(i)})),
    "adopts a policy": ("malformed", lambda i: i.event("policy.adopted", policy())),
    "uses recovery": ("authority", lambda i: i.event("recovery.used", {"purpose": "recover"})),
    "opens a case in base": ("compartment", lambda i: i.event("case.opened", case(i))),
    "opens rotations": ("authority", lambda i: i.event("rotations.opened", opened(i))),
    "stages candidates": ("authority", lambda i: i.event("candidates.staged", candidates(i))),
    "reports on a day that no calendar has": ("malformed", lambda i: i.event("incident.reported", reporting(), at="2027-02-30T09:00:00Z")),
    "reports at the end of the calendar": ("malformed", lambda i: i.event("incident.reported", reporting(), at="9999-12-31T09:00:00Z")),
    "names a spokesperson": ("authority", lambda i: i.event("spokesperson.named", speaking(i))),
    "opens a review": ("authority", lambda i: i.event("review.opened", asked(i))),
    "grants an exception": ("authority", lambda i: i.event("exception.granted", excepted(i))),
    "adopts a document": ("authority", lambda i: i.event("document.adopted", adopted())),
    "records a training": (
        "authority",
        lambda i: i.event("training.recorded", {"training": "7" * 32, "person": i.person, "subject": "social-media", "on": "2026-01-01"}),
    ),
    "signs for somebody else": ("own-signature", lambda i: i.event("acknowledgement.given", signed(i, "mia", how="signature"))),
    "records a sheet": ("authority", lambda i: i.event("acknowledgement.given", signed(i, "mia", how="sheet", evidence="0" * 64))),
    "opens an incident": ("authority", lambda i: i.event("incident.opened", gone_wrong(i))),
    "freezes everything": ("authority", lambda i: i.event("freeze.begun", {"freeze": "7" * 32, "look_again": "2026-12-01", "allowed": []})),
    "thaws": ("authority", lambda i: i.event("freeze.ended", {"freeze": "7" * 32})),
    "records a role": ("authority", lambda i: i.event("entitlement.recorded", entitled(i))),
    "connects a tool": (
        "authority",
        lambda i: i.event("app.connected", {"app": os.urandom(16).hex(), "account": entitled(i)["account"], "tool": "x"}),
    ),
    "gives a device": (
        "authority",
        lambda i: i.event("device.given", {"device": os.urandom(16).hex(), "person": i.person, "kind": "phone"}),
    ),
    "says whose a channel is": (
        "authority",
        lambda i: i.event(
            "channel.reaches", {"credential": named(i, "credentials", "kind = 'password'"), "version": 1, "reach": "company"}
        ),
    ),
    "sets up a channel": ("authority", lambda i: i.event("channel.set", sends(i))),
    "under an epoch that nobody declared": ("undeclared-epoch", lambda i: place(i)),
}

BY_BEN: dict[str, tuple[str, Callable[[Insider], Any]]] = {
    "no JSON": ("malformed", spelled("{")),
    "nothing at all": ("malformed", spelled("")),
    "no text": ("malformed", lambda _: b"\xff\xfe\xfd"),
    "no object": ("malformed", spelled("[]")),
    "another spelling": ("malformed", lambda i: canonical(place(i)).replace(b'"v":1', b'"v": 1')),
    "another order": ("malformed", lambda i: b'{"v":1,' + canonical(place(i)).replace(b',"v":1}', b"}")[1:]),
    "a key twice": ("malformed", lambda i: canonical(place(i)).replace(b'"v":1', b'"v":1,"v":1')),
    "a fraction": ("malformed", lambda i: canonical(place(i)).replace(b'"v":1', b'"v":1.0')),
    "a number beyond 2^53": ("malformed", lambda i: canonical(place(i)).replace(b'"v":1', b'"v":9007199254740993')),
    "an escaped surrogate": ("malformed", lambda i: canonical(place(i)).replace(b"paper", b"\\ud800")),
    "too deep": ("malformed", lambda i: canonical(place(i)).replace(b'"paper"', b"[" * 5000 + b"]" * 5000)),
    "another version": ("malformed", lambda i: place(i, v=2)),
    "a true version": ("malformed", lambda i: place(i, v=True)),
    "an envelope with more": ("malformed", lambda i: place(i, more=1)),
    "an envelope with less": ("malformed", lambda i: {key: value for key, value in place(i).items() if key != "at"}),
    "a time that is none": ("malformed", lambda i: place(i, at="yesterday")),
    "a type that is no text": ("malformed", lambda i: place(i, type=7)),
    "an unknown type": ("unknown-type", lambda i: i.event("place.burned", {"place": os.urandom(16).hex()})),
    "a field too many": ("malformed", lambda i: i.event("place.added", {"place": os.urandom(16).hex(), "kind": "paper", "more": 1})),
    "a field too few": ("malformed", lambda i: i.event("place.added", {"place": os.urandom(16).hex()})),
    "a field of another kind": ("malformed", lambda i: i.event("place.added", {"place": 7, "kind": "paper"})),
    "another actor": ("signer", lambda i: place(i, actor=named(i, "people", "handle = 'mia'"))),
    "an actor who is nobody": ("signer", lambda i: place(i, actor=os.urandom(16).hex())),
    "another's key": ("signer", lambda i: place(i, key=named(i, "keys", "state = 'active' ORDER BY entry"))),
    "an id that is used": ("id-used", lambda i: place(i, id=named(i, "entries", "idx = 4"))),
    "what is not there": ("unknown-reference", lambda i: i.event("place.member", {"place": "0" * 32, "person": i.person})),
    "what is there already": ("contradiction", lambda i: i.event("account.added", account(i))),
    "a grant to oneself": ("self-grant", lambda i: i.event("grant.issued", {**grant(i), "person": i.person})),
    "a case in base": ("compartment", lambda i: i.event("case.opened", case(i))),
    "a key under another id": ("key-id", lambda i: enrolment(i, key=os.urandom(16).hex())),
    "a weak key": ("refused", lambda i: enrolment(i, **weak())),
    "a policy that can't be read": ("malformed", lambda i: i.event("policy.adopted", policy())),
    "a version out of order": ("version-order", lambda i: i.event("version.staged", staged(i, version=9))),
    "a version nobody asked for": ("rotation-open", lambda i: i.event("version.staged", staged(i, version=3))),
    "wraps for a stranger": ("recipient", lambda i: i.event("version.staged", staged(i, version=2, key=dora_key(i), rotation=True, kind="totp"))),
    "rotations of what is not there": ("unknown-reference", lambda i: i.event("rotations.opened", opened(i, "0" * 32))),
    "a rotation beside an open one": ("one-open-rotation", lambda i: i.event("rotations.opened", opened(i, named(i, "credentials", "kind = 'totp'")))),
    "candidates out of order": ("version-order", lambda i: i.event("candidates.staged", candidates(i, version=9))),
    "candidates of another's rotation": (
        "rotation-open", lambda i: i.event("candidates.staged", candidates(i, credential=named(i, "credentials", "kind = 'password'")))
    ),
    "candidates for a stranger": ("recipient", lambda i: i.event("candidates.staged", candidates(i, key=dora_key(i)))),
    "a spokesperson who is nobody": ("unknown-reference", lambda i: i.event("spokesperson.named", speaking(i) | {"person": "0" * 32})),
    "a training that lies ahead": ("training-ahead", lambda i: i.event("spokesperson.named", speaking(i) | {"trained_on": "9999-01-01"})),
    "the end of no spokesperson": (
        "unknown-reference", lambda i: i.event("spokesperson.ended", {"spokesperson": "0" * 32, "account": speaking(i)["account"]})
    ),
    "a review that asks about nothing": ("review-empty", lambda i: i.event("review.opened", asked(i) | {"items": 0})),
    "a review of no account": ("unknown-reference", lambda i: i.event("review.opened", asked(i) | {"scope": "account", "about": "0" * 32})),
    "a review of two scopes": ("review-scope", lambda i: i.event("review.opened", asked(i) | {"about": i.person})),
    "lines of no review": ("unknown-reference", lambda i: i.event("review.items", {"review": "0" * 32, "part": 1, "of": 1, "items": []})),
    "a decision in no review": (
        "unknown-reference", lambda i: i.event("review.decided", {"review": "0" * 32, "items": [], "decision": "keep"})
    ),
    "the end of no review": ("unknown-reference", lambda i: i.event("review.closed", {"review": "0" * 32})),
    "a description of no account": ("unknown-reference", lambda i: i.event("account.described", {"account": "0" * 32})),
    "no second factor and no exception": (
        "second-factor-off", lambda i: i.event("account.described", {"account": excepted(i)["account"], "second_factor": "none"})
    ),
    "an exception of no account": ("unknown-reference", lambda i: i.event("exception.granted", excepted(i) | {"account": "0" * 32})),
    "an exception without a reason": ("exception-reason", lambda i: i.event("exception.granted", excepted(i))),
    "an exception for ever": ("exception-long", lambda i: i.event("exception.granted", excepted(i) | {"until": "9999-01-01"})),
    "the end of no exception": ("unknown-reference", lambda i: i.event("exception.ended", {"exception": "0" * 32})),
    "a document that is not its texts": ("document-version", lambda i: i.event("document.adopted", adopted() | {"version": "0" * 64})),
    "a document of nobody published": (
        "unknown-reference",
        lambda i: i.event("document.published", {"document": "0" * 32, "version": "0" * 64, "deadline": "2099-01-01", "audience": "everybody"}),
    ),
    "a signature under nothing": ("document-unpublished", lambda i: i.event("acknowledgement.given", signed(i, "ben", how="signature"))),
    "a training to come": (
        "training-ahead",
        lambda i: i.event(
            "training.recorded",
            {"training": "7" * 32, "person": named(i, "people", "handle = 'mia'"), "subject": "social-media", "on": "9999-01-01"},
        ),
    ),
    "a second look at no sheet": ("unknown-reference", lambda i: i.event("acknowledgement.verified", {"acknowledgement": "0" * 32})),
    "an answer in a hundred years": (
        "answer-clock", lambda i: i.event("incident.reported", {"report": "7" * 32, "kind": "leak", "answer_by": "9999-01-01T09:00:00Z"})
    ),
    "an incident that nobody leads": ("unknown-reference", lambda i: i.event("incident.opened", gone_wrong(i) | {"lead": "0" * 32})),
    "an incident of one person twice": (
        "second-person", lambda i: i.event("incident.opened", gone_wrong(i) | {"second": gone_wrong(i)["lead"]})
    ),
    "an incident without steps": ("steps", lambda i: i.event("incident.opened", gone_wrong(i) | {"steps": []})),
    "a step of no incident": (
        "unknown-reference", lambda i: i.event("incident.step_ended", {"incident": "0" * 32, "step": "warn", "state": "done"})
    ),
    "a freeze that names nobody there is": (
        "unknown-reference",
        lambda i: i.event("freeze.begun", {"freeze": "7" * 32, "look_again": "2026-12-01", "allowed": ["0" * 32]}),
    ),
    "the end of no freeze": ("unknown-reference", lambda i: i.event("freeze.ended", {"freeze": "0" * 32})),
    "a role of nobody": ("unknown-reference", lambda i: i.event("entitlement.recorded", entitled(i) | {"person": "0" * 32})),
    "the end of no role": (
        "unknown-reference", lambda i: i.event("entitlement.ended", {"entitlement": "0" * 32, "account": entitled(i)["account"]})
    ),
    "a device that is signed in to nothing": (
        "unknown-reference",
        lambda i: i.event("device.given", {"device": os.urandom(16).hex(), "person": i.person, "kind": "phone", "accounts": ["0" * 32]}),
    ),
    "a password that reaches somebody": (
        "channel-kind",
        lambda i: i.event("channel.reaches", {"credential": named(i, "credentials", "kind = 'password'"), "version": 1, "reach": "company"}),
    ),
    "a secret in the clear": ("channel-tls", lambda i: i.event("channel.set", sends(i, credential=named(i, "credentials", "kind = 'password'")))),
    "a channel that is opened and was never set": (
        "unknown-reference",
        lambda i: i.event("channel.opened", {"channel": "0" * 32, "credential": named(i, "credentials", "kind = 'totp'"), "version": 1}),
    ),
    "the last wrap ended": ("no-secret-lost", lambda i: i.event("wraps.ended", {"wraps": [[named(i, "credentials", "kind = 'totp'"), 7, "0" * 32, "0" * 64]]})),
}  # fmt: skip


def sends(insider: Insider, **more: Any) -> dict[str, Any]:
    return {"channel": os.urandom(16).hex(), "name": "post", "kind": "mail", "tls": "local", "port": 25, **more}


def founding(insider: Insider) -> dict[str, Any]:
    import json

    body: dict[str, Any] = json.loads(insider.machine.ask("SELECT value FROM state WHERE key = 'founding'")[0][0])
    return body


def account(insider: Insider) -> dict[str, Any]:
    return {"account": os.urandom(16).hex(), "handle": "shop", "platform": "x", "tier": "low", "custodian": insider.person}


def grant(insider: Insider) -> dict[str, Any]:
    return {"grant": os.urandom(16).hex(), "account": named(insider, "accounts", "handle = 'shop'")}


def entitled(insider: Insider) -> dict[str, Any]:
    return {
        "entitlement": os.urandom(16).hex(), "account": named(insider, "accounts", "handle = 'shop'"), "person": insider.person, "role": "owner"
    }  # fmt: skip


def reporting() -> dict[str, Any]:
    return {"report": os.urandom(16).hex(), "kind": "leak", "answer_by": "2027-03-01T00:00:00Z"}


def speaking(insider: Insider) -> dict[str, Any]:
    return {
        "spokesperson": os.urandom(16).hex(), "account": named(insider, "accounts", "handle = 'shop'"),
        "person": named(insider, "people", "handle = 'mia'"), "trained_on": "2026-01-01",
    }  # fmt: skip


def asked(insider: Insider) -> dict[str, Any]:
    return {"review": os.urandom(16).hex(), "scope": "all", "cause": "by-hand", "due": datetime.now(UTC).date().isoformat(), "items": 1}


def excepted(insider: Insider) -> dict[str, Any]:
    return {
        "exception": os.urandom(16).hex(), "account": named(insider, "accounts", "handle = 'shop'"), "point": "second-factor",
        "until": (datetime.now(UTC) + timedelta(days=1)).date().isoformat(),
    }  # fmt: skip


def adopted() -> dict[str, Any]:
    digests = {"en": text_digest("Be kind")}
    return {"document": "8" * 32, "name": "rules", "version": version_of(digests), "texts": [["en", digests["en"], 7]]}


def signed(insider: Insider, who: str, **more: Any) -> dict[str, Any]:
    person = insider.person if who == "ben" else named(insider, "people", f"handle = '{who}'")
    return {"acknowledgement": os.urandom(16).hex(), "document": "8" * 32, "version": "0" * 64, "person": person, **more}


def gone_wrong(insider: Insider) -> dict[str, Any]:
    return {
        "incident": os.urandom(16).hex(), "account": named(insider, "accounts", "handle = 'shop'"), "kind": "takeover",
        "lead": named(insider, "people", "handle = 'mia'"), "steps": [["evidence", "lead"]],
    }  # fmt: skip


def case(insider: Insider) -> dict[str, Any]:
    return {
        "case": os.urandom(16).hex(), "person": named(insider, "people", "handle = 'mia'"), "kind": "leaver", "cut_at": "2026-01-01T09:00:00Z",
        "items": 0, "frozen": "0" * 64, "frozen_at": 3,
    }  # fmt: skip


def dora_key(insider: Insider) -> str:
    return str(insider.machine.ask("SELECT k.id FROM keys k JOIN people p ON p.id = k.person WHERE p.handle = 'dora'")[0][0])


def staged(insider: Insider, *, version: int, key: str = "", rotation: bool = False, kind: str = "password") -> dict[str, Any]:
    body: dict[str, Any] = {
        "credential": named(insider, "credentials", f"kind = '{kind}'"), "version": version, "state": "current", "origin": "set",
        "manifest": os.urandom(32).hex(), "recipients": [key or insider.keys.id.hex()], "wraps": os.urandom(32).hex(),
    }  # fmt: skip
    if rotation:
        body |= {"state": "candidate", "rotation": named(insider, "rotations", "state = 'planned'")}
    return body


def opened(insider: Insider, credential: str = "") -> dict[str, Any]:
    found = credential or named(insider, "credentials", "kind = 'password'")
    return {"rotations": [[os.urandom(16).hex(), found, ""]], "trigger": "manual"}


def candidates(insider: Insider, *, version: int = 2, key: str = "", credential: str = "") -> dict[str, Any]:
    rotation, of = insider.machine.ask("SELECT id, credential FROM rotations WHERE state = 'planned'")[0]
    return {
        "candidates": [[credential or of, version, rotation, os.urandom(32).hex(), 0]], "recipients": [key or insider.keys.id.hex()],
        "wraps": os.urandom(32).hex(),
    }  # fmt: skip


UNREADABLE = ("garbage", "another commitment", "no padding", "too short")
PERSONAL = {
    "a personal field that is unknown": b'{"more":"1"}',
    "a personal part that is no object": b"[]",
    "a personal part spelled otherwise": b'{ "name":"x"}',
}


class Spoiled:
    """mia's machine on a vault into which ben (admin) and dora (keyholder, no role) wrote every void entry: case -> index."""

    def __init__(self, machine: Machine) -> None:
        self.mia = machine
        machine.ok("person", "add", "Dora Lund", "--handle", "dora")
        dora = enrol(machine, "dora", machine.ask("SELECT id FROM people WHERE handle = 'dora'")[0][0])
        machine.ok("rotate", "shop", "--kind", "totp")
        self.good = machine.register()
        self.expected: dict[str, tuple[int, str]] = {}
        self.ben, self.dora = Insider(machine.of("ben")), Insider(dora)
        for who, insider, table in (("ben", self.ben, BY_BEN), ("dora", self.dora, BY_DORA)):
            for what, (code, make) in table.items():
                made = make(insider)
                under = (insider.base[0], EpochKey(os.urandom(32))) if "nobody declared" in what else None
                self.expected[f"{who}: {what}"] = (insider.write(made, under=under), code)
        for what in UNREADABLE:
            self.expected[f"ben: {what}"] = (self.unreadable(what), "unopenable")
        for what, part in PERSONAL.items():
            salt = os.urandom(32)
            shop = machine.ask("SELECT id FROM accounts")[0][0]
            event = self.ben.event("account.edited", {"account": shop}, personal=commit(salt, part).hex())
            self.expected[f"ben: {what}"] = (self.ben.write(event, personal=(salt, part)), "personal-malformed")

    def unreadable(self, what: str) -> int:
        index = int(self.mia_size())
        salt, plain, commitment = self.ben.committed(canonical(place(self.ben)))
        rows = {
            "garbage": self.ben.garbage(index),
            "another commitment": self.ben.garbage(index, plain),
            "no padding": self.ben.garbage(index, salt + b"\x00" * 200, commitment=commitment),
            "too short": self.ben.garbage(index, b"", commitment=commitment),
        }
        return self.ben.write(rows[what])

    def mia_size(self) -> int:
        with self.mia.database() as db:
            return int(db.execute("SELECT count(*) FROM entry").fetchone()[0])


@pytest.fixture(scope="module")
def spoiled(original: Machine, tmp_path_factory: pytest.TempPathFactory) -> Spoiled:
    return Spoiled(original.copy(tmp_path_factory.mktemp("spoiled")))


@pytest.fixture(scope="module")
def findings(spoiled: Spoiled) -> dict[int, dict[str, Any]]:
    told = spoiled.mia.verify()
    assert told.code == 7, told.err
    return {finding["index"]: finding for finding in told.json()["findings"]}


CASES = [*(f"ben: {what}" for what in (*BY_BEN, *UNREADABLE, *PERSONAL)), *(f"dora: {what}" for what in BY_DORA)]


@pytest.mark.parametrize("case", CASES)
def test_it_is_a_finding_against_its_signer(spoiled: Spoiled, findings: dict[int, dict[str, Any]], case: str) -> None:
    index, code = spoiled.expected[case]
    assert findings[index]["code"] == code
    insider = spoiled.dora if case.startswith("dora") else spoiled.ben
    assert findings[index]["signer"] == insider.keys.id.hex()


def test_it_is_void_unless_only_its_personal_part_is_wrong(spoiled: Spoiled) -> None:
    """Personal parts never influence a judgement: an erasure may take them away, and must not change what counts."""
    types = dict(spoiled.mia.ask("SELECT idx, type FROM entries"))
    kept = {case for case, (index, _) in spoiled.expected.items() if types[index] != "void"}
    assert kept == {f"ben: {what}" for what in PERSONAL}


def test_it_is_listed_with_its_signer(spoiled: Spoiled) -> None:
    """Not with recovery, nor with whom the entry itself names."""
    listed = {line["index"]: line for line in spoiled.mia.json("ledger", "show")["entries"]}
    for case, (index, _) in spoiled.expected.items():
        assert listed[index]["actor"] == case.split(":")[0], case
        assert listed[index]["type"] == "void" or case.removeprefix("ben: ") in PERSONAL
    rows = [row.split() for row in spoiled.mia.ok("ledger", "show").out.splitlines()]
    assert {row[-1] for row in rows if "void" in row} == {"ben", "dora"}


def test_nothing_else_is_a_finding(spoiled: Spoiled, findings: dict[int, dict[str, Any]]) -> None:
    assert set(findings) == {index for index, _ in spoiled.expected.values()}


def test_a_void_entry_changes_nothing_but_what_is_known(spoiled: Spoiled) -> None:
    # An edit whose personal part is none counts, may have been one of the url, and goes with the account: that is not decided by personal parts.
    # Whoever signed it was there.
    besides = ("state", "entries", "findings", "exposures", "shown", "url_setters", "texts_of", "machines")
    after = [row for row in spoiled.mia.register() if row[0] not in besides]
    assert after == [row for row in spoiled.good if row[0] not in besides]


def test_others_go_on(spoiled: Spoiled, tmp_path: Path) -> None:
    machine = spoiled.mia.copy(tmp_path / "copy")
    assert machine.ok("reveal", "shop", "--stdout").out == SECOND
    machine.ok("person", "add", "Emil Dahl", "--handle", "emil")
    machine.ok("grant", "shop", "emil")
    ben = machine.of("ben")  # even the one who wrote them
    ben.ok("place", "add", "wall", "--kind", "paper")
    assert machine.verify().code == 7


@pytest.mark.parametrize("gone", [("register",), ("register", "journal", "journal.personal"), ("register", "pin")], ids=" ".join)
def test_the_register_is_equal_after_a_rebuild(spoiled: Spoiled, tmp_path: Path, gone: tuple[str, ...]) -> None:
    machine = spoiled.mia.copy(tmp_path / "copy")
    before = machine.register()
    assert machine.forget(*gone).register() == before


def test_a_new_member_sees_what_everybody_sees(spoiled: Spoiled, tmp_path: Path) -> None:
    machine = spoiled.mia.copy(tmp_path / "copy")
    machine.ok("person", "add", "Emil Dahl", "--handle", "emil")
    emil = enrol(machine, "emil", machine.ask("SELECT id FROM people WHERE handle = 'emil'")[0][0])
    assert emil.register() == machine.register()


def test_control_the_same_facts_by_whoever_may_record_them_count(machine: Machine) -> None:
    ben = Insider(machine.of("ben"))
    index = ben.write(place(ben), ben.event("person.added", {"person": os.urandom(16).hex()}))
    assert machine.verify().code == 0
    assert machine.ask("SELECT type FROM entries WHERE idx >= ?", index) == [("place.added",), ("person.added",)]


# --- what an admin may do, and the store -------------------------------------------------------------------------------------------------


def test_an_admins_entry_under_an_undeclared_epoch_stops_since_a_key_may_be_withheld(machine: Machine) -> None:
    """The start of an epoch stands under its own key: without a wrap nobody can tell it from garbage. Only admins start epochs."""
    ben = Insider(machine.of("ben"))
    index = ben.write(place(ben), under=(ben.base[0], EpochKey(os.urandom(32))))
    error = machine.refuses("status", "--json").json()["error"]
    assert (error["code"], error["index"]) == ("epoch", index)


def test_an_entry_in_a_compartment_of_others_is_passed_over(machine: Machine) -> None:
    ben = Insider(machine.of("ben"))
    index = ben.write(place(ben), under=(os.urandom(16), EpochKey(os.urandom(32))))
    assert machine.verify().code == 0
    assert machine.ask("SELECT type FROM entries WHERE idx = ?", index) == [("sealed",)]


def test_a_key_that_was_revoked_signs_no_more(machine: Machine) -> None:
    """Failing who may sign at all is the store's doing, not an insider's: an integrity error, not a void entry."""
    ben = Insider(machine.of("ben"))
    machine.write(lambda tx: tx.record("key.revoked", {"key": ben.keys.id.hex(), "cause": "departure"}))
    index = ben.write(place(ben))
    assert machine.refuses("status", "--json").json()["error"]["index"] == index


def test_a_key_counts_only_after_the_transaction_that_enrols_it(machine: Machine) -> None:
    ben = Insider(machine.of("ben"))
    stranger = Keys.from_seed(os.urandom(32))
    ben.keys, own = stranger, ben.keys
    body = {
        "person": ben.person, "key": stranger.id.hex(), "sign": stranger.sign_public.hex(), "seal": stranger.seal_public.hex(),
        "custody": "keyfile", "invite": os.urandom(16).hex(),
    }  # fmt: skip
    ben.keys, stranger = own, ben.keys
    ben.write(invitation(ben, invite=body["invite"], purpose="device"))
    ben.keys = stranger
    index = ben.write(ben.event("key.enrolled", body))
    assert machine.refuses("status", "--json").json()["error"]["index"] == index
    with machine.database() as db:
        db.execute("DELETE FROM entry WHERE idx = ?", (index,))
        db.execute("DELETE FROM checkpoint WHERE size = ?", (index + 1,))
    ben.keys = own
    ben.write(ben.event("key.enrolled", body))
    ben.keys = stranger
    assert ben.write(place(ben)) == index + 1
    assert machine.verify().code == 0


# --- times -------------------------------------------------------------------------------------------------------------------------------


def test_a_backdated_entry_counts_and_is_a_finding(machine: Machine) -> None:
    ben = Insider(machine.of("ben"))
    index = ben.write(place(ben, at="2020-01-01T09:00:00Z"))
    told = machine.verify()
    assert told.code == 7
    assert [(finding["index"], finding["code"]) for finding in told.json()["findings"]] == [(index, "backdated")]
    assert machine.ask("SELECT type FROM entries WHERE idx = ?", index) == [("place.added",)]


def test_a_date_that_does_not_exist_is_a_finding_and_no_traceback(machine: Machine) -> None:
    ben = Insider(machine.of("ben"))
    ben.write(place(ben, at="2026-02-31T09:00:00Z"))
    assert machine.verify().code == 7
    machine.ok("person", "add", "Emil Dahl")


def test_backdating_does_not_bring_back_a_role_that_has_ended(machine: Machine) -> None:
    """Ledger order decides: `at` is claimed by whoever signs."""
    machine.ok("person", "add", "Dora Lund", "--handle", "dora")
    dora = enrol(machine, "dora", machine.ask("SELECT id FROM people WHERE handle = 'dora'")[0][0])
    person = dora.workspace().person
    day = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    role = {"person": person, "role": "hr", "until": f"{day}T12:00:00Z"}
    machine.write(lambda tx: tx.record("role.given", role), now=f"{day}T09:00:00Z")
    machine.write(lambda tx: tx.record("place.added", {"place": tx.new_id(), "kind": "paper"}), now=f"{day}T13:00:00Z")
    insider = Insider(dora)
    index = insider.write(insider.event("person.added", {"person": os.urandom(16).hex()}, at=f"{day}T11:00:00Z"))
    assert ("authority",) in machine.ask("SELECT code FROM findings WHERE entry = ?", index)


@pytest.mark.parametrize(("days", "ended"), [(2_900_000, False), (30, False), (3, True)])
def test_a_keyholders_clock_put_ahead_ends_nobody_elses_role(machine: Machine, days: int, ended: bool) -> None:
    """The control: a role that would end within the week, which anybody's word can bring about."""
    machine.ok("person", "add", "Dora Lund", "--handle", "dora")
    dora = Insider(enrol(machine, "dora", machine.ask("SELECT id FROM people WHERE handle = 'dora'")[0][0]))
    machine.ok("person", "add", "Emil Dahl", "--handle", "emil")
    hr = Insider(enrol(machine, "emil", machine.ask("SELECT id FROM people WHERE handle = 'emil'")[0][0]))
    now = datetime.now(UTC)
    until = (now + timedelta(days=min(days, 20) - 1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    machine.write(lambda tx: tx.record("role.given", {"person": hr.person, "role": "hr", "until": until}))
    dora.write(place(dora, at=(now + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")))
    index = hr.write(hr.event("person.added", {"person": os.urandom(16).hex()}))
    assert (machine.ask("SELECT type FROM entries WHERE idx = ?", index) == [("void",)]) is ended


def test_nobody_shortens_their_own_presence_in_a_place(machine: Machine) -> None:
    """The control: another does."""
    ben, mia = Insider(machine.of("ben")), Insider(machine)
    about = {"place": named(ben, "places", "1"), "person": ben.person}
    mia.write(mia.event("place.member", about))
    for shorter in ({"until": "2000-01-02"}, {"since": "2026-01-01"}, {"since": "2000-01-01", "until": "2000-01-02"}):
        index = ben.write(ben.event("place.member", about | shorter))
        assert ("own-presence",) in machine.ask("SELECT code FROM findings WHERE entry = ?", index)
    assert machine.ask("SELECT until FROM place_people WHERE person = ?", ben.person) == [(None,)]
    mia.write(mia.event("place.member", about | {"until": "2026-01-02"}))
    assert machine.ask("SELECT until FROM place_people WHERE person = ?", ben.person) == [("2026-01-02",)]


def test_a_case_of_a_joiner_with_a_cut_is_void(machine: Machine) -> None:
    ben = Insider(machine.of("ben"))
    person = named(ben, "people", "handle = 'cleo'")
    body = {
        "case": os.urandom(16).hex(),
        "person": person,
        "cut_at": "2026-12-01T09:00:00Z",
        "items": 0,
        "frozen": "0" * 64,
        "frozen_at": 1,
    }
    index = ben.write(ben.event("case.opened", body | {"kind": "joiner"}), under=ben.case)
    assert machine.ask("SELECT code FROM findings WHERE entry = ?", index) == [("case-scope",)], "a joiner's has no cut"
    machine.ok("offboard", "list")
    ben.write(ben.event("case.opened", body | {"kind": "leaver", "case": os.urandom(16).hex()}), under=ben.case)
    assert "cleo" in machine.ok("offboard", "list").out


def test_a_void_entry_of_the_far_future_makes_nobody_else_late(machine: Machine) -> None:
    ben = Insider(machine.of("ben"))
    index = ben.write(ben.event("place.member", {"place": "0" * 32, "person": ben.person}, at="9999-12-31T23:59:59Z"))
    machine.ok("person", "add", "Emil Dahl")
    assert [finding["index"] for finding in machine.verify().json()["findings"]] == [index]


# --- what a void entry still tells --------------------------------------------------------------------------------------------------------


def exposed(machine: Machine, entry: int) -> set[tuple[str, str, int]]:
    """Person's handle, basis and version of the exposures that an entry brought."""
    query = "SELECT coalesce(p.handle, e.person), e.basis, e.n FROM exposures e LEFT JOIN people p ON p.id = e.person WHERE e.entry = ?"
    return {(handle, basis, n) for handle, basis, n in machine.ask(query, entry)}


@pytest.fixture
def firm(spoiled: Spoiled, tmp_path: Path) -> Machine:
    """With dora, who has keys, no role, and holds nothing; every fact of hers here is void."""
    return spoiled.mia.copy(tmp_path / "firm")


def test_what_a_void_entry_says_was_shown_is_known(firm: Machine) -> None:
    dora = Insider(firm.of("dora"))
    body = {"credential": named(dora, "credentials", "kind = 'password'"), "version": 1, "purpose": "reveal"}
    index = dora.write(dora.event("secret.revealed", body))
    assert firm.ask("SELECT type FROM entries WHERE idx = ?", index) == [("void",)]
    assert exposed(firm, index) == {("dora", "revealed", 1)}


def test_what_a_void_entry_says_was_handed_over_is_known_to_both(firm: Machine) -> None:
    dora = Insider(firm.of("dora"))
    body = {
        "credential": named(dora, "credentials", "kind = 'totp'"),
        "version": 1,
        "person": named(dora, "people", "handle = 'cleo'"),
        "via": "call",
    }
    assert exposed(firm, dora.write(dora.event("secret.handed_over", body))) == {("cleo", "handed-over", 1), ("dora", "revealed", 1)}


def test_who_a_void_entry_says_opened_an_envelope_knows_what_was_in_it(firm: Machine) -> None:
    """Void since the place is no paper."""
    dora, place = Insider(firm.of("dora")), os.urandom(16).hex()
    dora.write(dora.event("place.added", {"place": place, "kind": "sheet"}))
    inside = [[named(dora, "credentials", "kind = 'totp'"), 1]]
    dora.write(dora.event("place.holds", {"place": place, "accounts": [], "versions": inside}))
    index = dora.write(dora.event("envelope.opened", {"place": place, "person": named(dora, "people", "handle = 'cleo'")}))
    assert firm.ask("SELECT type FROM entries WHERE idx = ?", index) == [("void",)]
    assert exposed(firm, index) == {("cleo", "handed-over", 1)}


def test_whoever_a_void_entry_says_was_shown_a_backup_code_could_know_the_set(firm: Machine) -> None:
    dora = Insider(firm.of("dora"))
    body = {"credential": named(dora, "credentials", "kind = 'totp'"), "version": 1, "ordinal": 1, "left": 0}
    index = dora.write(dora.event("code.spent", {**body, "recipient": named(dora, "people", "handle = 'cleo'")}))
    assert firm.ask("SELECT type FROM entries WHERE idx = ?", index) == [("void",)]
    assert exposed(firm, index) == {("cleo", "handed-over", 1), ("dora", "revealed", 1)}
    assert firm.ask("SELECT DISTINCT strength FROM exposures WHERE entry = ?", index) == [("possible",)]


def test_what_a_void_entry_says_was_exported_is_known(firm: Machine) -> None:
    dora = Insider(firm.of("dora"))
    versions = [[named(dora, "credentials", "kind = 'totp'"), 1], [named(dora, "credentials", "kind = 'password'"), 2]]
    body = {"export": os.urandom(16).hex(), "versions": versions, "part": 1, "of": 1}
    assert exposed(firm, dora.write(dora.event("secrets.exported", body))) == {("dora", "exported", 1), ("dora", "exported", 2)}


def test_whoever_a_void_entry_seals_to_could_know_it(firm: Machine) -> None:
    dora = Insider(firm.of("dora"))
    body = {"wraps": [[named(dora, "credentials", "kind = 'password'"), 1, dora.keys.id.hex()]], "digest": "0" * 64}
    assert exposed(firm, dora.write(dora.event("wraps.added", body))) == {("dora", "sealed", 1)}


def test_whoever_a_void_version_is_sealed_to_and_whoever_set_it_could_know_it(firm: Machine) -> None:
    dora = Insider(firm.of("dora"))
    body = staged(dora, version=5) | {"recipients": [dora.keys.id.hex(), firm.of("ben").keys().id.hex()], "others_unknown": True}
    index = dora.write(dora.event("version.staged", body))
    assert exposed(firm, index) == {("dora", "sealed", 5), ("ben", "sealed", 5), ("dora", "set", 5), ("others-unknown", "unknown", 5)}


def test_whoever_void_candidates_are_sealed_to_could_know_them(firm: Machine) -> None:
    dora = Insider(firm.of("dora"))
    password, totp = (named(dora, "credentials", f"kind = '{kind}'") for kind in ("password", "totp"))
    rows = [[credential, 5, "0" * 32, os.urandom(32).hex(), 0] for credential in (password, totp)]
    keys = ["0" * 32, dora.keys.id.hex(), firm.of("ben").keys().id.hex()]  # one that does not exist hides none of the others
    index = dora.write(dora.event("candidates.staged", {"candidates": rows, "recipients": keys, "wraps": "0" * 64}))
    assert exposed(firm, index) == {("dora", "sealed", 5), ("ben", "sealed", 5)}
    assert {row[0] for row in firm.ask("SELECT credential FROM exposures WHERE entry = ?", index)} == {password, totp}


def test_one_thing_that_does_not_exist_hides_none_of_the_others(firm: Machine) -> None:
    dora = Insider(firm.of("dora"))
    password, nobody = named(dora, "credentials", "kind = 'password'"), "0" * 32
    wraps = [[password, 1, nobody], [password, 1, dora.keys.id.hex()], [nobody, 1, firm.of("ben").keys().id.hex()]]
    assert ("dora", "sealed", 1) in exposed(firm, dora.write(dora.event("wraps.added", {"wraps": wraps, "digest": "0" * 64})))
    body = {"export": os.urandom(16).hex(), "versions": [[nobody, 1], [password, 2], [password, 77]], "part": 1, "of": 1}
    assert exposed(firm, dora.write(dora.event("secrets.exported", body))) == {("dora", "exported", 2)}
    handed = {"credential": password, "version": 2, "person": nobody, "via": "call"}
    assert exposed(firm, dora.write(dora.event("secret.handed_over", handed))) == {("dora", "revealed", 2)}
    versions = staged(dora, version=5) | {"recipients": [nobody, dora.keys.id.hex()]}
    assert exposed(firm, dora.write(dora.event("version.staged", versions))) == {("dora", "sealed", 5), ("dora", "set", 5)}


def test_what_is_signed_in_anothers_name_counts_for_both(firm: Machine) -> None:
    """Who signed it could know; and it is no proof that the other could not."""
    dora = Insider(firm.of("dora"))
    body = {"credential": named(dora, "credentials", "kind = 'totp'"), "version": 1, "purpose": "reveal"}
    index = dora.write(dora.event("secret.revealed", body, actor=named(dora, "people", "handle = 'cleo'")))
    assert exposed(firm, index) == {("cleo", "revealed", 1), ("dora", "revealed", 1)}


def test_what_a_void_entry_put_into_the_store_is_not_taken_for_an_intruders(firm: Machine) -> None:
    """The rows that go with a void version: they count for nothing, and the deep verification finds the entry, not the rows."""
    from govern.procedures.sealing import stored
    from govern.vault.seal import Context, seal_version, set_digest, wrap_digest, wrap_version

    dora = Insider(firm.of("dora"))
    with firm.opened() as workspace:
        old = stored(workspace.view(), named(dora, "credentials", "kind = 'password'"), 2)
    bound = Context(dora.vault, bytes.fromhex(old.account), bytes.fromhex(old.credential), "password", 3)
    sealed, key = seal_version(bound, {"secret": "of-doras-own"}, random=os.urandom)
    wrapped = wrap_version(key, bound, dora.keys.recipient)
    digest = set_digest([wrap_digest(sealed.digest, dora.keys.id, wrapped)]).hex()
    body = staged(dora, version=3) | {"manifest": sealed.digest.hex(), "wraps": digest}
    with firm.database() as db:
        db.execute("INSERT INTO version VALUES (?, ?, ?)", (sealed.digest, sealed.commitment, sealed.sealed))
        db.execute("INSERT INTO wrap VALUES (?, ?, ?)", (sealed.digest, dora.keys.id, wrapped))
    assert firm.verify().code == 6  # the control: as yet nothing names them
    dora.write(dora.event("version.staged", body))
    assert firm.verify().code == 7


def test_the_untouched_vault_is_where_this_begins(spoiled: Spoiled) -> None:
    assert min(index for index, _ in spoiled.expected.values()) > SIZE
