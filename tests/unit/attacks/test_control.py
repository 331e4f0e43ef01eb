"""The control of all attacks: the untouched copy passes every check and shows what is asked of it."""

from __future__ import annotations

from .vaults import PASSWORD, SECOND, SIZE, Machine


def test_the_untouched_copy_verifies_deeply_and_without_findings(machine: Machine) -> None:
    told = machine.verify()
    assert told.code == 0, told.err
    assert (told.json()["size"], told.json()["findings"]) == (SIZE, [])
    assert (told.json()["versions"], told.json()["wraps"]) == (3, 15)


def test_the_untouched_copy_shows_its_secrets_to_whoever_holds_them(machine: Machine) -> None:
    assert machine.ok("reveal", "shop", "--stdout").out == SECOND
    assert PASSWORD not in machine.ok("ledger", "show").out


def test_the_untouched_copy_verifies_on_the_other_members_machine(machine: Machine) -> None:
    assert machine.of("ben").verify().code == 0
