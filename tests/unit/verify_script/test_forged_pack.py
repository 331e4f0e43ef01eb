"""An evidence pack that a leaver makes of a private copy of the ledger: the line says who enrolled the key that it is signed with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from proof_files import ANNA, AT, BEN, CLEO, FOUNDED, RECOVERY, SCRIPT, Log, Member, canonical

from govern.ledger.merkle import inclusion_proof
from govern.ledger.proof import write_proof

from ..departing.pack_files import SCRIPT as PACKS

CASE, ACCOUNT, SECRET, ROTATION, ITEM = (digits * 16 for digits in ("ca", "ab", "cd", "ef", "11"))
NOT_SHOWN = "that each was allowed, and that no entry is void, is not shown"


def pack(
    folder: Path, log: Log, chain: list[int], by: Member, *, actor: str = "", signer: Member | None = None, kind: str = "leaver"
) -> str:
    """Line that is said of a closed case of Cleo's, recorded with a member's key in the name of an actor; the claims are those that follow."""

    def add(type_: str, **body: Any) -> dict[str, Any]:
        return {"entry": log.add(by, type_, body, actor=actor), "at": AT, "by": actor or by.person}

    item = {"id": ITEM, "kind": "rotate", "account": ACCOUNT, "credential": SECRET, "version": 1, "due": AT, "basis": "sealed"}
    account = add("account.added", account=ACCOUNT, handle="shop")
    secret = add("credential.added", credential=SECRET, account=ACCOUNT, kind="password")
    staged = add("version.staged", credential=SECRET, version=1)
    opened = add("case.opened", case=CASE, kind=kind, person=CLEO.person, items=1, frozen="00" * 32, frozen_at=0)
    listed = add("case.items", case=CASE, items=[item])
    started = add("rotation.opened", rotation=ROTATION, credential=SECRET)
    confirmed = add("rotation.confirmed", rotation=ROTATION, version=2, grade="probed")
    ended = add("case.item_ended", case=CASE, item=ITEM, state="done")
    cut = add("case.cut", case=CASE)
    closed = add("case.closed", case=CASE, signed_by_one=False)
    size, last = len(log.entries), closed["entry"]
    told = {
        "number": 1, "listed": {"entry": listed["entry"]}, "about": None, "blocking": False, "state": "done", "grade": "probed", "lag_minutes": 0,
        "history": [{**ended, "did": "done", "person": None, "evidence": None}], "borne_out": None,
        "revoked": {**cut, "grant": None, "issued": None},
        "rotated": {
            **confirmed, "grade": "probed", "rotation": ROTATION, "opened": {"entry": started["entry"]}, "version": 2, "staged": None,
            "changed_at": None, "residual_until": None, "cut": [], "sessions_cut": False,
        },
        "known": [{"basis": "sealed", "entry": staged["entry"], "type": "version.staged", "at": AT}],
    }  # fmt: skip
    claims = {
        "organisation": FOUNDED["organisation"], "size": size,
        "case": {
            "id": CASE, "kind": kind, "person": CLEO.person, "state": "closed", "opened": opened, "cut": cut,
            "closed": closed | {"signed_by_one": False}, "cut_planned": None, "last_day": None, "requested_by": None, "evidence": None,
            "items": 1, "frozen": "00" * 32, "frozen_at": 0,
        },
        "accounts": {ACCOUNT: {"entry": account["entry"], "handle": "shop"}},
        "credentials": {SECRET: {"entry": secret["entry"], "account": ACCOUNT, "kind": "password"}},
        "items": [item | told],
    }  # fmt: skip
    (folder / "evidence.tlog-proof").write_bytes(_proof(log, chain, list(range(account["entry"], last + 1)), signer or by))
    value = {"schema": "govern.evidence/1", "vault": log.vault.hex(), "made_at": AT, "claims": claims, "told": {}, "controls": {}}
    (folder / "evidence.json").write_text(json.dumps(value, ensure_ascii=True, indent=1) + "\n")
    command = [sys.executable, str(SCRIPT), log.vault.hex(), str(folder / "evidence.json")]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stdout.removeprefix(f"{folder}/evidence.json: ")


def _proof(log: Log, chain: list[int], shown: list[int], signer: Member) -> bytes:
    size, nodes = len(log.entries), dict[str, int]()

    def part(index: int) -> dict[str, Any]:
        found = log.part(index, size)
        return found | {"path": [nodes.setdefault(node, len(nodes)) for node in found["path"]]}

    value: dict[str, Any] = {"v": 2, "chain": [part(index) for index in chain], "entries": [part(index) for index in shown]}
    return write_proof(
        index=shown[-1], path=inclusion_proof([entry.leaf() for entry in log.entries], shown[-1], size),
        checkpoint_note=log.note(signer, size), extra=canonical(value | {"nodes": list(nodes)}),
    )  # fmt: skip


@pytest.fixture
def log() -> Log:
    """0 founded by Anna, 1 Cleo's key by Anna."""
    log = Log()
    log.add(ANNA, "vault.founded", FOUNDED)
    log.enrol(ANNA, CLEO)
    return log


