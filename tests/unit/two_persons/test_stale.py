"""A proposal is approved soon or not at all, and ends with the key and the role of whoever made it. Judged in replay, by the ledger's own time."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from govern.procedures import people, proposals
from govern.register import connection
from govern.register.queries.proposals import by_id

from ..attacks.insider import Insider
from ..attacks.vaults import Machine, enrol, found
from .conftest import Firm


def dump(firm: Firm, by: str = "mia") -> list[object]:
    return list(connection.dump(firm.db(by)))


@pytest.mark.parametrize(("days", "stands"), [(29, True), (30, False), (400, False)])
def test_a_proposal_is_approved_within_thirty_days_or_never(firm: Firm, days: int, stands: bool) -> None:
    firm.enrol("ben", "admin")
    firm.enrol("cleo")
    proposal = firm.admin("cleo")
    firm.later(days=days)
    if stands:
        firm.approve(proposal, "ben")
        assert firm.roles("cleo") == {"admin"}
        return
    assert by_id(firm.db(), proposal.id).stands(firm.now).value == "expired"
    refused = firm.refuses("proposal-expired", lambda: firm.approve(proposal, "ben"))
    assert refused.control == "AC-3(2)"
    assert firm.roles("cleo") == set()


def test_nor_does_the_quorum_approve_what_is_too_old(firm: Firm) -> None:
    firm.enrol("ben")
    proposal = firm.admin("ben")
    firm.later(days=31)
    firm.refuses("proposal-expired", lambda: firm.quorum(proposal))
    again = firm.admin("ben")
    firm.quorum(again)
    assert firm.roles("ben") == {"admin"}, "the control: what is too old keeps nobody from proposing it anew"


def test_what_is_proposed_and_in_time_is_not_proposed_twice(firm: Firm) -> None:
    firm.enrol("ben")
    firm.admin("ben")
    firm.refuses("one-proposal", lambda: firm.admin("ben"))


def test_what_is_too_old_can_be_withdrawn(firm: Firm) -> None:
    firm.enrol("ben")
    proposal = firm.admin("ben")
    firm.later(days=31)
    assert firm.do(proposals.withdraw, proposal).state.value == "withdrawn"


def proposed_by_ben(firm: Firm) -> str:
    for handle in ("ben", "cleo"):
        firm.enrol(handle, "admin")
    firm.enrol("dora")
    return firm.admin("dora", by="ben").id


def test_a_proposal_ends_with_its_proposers_role_and_does_not_come_back(firm: Firm) -> None:
    proposal = proposed_by_ben(firm)
    firm.do(people.withdraw_role, firm.ids["ben"], "admin")
    assert by_id(firm.db(), proposal).state.value == "lapsed"
    firm.refuses("proposer-gone", lambda: firm.approve(by_id(firm.db(), proposal), "cleo"))
    firm.promote("ben", second="cleo")
    firm.refuses("proposer-gone", lambda: firm.approve(by_id(firm.db(), proposal), "cleo"))
    again = firm.admin("dora", by="ben")
    firm.approve(again, "cleo")
    assert firm.roles("dora") == {"admin"}, "the control: what the admin of now proposes"


def test_a_proposal_ends_with_the_key_that_signed_it(firm: Firm) -> None:
    proposal = proposed_by_ben(firm)
    (key,) = firm.db().execute("SELECT key FROM proposals WHERE id = ?", (proposal,)).fetchone()
    firm.fact("key.revoked", {"key": key, "cause": "lost"})
    assert by_id(firm.db(), proposal).state.value == "lapsed"
    firm.refuses("proposer-gone", lambda: firm.approve(by_id(firm.db(), proposal), "cleo"))


def test_a_proposal_of_a_leaver_is_approved_by_nobody(firm: Firm) -> None:
    proposal = proposed_by_ben(firm)
    firm.fact("person.leaving", {"person": firm.ids["ben"]})
    firm.refuses("proposer-gone", lambda: firm.approve(by_id(firm.db(), proposal), "cleo"))


def test_every_register_says_the_same(firm: Firm) -> None:
    proposed_by_ben(firm)
    firm.do(people.withdraw_role, firm.ids["ben"], "admin")
    firm.later(days=31)
    firm.enrol("kim")
    assert firm.db("cleo").execute("SELECT * FROM proposals").fetchall() == firm.db().execute("SELECT * FROM proposals").fetchall()


# --- written by hand ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """mia and ben, admins who could be each other's second, and cleo with keys."""
    machine = found(tmp_path, preset="small")
    sheets = [word for path in sorted((machine.home / "recovery").glob("*.txt"))[:2] for word in ("--sheet", str(path))]
    for handle in ("ben", "cleo"):
        machine.ok("person", "add", handle.title(), "--handle", handle)
        enrol(machine, handle, machine.ask("SELECT id FROM people WHERE handle = ?", handle)[0][0])
    proposed = machine.json("person", "role", "ben", "admin")["proposals"][0]["id"]
    machine.ok("proposal", "approve", proposed, *sheets)
    return machine


