"""The store's schema is known to the letter, and is the one that the table declarations make."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from govern.errors import IntegrityError
from govern.store.database import create_store
from govern.store.schema import SCHEMA, SCHEMA_QUERY, check_schema, folded


@pytest.fixture
def database(tmp_path: Path) -> sqlite3.Connection:
    create_store(tmp_path / "vault.db")
    return sqlite3.connect(tmp_path / "vault.db")


def test_the_declared_tables_make_the_known_schema(database: sqlite3.Connection) -> None:
    assert folded(database.execute(SCHEMA_QUERY)) == SCHEMA


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM entry; END",
        "CREATE VIEW v AS SELECT * FROM entry",
        "CREATE TABLE more (x)",
        "CREATE INDEX i ON entry (epoch)",
        "ALTER TABLE entry ADD COLUMN more",
        "DROP TABLE mailbox",
    ],
)
def test_anything_added_changed_or_missing_is_refused(database: sqlite3.Connection, statement: str) -> None:
    check_schema(database.execute(SCHEMA_QUERY))  # control: as it was made it is accepted
    database.execute(statement)
    with pytest.raises(IntegrityError) as refused:
        check_schema(database.execute(SCHEMA_QUERY))
    assert refused.value.code == "schema"