def test_the_founders_pack_needs_no_word_of_another(log: Log, tmp_path: Path) -> None:
    line = pack(tmp_path, log, [0], ANNA)
    assert line.startswith(f"proved: case {CASE} of person {CLEO.person} (leaver): 1 item (1 done); 1 of 1 secret rotated")
    assert f"signed by {ANNA.person} with key {ANNA.key}; {NOT_SHOWN}" in line
    assert "was enrolled for" not in line


def test_a_pack_forged_with_a_key_made_for_the_founder_says_who_made_it(log: Log, tmp_path: Path) -> None:
    """Cleo goes on with a copy: revokes Anna's key as lost, and enrols one of her own for Anna. The chain holds; the line names her."""
    own = Member("made by Cleo")
    own.person = ANNA.person
    chain = [0, 1, log.add(CLEO, "key.revoked", {"key": ANNA.key, "cause": "lost"}), log.enrol(CLEO, own)]
    line = pack(tmp_path, log, chain, own)
    assert line.startswith("proved: ")
    assert (
        f"signed by {ANNA.person} with key {own.key}; key {own.key} was enrolled for {ANNA.person} by {CLEO.person} with key {CLEO.key}; "
        in line
    )
    assert f"key {CLEO.key} was enrolled for {CLEO.person} by {ANNA.person} with key {ANNA.key}; {NOT_SHOWN}" in line


def test_keys_that_only_recorded_are_named_as_well(log: Log, tmp_path: Path) -> None:
    chain = [0, 1, log.enrol(CLEO, BEN)]
    line = pack(tmp_path, log, chain, BEN, signer=ANNA)
    assert (
        f"signed by {ANNA.person} with key {ANNA.key}; key {BEN.key} was enrolled for {BEN.person} by {CLEO.person} with key {CLEO.key}"
        in line
    )


def test_what_a_recovery_key_recorded_in_the_name_of_another_is_told(log: Log, tmp_path: Path) -> None:
    line = pack(tmp_path, log, [0], RECOVERY, actor=ANNA.person)
    assert "signed by recovery" in line
    assert "recorded with a recovery key, whoever they name: 2, 3, 4, 5, 6, 7, 8, 9, 10, 11; " in line


def test_a_kind_of_case_that_there_is_not_is_refused(log: Log, tmp_path: Path) -> None:
    """Control: the same pack of a leaver. The kind is printed, and an entry can say anything."""
    assert pack(tmp_path, log, [0], ANNA).startswith("proved: ")
    again = Log()
    again.add(ANNA, "vault.founded", FOUNDED)
    line = pack(tmp_path, again, [0], ANNA, kind="leaver): all is well\x1b[2K\n")
    assert line == "REFUSED: the case is of no known kind\n"


PHONE, THEIRS = "ad" * 16, {"person": CLEO.person, "account": ACCOUNT, "credential": SECRET, "device": "de" * 16, "version": 1}


@pytest.mark.parametrize(
    ("kind", "type_", "true", "false"),
    [
        ("native-admin", "entitlement.recorded", {"person": BEN.person, "admin": True}, {"admin": True}),
        ("native-admin", "entitlement.recorded", {"person": BEN.person, "admin": True}, {"person": BEN.person}),
        ("recovery-channel", "channel.reaches", {"person": BEN.person}, {}),
        ("recovery-channel", "channel.reaches", {"person": None}, {"person": BEN.person, "version": 2}),
        ("session", "device.signed_in", {"accounts": [PHONE]}, {"accounts": [PHONE, ACCOUNT]}),
        ("session", "device.ended", {"how": "wiped"}, {"how": "lost"}),
        ("device", "device.ended", {"how": "returned"}, {"how": "lost"}),
    ],
)
def test_attack_what_bears_an_item_out_says_that_it_has_ended(kind: str, type_: str, true: dict[str, Any], false: dict[str, Any]) -> None:
    """The right type and thing, and it says the contrary: the leaver's own role there, a device that is lost, an account that is signed in."""
    record = {"kind": kind, "account": ACCOUNT, "credential": SECRET, "version": 1, "about": THEIRS["device"]}

    def borne_out(told: dict[str, Any]) -> Any:
        event = {"type": type_, "at": AT, "actor": BEN.person, "body": THEIRS | told}
        return PACKS._borne_out(record, {"entry": 5}, PACKS.Events({5: SimpleNamespace(event=event)}), CLEO.person)

    assert borne_out(true)["entry"] == 5
    with pytest.raises(PACKS.Refusal, match="does not say that what its item is about has ended"):
        borne_out(false)
