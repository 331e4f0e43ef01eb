"""Enrolments and revocations by members who write what the program would not: judged by everybody's replay, void where no invite covers them."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from govern.vault.keys import Keys

from .insider import Insider
from .joining import body, thief
from .vaults import Machine


class Firm:
    """mia and ben are admins, dora and emil have no keys; whatever an insider writes is judged by mia's machine."""

    def __init__(self, machine: Machine) -> None:
        self.mia = machine
        for who in ("dora", "emil"):
            machine.ok("person", "add", f"{who.title()} Lund", "--handle", who)
        self.by_mia, self.by_ben = Insider(machine), Insider(machine.of("ben"))
        self.ids = dict(machine.ask("SELECT handle, id FROM people"))

    def invite(self, by: Insider, who: str, purpose: str = "join", **more: Any) -> str:
        id_ = os.urandom(16).hex()
        fields = {"invite": id_, "person": self.ids[who], "purpose": purpose, "token": "0" * 64, "expires": "2099-01-01T00:00:00Z", **more}
        self.last = by.write(by.event("invite.issued", fields))
        return id_

    def enrols(self, by: Insider, invite_id: str, who: str, keys: Keys | None = None) -> str:
        """What becomes of it: the rule against it, or nothing where it counts."""
        return self.verdict(by.write(by.event("key.enrolled", body(invite_id, self.ids[who], keys or thief()))))

    def verdict(self, index: int) -> str:
        rows = self.mia.ask("SELECT code FROM findings WHERE entry = ?", index)
        return str(rows[0][0]) if rows else ""

    def tells(self, by: Insider, type_: str, **fields: Any) -> str:
        return self.verdict(by.write(by.event(type_, fields)))


@pytest.fixture
def firm(machine: Machine) -> Firm:
    return Firm(machine)


def test_control_an_admins_invite_enrols(firm: Firm) -> None:
    assert firm.enrols(firm.by_ben, firm.invite(firm.by_ben, "dora"), "dora") == ""


ENROLMENTS: dict[str, tuple[str, Callable[[Firm], str]]] = {
    "no such invite": ("invite-unknown", lambda f: f.enrols(f.by_ben, os.urandom(16).hex(), "dora")),
    "another admin's invite": ("invite-inviter", lambda f: f.enrols(f.by_ben, f.invite(f.by_mia, "dora"), "dora")),
    "another person's invite": ("invite-person", lambda f: f.enrols(f.by_ben, f.invite(f.by_ben, "dora"), "emil")),
    "an invite used before": ("invite-used", lambda f: used_twice(f)),
    "an invite that was withdrawn": ("invite-used", lambda f: withdrawn(f)),
    "an invite that was replaced": ("invite-used", lambda f: replaced(f)),
    "an invite that has expired": ("invite-expired", lambda f: expired(f)),
    "of somebody who leaves": ("leaver", lambda f: leaving(f)),
    "by somebody who is no admin any more": ("authority", lambda f: demoted(f)),
    "a join beside keys that there are": ("invite-purpose", lambda f: joined_twice(f)),
    "a rekey beside keys that there are": ("invite-purpose", lambda f: f.enrols(f.by_ben, f.invite(f.by_ben, "mia", "rekey"), "mia")),
    "weak keys": ("refused", lambda f: weak(f)),
    "keys of another": ("contradiction", lambda f: f.enrols(f.by_ben, f.invite(f.by_ben, "dora"), "dora", f.by_mia.keys)),
}


def used_twice(firm: Firm) -> str:
    invite = firm.invite(firm.by_ben, "dora")
    assert firm.enrols(firm.by_ben, invite, "dora") == ""
    return firm.enrols(firm.by_ben, invite, "dora")


def withdrawn(firm: Firm) -> str:
    invite = firm.invite(firm.by_ben, "dora")
    assert firm.tells(firm.by_mia, "invite.withdrawn", invite=invite) == "", "any admin may"
    return firm.enrols(firm.by_ben, invite, "dora")


def replaced(firm: Firm) -> str:
    invite = firm.invite(firm.by_ben, "dora")
    firm.invite(firm.by_ben, "dora")
    return firm.enrols(firm.by_ben, invite, "dora")


def expired(firm: Firm) -> str:
    soon = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    invite = firm.invite(firm.by_ben, "dora", expires=soon)
    firm.mia.write(lambda tx: tx.record("place.added", {"place": tx.new_id(), "kind": "paper"}), now=soon)
    return firm.enrols(firm.by_ben, invite, "dora")


def leaving(firm: Firm) -> str:
    invite = firm.invite(firm.by_ben, "dora")
    assert firm.tells(firm.by_mia, "person.leaving", person=firm.ids["dora"]) == ""
    return firm.enrols(firm.by_ben, invite, "dora")


def demoted(firm: Firm) -> str:
    invite = firm.invite(firm.by_ben, "dora")
    assert firm.tells(firm.by_mia, "role.withdrawn", person=firm.ids["ben"], role="admin") == ""
    return firm.enrols(firm.by_ben, invite, "dora")


