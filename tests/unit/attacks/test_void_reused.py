"""Whoever a void entry says had an old version could know every later one that has brought its value back, however far behind it stands.

The control: the same entry about a version that nothing brought back reaches no other.
"""

from __future__ import annotations

import os

import pytest

from .insider import Insider
from .vaults import Machine, enrol


def _dora(machine: Machine) -> Insider:
    """With keys, and nothing else."""
    machine.ok("person", "add", "Dora Lund", "--handle", "dora")
    return Insider(enrol(machine, "dora", machine.ask("SELECT id FROM people WHERE handle = 'dora'")[0][0]))


class Reused:
    """The password of `shop`: version 3 brings version 1 back, version 4 brings 3 back; version 2 is what it was."""

    def __init__(self, machine: Machine) -> None:
        self.machine, self.mia, self.dora = machine, Insider(machine), _dora(machine)
        self.password = machine.ask("SELECT id FROM credentials WHERE kind = 'password'")[0][0]
        rotation = os.urandom(16).hex()
        opened = {"rotation": rotation, "credential": self.password, "trigger": "manual"}
        self.mia.write(
            self.mia.event("rotation.opened", opened),
            self.mia.event("version.staged", self.staged(3, state="candidate", rotation=rotation, reuses=1)),
            self.mia.event("rotation.rejected", {"rotation": rotation, "version": 3}),
            self.mia.event("version.staged", self.staged(4, state="candidate", rotation=rotation, reuses=3)),
        )
        assert machine.ask("SELECT n, reuses FROM versions WHERE credential = ? AND n > 2 ORDER BY n", self.password) == [(3, 1), (4, 3)]

    def staged(self, n: int, **more: object) -> dict[str, object]:
        return {
            "credential": self.password, "version": n, "state": "current", "origin": "generated", "manifest": os.urandom(32).hex(),
            "recipients": [self.mia.keys.id.hex()], "wraps": "0" * 64, **more,
        }  # fmt: skip

    def void(self, type_: str, body: dict[str, object]) -> set[tuple[str, str, int]]:
        """Write it as dora; handle, basis and version of the exposures that it brought."""
        index = self.dora.write(self.dora.event(type_, body))
        assert self.machine.ask("SELECT type FROM entries WHERE idx = ?", index) == [("void",)]
        query = "SELECT p.handle, e.basis, e.n FROM exposures e JOIN people p ON p.id = e.person WHERE e.entry = ?"
        return set(self.machine.ask(query, index))


@pytest.fixture
def reused(machine: Machine) -> Reused:
    return Reused(machine)


def sealed(reused: Reused, **more: object) -> dict[str, object]:
    return {"recipients": [reused.dora.keys.id.hex()], **more}


def test_a_void_version_of_old(reused: Reused) -> None:
    told = reused.void("version.staged", reused.staged(1) | sealed(reused, origin="set"))
    assert told == {("dora", basis, n) for basis in ("sealed", "set") for n in (1, 3, 4)}
    rows = reused.machine.register()
    reused.machine.forget("register")
    assert reused.machine.register() == rows


@pytest.mark.parametrize("n", [2, 9])
def test_control_one_that_nothing_brought_back(reused: Reused, n: int) -> None:
    assert reused.void("version.staged", reused.staged(n) | sealed(reused)) == {("dora", "sealed", n)}


def test_one_in_the_middle_reaches_what_came_after_it(reused: Reused) -> None:
    assert reused.void("version.staged", reused.staged(3) | sealed(reused)) == {("dora", "sealed", 3), ("dora", "sealed", 4)}


def test_void_candidates_of_old(reused: Reused) -> None:
    row = [reused.password, 1, "0" * 32, os.urandom(32).hex(), 0]
    told = reused.void("candidates.staged", {"candidates": [row], "wraps": "0" * 64, **sealed(reused)})
    assert told == {("dora", "sealed", n) for n in (1, 3, 4)}


def test_what_was_possible_becomes_seen_in_each(reused: Reused) -> None:
    """Whoever leaves and draws a secret could know it; whoever sets it does."""
    reused.mia.write(reused.mia.event("person.leaving", {"person": reused.dora.person}))
    strength = "SELECT n, strength FROM exposures WHERE person = ? AND basis = 'set' ORDER BY n"
    reused.void("version.staged", reused.staged(1))
    assert reused.machine.ask(strength, reused.dora.person) == [(n, "possible") for n in (1, 3, 4)]
    reused.void("version.staged", reused.staged(1, origin="set"))
    assert reused.machine.ask(strength, reused.dora.person) == [(n, "seen") for n in (1, 3, 4)]
