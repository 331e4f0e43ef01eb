"""A keyholder who does not read `case`: passes over its entries, agrees with everybody else on the rest, and verifies all the same."""

from __future__ import annotations

import pytest

from .vaults import SECOND, Machine, enrol


@pytest.fixture
def dora(machine: Machine) -> Machine:
    """Enrolled for `base` alone; her machine replays the whole ledger."""
    machine.ok("person", "add", "Dora Lund", "--handle", "dora")
    person = machine.ask("SELECT id FROM people WHERE handle = 'dora'")[0][0]
    dora = enrol(machine, "dora", person, reads=("base",))
    dora.ok("status")
    return dora


def test_she_sees_the_people_and_no_case(dora: Machine, machine: Machine) -> None:
    assert dora.json("person", "list") == machine.json("person", "list")
    assert machine.json("offboard", "list")["cases"]
    assert not dora.json("offboard", "list")["cases"]
    kinds = dora.ask("SELECT idx FROM entries WHERE type = 'sealed' ORDER BY idx")
    assert kinds == [(2,), (29,)]


def test_what_is_judged_in_base_is_judged_alike_without_case(dora: Machine, machine: Machine) -> None:
    """Somebody else is enrolled for `case`, signs, and is believed by her as well."""
    machine.ok("person", "add", "Emil Dahl", "--handle", "emil")
    person = machine.ask("SELECT id FROM people WHERE handle = 'emil'")[0][0]
    emil = enrol(machine, "emil", person)
    emil.write(lambda tx: tx.record("place.added", {"place": tx.new_id(), "kind": "paper"}, {"name": "wall"}))
    others = ("state", "entries", "epochs", "wrap_sets", "epoch_wraps", "cases", "items")
    both = [[row for row in member.register() if row[0] not in others] for member in (dora, machine)]
    assert both[0] == both[1]
    assert dora.json("place", "list") == machine.json("place", "list")


def test_she_verifies_deeply_without_findings(dora: Machine) -> None:
    assert dora.verify().code == 0


def test_she_still_sees_a_wrap_that_was_planted(dora: Machine) -> None:
    with dora.database() as db:
        db.execute("INSERT INTO wrap VALUES (?, ?, ?)", (b"t" * 32, b"r" * 16, b"s" * 80))
    assert dora.refuses("ledger", "verify", "--deep", "--json").json()["error"]["code"] == "wrap"


def test_a_case_she_can_not_read_is_altered_in_vain(dora: Machine) -> None:
    with dora.database() as db:
        db.execute("UPDATE entry SET sealed = zeroblob(length(sealed)) WHERE idx = 29")
    assert dora.named() == 29


def test_nothing_of_it_is_sealed_to_her(dora: Machine) -> None:
    told = dora.refuses("reveal", "shop", "--stdout", code=4)
    assert SECOND not in told.err
