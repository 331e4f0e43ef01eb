"""What a hostile admin writes by hand, validly signed, instead of asking a second person: void for everybody, and a finding."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from govern.canonical import canonical
from govern.policy.files import policy_text
from govern.policy.parse import parse_policy

from ..attacks.insider import Insider
from ..attacks.vaults import Machine, enrol, found


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """mia, the only admin of a vault of preset small, and ben with keys and no role."""
    machine = found(tmp_path_factory.mktemp("small"), preset="small")
    machine.ok("person", "add", "Ben Bos", "--handle", "ben")
    enrol(machine, "ben", person(machine))
    return machine


@pytest.fixture
def machine(original: Machine, tmp_path: Path) -> Machine:
    return original.copy(tmp_path / "copy")


def person(machine: Machine) -> str:
    return str(machine.ask("SELECT id FROM people WHERE handle = 'ben'")[0][0])


def recovery(machine: Machine) -> str:
    return str(machine.ask("SELECT id FROM keys WHERE state = 'recovery'")[0][0])


def weak() -> dict[str, Any]:
    policy = parse_policy(policy_text().replace(b"low: P30D", b"low: P90D"), name="weak", preset="small").to_record()
    return {"policy": policy, "digest": hashlib.sha256(canonical(policy)).hexdigest()}


def proposal(insider: Insider, id_: str, machine: Machine) -> dict[str, Any]:
    body = {"proposal": id_, "act": "role", "parameters": {"person": person(machine), "role": "admin"}}
    return insider.event("proposal.made", body)


ID = "5" * 32
ALONE: dict[str, tuple[str, Callable[[Insider, Machine], list[dict[str, Any]]]]] = {
    "an admin by one": ("two-persons", lambda i, m: [i.event("role.given", {"person": person(m), "role": "admin"})]),
    "an auditor by one": ("two-persons", lambda i, m: [i.event("role.given", {"person": person(m), "role": "auditor"})]),
    "a weaker policy by one": ("two-persons", lambda i, _: [i.event("policy.adopted", weak())]),
    "both sides by one": ("two-persons", lambda i, m: [proposal(i, ID, m), i.event("proposal.approved", {"proposal": ID})]),
    "an approval of nothing": ("unknown-reference", lambda i, _: [i.event("proposal.approved", {"proposal": ID})]),
    "an approval in the name of recovery": (
        "signer", lambda i, m: [proposal(i, ID, m), i.event("proposal.approved", {"proposal": ID}, actor=recovery(m))],
    ),
    "recovery used by an admin": ("authority", lambda i, _: [i.event("recovery.used", {"purpose": "second-person"})]),
    "another recovery key without its proof": (
        "malformed",
        lambda i, _: [i.event("proposal.made", {
            "proposal": ID, "act": "recovery-replaced",
            "parameters": {"key": ID, "sign": "6" * 64, "seal": "7" * 64, "threshold": 1, "shares": 1},
        })],
    ),
    "an act that there is not": ("malformed", lambda i, _: [i.event("proposal.made", {"proposal": ID, "act": "coup", "parameters": {}})]),
    "an erasure of somebody who is here": (
        "still-here",
        lambda i, m: [i.event("proposal.made", {"proposal": ID, "act": "erasure", "parameters": {"person": person(m), "entries": 1}})],
    ),
    "a list without an erasure": (
        "erasure-list",
        lambda i, m: [proposal(i, ID, m), i.event("erasure.listed", {"proposal": ID, "part": 1, "of": 1, "entries": [0]})],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ALONE)
def test_it_is_void_and_a_finding_against_its_signer(machine: Machine, case: str) -> None:
    rule, make = ALONE[case]
    insider = Insider(machine)
    facts = make(insider, machine)
    before = machine.json("policy", "show")["digest"]
    index = insider.write(*facts) + len(facts) - 1
    told = machine.verify()
    assert told.code == 7, told
    assert {(one["index"], one["code"]) for one in told.json()["findings"]} == {(index, rule)}
    ben = machine.of("ben")
    assert ben.json("person", "show", "ben")["people"][0]["roles"] == []
    assert ben.json("policy", "show")["digest"] == before
    assert ben.ask("SELECT count(*) FROM erased") == [(0,)]
    assert all(one["state"] == "open" for one in ben.json("proposal", "list")["proposals"])


def test_control_the_same_by_two_counts(machine: Machine) -> None:
    insider = Insider(machine)
    insider.write(proposal(insider, ID, machine))
    sheets = [word for n in (1, 2) for word in ("--sheet", str(machine.home / "recovery" / f"recovery-sheet-{n}-of-3.txt"))]
    machine.ok("proposal", "approve", ID, *sheets)
    assert machine.of("ben").json("person", "show", "ben")["people"][0]["roles"] == ["admin"]
    assert machine.verify().code == 0
