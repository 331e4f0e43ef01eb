"""What a process carries from one transaction to the next counts only while nobody else writes: each fact is judged on the latest truth."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

import pytest

from govern.cli import settings
from govern.errors import GovernError, Refused
from govern.register import wipe
from govern.register.workspace import Workspace

from ..attacks.vaults import SIZE, Machine
from .histories import Witness, goes_on


def add(workspace: Workspace, handle: str) -> int:
    with workspace.transaction(settings.now()) as tx:
        return tx.record("person.added", {"person": os.urandom(16).hex()}, {"handle": handle, "name": handle.title()})


def stopped(workspace: Workspace, *handles: str) -> None:
    with workspace.transaction(settings.now()) as tx:
        for handle in handles:
            tx.record("person.added", {"person": os.urandom(16).hex()}, {"handle": handle, "name": handle.title()})
        raise ZeroDivisionError


def test_one_process_goes_on_from_what_it_carries(machine: Machine) -> None:
    """Control: two transactions of one process read the state of the register once."""
    asked: list[str] = []
    with machine.opened() as workspace:
        add(workspace, "a")
        workspace.db.set_trace_callback(asked.append)
        assert add(workspace, "b") == SIZE + 1
    assert not any("'journal_end'" in statement and "SELECT" in statement for statement in asked)
    goes_on(machine, Witness(machine), "a", "b")


def test_what_another_process_of_the_member_wrote_between_is_read_first(machine: Machine) -> None:
    with machine.opened() as one, machine.opened() as two:
        assert [add(one, "a"), add(two, "b"), add(one, "c"), add(one, "d"), add(two, "e")] == list(range(SIZE, SIZE + 5))
    goes_on(machine, Witness(machine), "a", "b", "c", "d", "e")


def test_a_role_that_another_took_away_between_is_gone(machine: Machine) -> None:
    ben, role = machine.of("ben"), {"person": machine.ask("SELECT id FROM people WHERE handle = 'ben'")[0][0], "role": "admin"}
    with ben.opened() as workspace:
        add(workspace, "a")
        add(workspace, "b")  # control: with the role it may, from what it carries too
        machine.write(lambda tx: tx.record("role.withdrawn", role))
        with pytest.raises(Refused):
            add(workspace, "c")
        with pytest.raises(Refused):
            add(workspace, "d")
    goes_on(machine, Witness(machine, ben), "a", "b")


def test_a_block_that_raises_leaves_nothing_to_carry(machine: Machine) -> None:
    with machine.opened() as workspace:
        add(workspace, "a")
        with pytest.raises(ZeroDivisionError):
            stopped(workspace, "b", "c")
        assert add(workspace, "b") == SIZE + 1
        with workspace.transaction(settings.now()):
            pass  # a transaction of nothing
        assert add(workspace, "c") == SIZE + 2
    goes_on(machine, Witness(machine), "a", "b", "c")


def test_a_store_that_failed_to_commit_leaves_nothing_to_carry(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    from govern.store.writing import Writing

    with machine.opened() as workspace:
        add(workspace, "a")
        with monkeypatch.context() as patched:
            patched.setattr(Writing, "insert_checkpoint", lambda *_: (_ for _ in ()).throw(sqlite3.OperationalError("disk I/O error")))
            with pytest.raises(GovernError):
                add(workspace, "b")
        assert add(workspace, "b") == SIZE + 1
    goes_on(machine, Witness(machine), "a", "b")


def test_a_register_changed_behind_our_back_is_read_anew(machine: Machine) -> None:
    """Another process may write to it without a new entry: it forgets what an erasure names, or makes it again."""
    with machine.opened() as workspace:
        add(workspace, "a")
        with closing(sqlite3.connect(machine.home / "register.db", isolation_level=None)) as other:
            other.execute("DELETE FROM state WHERE key = 'wipe'")
            other.execute("INSERT INTO state VALUES ('wipe', ?)", (SIZE,))
        add(workspace, "b")
        assert not wipe.is_due(workspace.db)
    goes_on(machine, Witness(machine), "a", "b")