@pytest.mark.parametrize(("days", "code"), [(31, "proposal-expired"), (29, "")])
def test_an_approval_of_what_is_too_old_is_void_for_everybody(machine: Machine, days: int, code: str) -> None:
    """Validly signed by a second admin, by a program that does not look: whoever finds an old proposal can't make anything of it."""
    cleo = machine.ask("SELECT id FROM people WHERE handle = 'cleo'")[0][0]
    proposal, made = os.urandom(16).hex(), datetime.now(UTC)
    later = (made + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = {"proposal": proposal, "act": "role", "parameters": {"person": cleo, "role": "admin"}}
    mia, ben = Insider(machine), Insider(machine.of("ben"))
    mia.write(mia.event("proposal.made", body))
    at = ben.write(ben.event("proposal.approved", {"proposal": proposal}, at=later))
    for member in ("mia", "ben", "cleo"):
        one = machine if member == "mia" else machine.of(member)
        assert one.ask("SELECT code FROM findings WHERE entry = ?", at) == ([(code,)] if code else [])
        assert one.ask("SELECT count(*) FROM roles WHERE person = ?", cleo) == [(0 if code else 1,)]


def test_an_old_proposal_backdated_is_judged_by_the_ledgers_time(machine: Machine) -> None:
    """The approval says that it was in time; what others have recorded since says that it was not."""
    cleo = machine.ask("SELECT id FROM people WHERE handle = 'cleo'")[0][0]
    proposal = os.urandom(16).hex()
    mia, ben = Insider(machine), Insider(machine.of("ben"))
    mia.write(mia.event("proposal.made", {"proposal": proposal, "act": "role", "parameters": {"person": cleo, "role": "admin"}}))
    late = (datetime.now(UTC) + timedelta(days=40)).strftime("%Y-%m-%dT%H:%M:%SZ")
    mia.write(mia.event("place.added", {"place": os.urandom(16).hex(), "kind": "paper"}, at=late))
    at = ben.write(ben.event("proposal.approved", {"proposal": proposal}))
    assert machine.ask("SELECT code FROM findings WHERE entry = ? ORDER BY code", at) == [("proposal-expired",)]
    assert machine.forget("register").ask("SELECT code FROM findings WHERE entry = ? ORDER BY code", at) == [("proposal-expired",)]


def test_the_command_says_that_it_is_too_old(machine: Machine) -> None:
    earliest = _day(30)
    machine.ok("person", "role", "cleo", "admin")
    proposal = machine.json("proposal", "list")["proposals"][0]
    last = proposal["expires"][:10]
    assert (proposal["state"], earliest <= last <= _day(30)) == ("open", True)
    assert f"it can be approved until {last}" in machine.ok("proposal", "show", proposal["id"]).out
    with sqlite3.connect(machine.home / "register.db") as db:
        assert db.execute("SELECT state FROM proposals WHERE id = ?", (proposal["id"],)).fetchone() == ("open",)


def _day(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%d")
