"""A trigger or view that SQLite has parsed and that is gone from the schema's rows, with the version put back, comes into effect nowhere.

SQLite itself is the control: a connection that compares the rows as they stand, and no more, acts by what it parsed before.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from govern.errors import IntegrityError
from govern.store import peek as peeking
from govern.store.database import Store, create_store, open_store
from govern.store.peek import Peek, peek
from govern.store.schema import SCHEMA_QUERY, check_schema
from tests.unit.store.test_store import entry

TRIGGER = "CREATE TRIGGER planted AFTER INSERT ON entry BEGIN UPDATE entry SET sealed = x'00' WHERE idx = new.idx; END"
VIEW = ("ALTER TABLE checkpoint RENAME TO hidden", "CREATE VIEW checkpoint AS SELECT 99 AS size, x'00' AS note")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    create_store(tmp_path / "vault.db")
    return tmp_path / "vault.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    opened = open_store(path)
    yield opened
    opened.close()


def plant(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)


def hide(path: Path) -> None:
    """Take the trigger's row away, and leave the version as it was."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        (version,) = db.execute("PRAGMA schema_version").fetchone()
        db.execute("PRAGMA writable_schema=ON")
        db.execute("DELETE FROM sqlite_schema WHERE name = 'planted'")
        db.execute(f"PRAGMA schema_version={version}")


def compared(db: sqlite3.Connection) -> None:
    db.execute("BEGIN IMMEDIATE")
    check_schema(db.execute(SCHEMA_QUERY))


def test_control_what_was_parsed_acts_though_its_row_is_gone(path: Path) -> None:
    plant(path, TRIGGER)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous=FULL")  # parses the schema, as every preparation of a connection does
        hide(path)
        compared(db)  # and passes
        db.execute("INSERT INTO entry VALUES (0, x'01', x'01', x'01', x'01', NULL)")
        assert db.execute("SELECT sealed FROM entry").fetchall() == [(b"\0",)]


def written(store: Store) -> bytes:
    with store.writing() as writing:
        writing.insert_entries([entry(0)])
        writing.commit()
    with store.reading() as reading:
        return bytes(reading.entries(0, 1)[0][4])


def test_what_stood_there_while_the_connection_was_opened_does_not_act(store: Store, path: Path) -> None:
    plant(path, TRIGGER)
    store.settings()  # opens the connection, which goes back to where the next is taken from
    hide(path)
    assert written(store) == entry(0)[4]


def test_what_stands_there_still_is_refused(store: Store, path: Path) -> None:
    plant(path, TRIGGER)
    store.settings()
    with pytest.raises(IntegrityError) as refused:
        written(store)
    assert refused.value.code == "schema"
    hide(path)
    assert written(store) == entry(0)[4]  # the refused connection is not used again as it was


@pytest.mark.parametrize("between", ["nothing", "an error"])
def test_what_is_planted_and_hidden_between_two_transactions_does_not_act(store: Store, path: Path, between: str) -> None:
    with store.reading() as reading:
        reading.head()
    plant(path, TRIGGER)
    if between == "an error":
        with pytest.raises(IntegrityError), store.reading():
            pass
        store.settings()
    hide(path)
    assert written(store) == entry(0)[4]


def planting(path: Path) -> Callable[..., None]:
    """A comparison that is followed at once by somebody else's change."""

    def check(rows: object) -> None:
        check_schema(rows)  # type: ignore[arg-type]
        plant(path, *VIEW)

    return check


def test_a_look_reads_by_the_schema_that_it_has_compared(store: Store, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.writing() as writing:
        writing.insert_entries([entry(0)])
        writing.insert_checkpoints([(1, b"note")])
        writing.commit()
    store.close()
    monkeypatch.setattr(peeking, "check_schema", planting(path))
    assert peek(path) == Peek(1, b"note", 0)
    with pytest.raises(IntegrityError):
        peek(path)


def test_control_without_a_transaction_it_would_read_by_another(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        planting(path)(db.execute(SCHEMA_QUERY))
        assert db.execute("SELECT max(size) FROM checkpoint").fetchone() == (99,)