def joined_twice(firm: Firm) -> str:
    """Two invites can't be open at once; one that was issued before keys came in by recovery could be."""
    index = firm.by_ben.write(
        firm.by_ben.event(
            "invite.issued",
            {
                "invite": os.urandom(16).hex(),
                "person": firm.ids["mia"],
                "purpose": "join",
                "token": "0" * 64,
                "expires": "2099-01-01T00:00:00Z",
            },
        )
    )
    return firm.verdict(index)


def weak(firm: Firm) -> str:
    from govern.vault.keys import key_id

    sign, seal = (1).to_bytes(32, "little"), thief().seal_public
    fields = body(firm.invite(firm.by_ben, "dora"), firm.ids["dora"], thief())
    fields |= {"sign": sign.hex(), "seal": seal.hex(), "key": key_id(sign, seal).hex()}
    return firm.tells(firm.by_ben, "key.enrolled", **fields)


@pytest.mark.parametrize("case", ENROLMENTS)
def test_an_enrolment_that_no_invite_covers_is_void(firm: Firm, case: str) -> None:
    rule, attack = ENROLMENTS[case]
    assert attack(firm) == rule


def test_nobody_adds_a_machine_to_somebody_else(firm: Firm) -> None:
    """It would be a sock puppet: keys of mia's name in ben's hands."""
    firm.invite(firm.by_ben, "mia", "device")
    assert firm.verdict(firm.last) == "own-device"
    firm.invite(firm.by_mia, "mia", "device")
    assert firm.verdict(firm.last) == "", "the control: her own"


def test_an_own_machines_invite_enrols_for_nobody_else(firm: Firm) -> None:
    assert firm.enrols(firm.by_ben, firm.invite(firm.by_ben, "ben", "device"), "dora") == "invite-person"


def test_an_invite_ends_with_the_key_that_issued_it(firm: Firm) -> None:
    invite = firm.invite(firm.by_ben, "dora")
    key = firm.by_ben.keys.id.hex()
    firm.mia.ok("key", "revoke", key, "--cause", "compromise")
    assert firm.mia.ask("SELECT state FROM invites WHERE id = ?", invite) == [("void",)]
    firm.by_mia = Insider(firm.mia)  # she reads the new epoch
    assert firm.enrols(firm.by_mia, invite, "dora") == "invite-used"


def test_a_revocation_that_would_leave_no_admin_is_void(firm: Firm) -> None:
    assert firm.tells(firm.by_mia, "key.revoked", key=firm.by_ben.keys.id.hex(), cause="lost") == ""
    assert firm.tells(firm.by_mia, "key.revoked", key=firm.by_mia.keys.id.hex(), cause="lost") == "last-admin-key"


def test_hr_revokes_only_who_leaves(firm: Firm) -> None:
    keys = thief()
    assert firm.enrols(firm.by_mia, firm.invite(firm.by_mia, "dora"), "dora", keys) == ""
    assert firm.tells(firm.by_mia, "role.given", person=firm.ids["ben"], role="hr") == ""
    assert firm.tells(firm.by_mia, "role.withdrawn", person=firm.ids["ben"], role="admin") == ""
    assert firm.tells(firm.by_ben, "key.revoked", key=keys.id.hex(), cause="departure") == "authority"
    assert firm.tells(firm.by_ben, "person.leaving", person=firm.ids["dora"]) == ""
    assert firm.tells(firm.by_ben, "key.revoked", key=keys.id.hex(), cause="departure") == "", "the control"


def test_recovery_is_not_revoked_by_anybody(firm: Firm) -> None:
    recovery = firm.mia.ask("SELECT id FROM keys WHERE state = 'recovery'")[0][0]
    assert firm.tells(firm.by_mia, "key.revoked", key=recovery, cause="lost") == "key-state"


def test_whoever_merely_holds_an_account_seals_it_to_no_other(firm: Firm) -> None:
    """To another machine of their own they may: so a second machine needs no admin."""
    keys = thief()
    assert firm.enrols(firm.by_mia, firm.invite(firm.by_mia, "dora"), "dora", keys) == ""
    ((account, credential, n),) = firm.mia.ask(
        "SELECT c.account, v.credential, v.n FROM versions v JOIN credentials c ON c.id = v.credential WHERE v.state = 'current' AND c.kind = 'password'"
    )
    grant = {"grant": os.urandom(16).hex(), "account": account, "person": firm.ids["dora"], "until": "2099-01-01T00:00:00Z"}
    assert firm.tells(firm.by_mia, "grant.issued", **grant) == ""
    dora = Insider(firm.mia)
    dora.keys, dora.person = keys, firm.ids["dora"]

    def wraps(key: str) -> str:
        return firm.tells(dora, "wraps.added", wraps=[[credential, n, key]], digest="0" * 64)

    assert wraps(firm.by_ben.keys.id.hex()) == "recipient", "he holds it too, and yet"
    assert wraps(keys.id.hex()) == "", "the control: her own"


def test_what_anybody_puts_into_the_mailbox_troubles_nobody(firm: Firm) -> None:
    with firm.mia.database() as db:
        db.executemany(
            "INSERT INTO mailbox VALUES (?, ?, ?)", [(os.urandom(16), "request", b"x" * 10_000), (b"", "?", b""), ("text", "x", 7)]
        )
    assert firm.mia.verify().code == 0
    firm.mia.ok("status")
