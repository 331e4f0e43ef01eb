"""Transactions too long to be held in memory: judged as they come, they are verified and applied all the same, and nothing stays of a bad one."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from govern.errors import IntegrityError
from govern.ledger import audit
from govern.ledger.checkpoint import Checkpoint
from govern.register import connection, journal
from govern.register.judge import Judge
from govern.register.reread import reread
from govern.register.transaction import Transaction

from ..attacks.vaults import Machine


@pytest.fixture
def long(machine: Machine) -> Machine:
    """A vault with a transaction of six entries, of which some have a personal part."""

    def work(tx: Transaction) -> None:
        for number in range(3):
            place = tx.new_id()
            tx.record("place.added", {"place": place, "kind": "paper"}, {"name": f"drawer {number}"})
            tx.record("place.holds", {"place": place, "accounts": []})

    machine.write(work)
    return machine


@pytest.mark.parametrize("lost", [["register"], ["register", "journal", "journal.personal"]], ids=["from the journal", "from the store"])
def test_the_register_is_the_same_however_much_is_held(long: Machine, monkeypatch: pytest.MonkeyPatch, lost: list[str]) -> None:
    before = long.register()
    monkeypatch.setattr(journal, "_FEW", 3)
    monkeypatch.setattr(audit, "HELD", 3)
    assert long.forget(*lost).register() == before
    assert long.verify().code == 0


def test_no_savepoint_is_open_from_one_transaction_to_the_next_while_a_register_is_made_again(
    long: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite would keep in memory, to the end, whatever page a savepoint within it writes: gigabytes of a large vault, in place of an old register."""
    with long.opened() as workspace:
        workspace.db.execute("UPDATE state SET value = 'old' WHERE key = 'schema'")
    said: list[str] = []
    open_, close = connection.connect, Judge.close

    def connect(path: Path) -> sqlite3.Connection:
        db = open_(path)
        db.set_trace_callback(said.append)
        return db

    def closed(judge: Judge, checkpoint: Checkpoint, note: bytes) -> None:
        close(judge, checkpoint, note)
        said.append("CLOSED")

    monkeypatch.setattr(connection, "connect", connect)
    monkeypatch.setattr(Judge, "close", closed)
    with long.opened() as workspace:
        assert workspace.view().execute("SELECT count(*) FROM places").fetchone()[0] > 3
    depths, depth = [], 0
    for statement in said:
        depth += statement.startswith("SAVEPOINT") - statement.startswith("RELEASE")
        if statement == "CLOSED":
            depths.append(depth)
    assert len(depths) > 1
    assert any(statement.startswith("SAVEPOINT") for statement in said)
    assert set(depths) == {0}


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("held", [3, 1_000])
def test_an_altered_entry_of_it_is_named(long: Machine, monkeypatch: pytest.MonkeyPatch, deep: bool, held: int) -> None:
    monkeypatch.setattr(journal, "_FEW", held)
    monkeypatch.setattr(audit, "HELD", held)
    with long.opened() as workspace:
        assert reread(workspace, deep=deep).size > 6  # the untouched one passes
    with long.database() as db:
        last = db.execute("SELECT max(idx) FROM entry").fetchone()[0]
        db.execute("UPDATE entry SET sealed = zeroblob(length(sealed)) WHERE idx = ?", (last - 1,))
    with long.opened() as workspace, pytest.raises(IntegrityError) as caught:
        reread(workspace, deep=deep)
    # A root does not tell the entries of a transaction apart; whoever opens them as they come, before it, does.
    assert caught.value.index == (last - 1 if deep or held == 3 else last - 5)
