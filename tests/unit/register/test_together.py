"""Several processes, of one member and of several, writing, reading and verifying at once: nothing acknowledged is lost, nothing forks."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from ..attacks.vaults import SECOND, SIZE, Machine
from .histories import Witness, handles

WRITER = Path(__file__).with_name("writer.py")


def together(*work: tuple[Machine, str, int]) -> set[str]:
    """Start all of it at once; the handles that were acknowledged."""
    started = [
        subprocess.Popen(
            [sys.executable, str(WRITER), prefix, str(count)],
            env=machine.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for machine, prefix, count in work
    ]
    told = [process.communicate(timeout=300) for process in started]
    for process, (out, err), (_, prefix, count) in zip(started, told, work, strict=True):
        assert process.returncode == 0, (prefix, out, err)
        assert len(out.split()) == count, (prefix, out, err)
    return {
        handle for (out, _), (_, prefix, _) in zip(told, work, strict=True) if prefix not in ("read", "verify") for handle in out.split()
    }


def agree(machine: Machine, acknowledged: set[str]) -> None:
    ben = machine.of("ben")
    for member in (machine, ben):
        told = member.verify()
        assert told.code == 0, told
        assert handles(member) == {"mia", "ben", "cleo"} | acknowledged
    Witness(machine, ben)
    register = machine.register()
    assert ben.register() == register
    assert machine.forget("register").register() == register
    with machine.database() as db:
        assert db.execute("SELECT count(*), max(idx) FROM entry").fetchone() == (SIZE + len(acknowledged), SIZE + len(acknowledged) - 1)


def test_two_processes_writing_at_once_lose_and_fork_nothing(machine: Machine) -> None:
    acknowledged = together((machine, "a", 10), (machine, "b", 10))
    assert len(acknowledged) == 20
    agree(machine, acknowledged)


@pytest.mark.slow
def test_four_processes_of_two_members_lose_and_fork_nothing_while_others_read_and_verify(machine: Machine) -> None:
    ben = machine.of("ben")
    acknowledged = together(
        (machine, "a", 25), (machine, "b", 25), (ben, "c", 25), (ben, "d", 25), (machine, "read", 60), (ben, "read", 60), (machine, "verify", 8),
        (ben, "verify", 8),
    )  # fmt: skip
    assert len(acknowledged) == 100
    agree(machine, acknowledged)


@pytest.mark.slow
@pytest.mark.parametrize(
    "gone", [("register",), ("journal", "journal.personal"), ("register", "journal", "journal.personal"), ("pin",)], ids=" ".join
)
def test_processes_that_all_find_a_file_gone_make_it_again_once(machine: Machine, gone: tuple[str, ...]) -> None:
    machine.forget(*gone)
    acknowledged = together((machine, "a", 5), (machine, "b", 5), (machine, "c", 5), (machine, "read", 10), (machine, "verify", 3))
    agree(machine, acknowledged)


@pytest.mark.parametrize("words", [("person", "add", "Dora Lund"), ("reveal", "shop", "--stdout")], ids=" ".join)
def test_a_database_that_another_process_holds_is_told_as_in_use(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setattr("govern.store.sqlite.BUSY_MS", 50)
    holder = sqlite3.connect(machine.store, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        told = machine.run(*words)
    finally:
        holder.execute("ROLLBACK")
        holder.close()
    assert (told.code, told.out) == (1, "")
    assert "in use by another process" in told.err
    assert SECOND not in told.err
    machine.ok(*words)


def test_a_held_database_can_still_be_read(machine: Machine) -> None:
    holder = sqlite3.connect(machine.store, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        assert handles(machine) == {"mia", "ben", "cleo"}
        assert machine.verify().code == 0
    finally:
        holder.execute("ROLLBACK")
        holder.close()
