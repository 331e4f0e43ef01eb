"""The database itself turned against us: planted triggers, views and tables, another schema, columns of other types, a damaged file.

Reading and writing commands alike end with exit 6, show nothing and write nothing; never with a traceback. The control stands in
`test_control`.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from govern.cli import settings
from govern.errors import IntegrityError
from govern.register.workspace import Workspace

from .vaults import SIZE, Machine

STEAL = "BEGIN INSERT INTO meta VALUES ('stolen', new.sealed); END"

SCHEMAS: dict[str, str] = {
    "trigger before": f"CREATE TRIGGER t BEFORE INSERT ON wrap {STEAL}",
    "trigger after": f"CREATE TRIGGER t AFTER INSERT ON entry {STEAL}",
    "trigger that undoes": "CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM entry WHERE idx = new.idx; END",
    "trigger that adds a recipient": "CREATE TRIGGER t AFTER INSERT ON wrap BEGIN INSERT OR IGNORE INTO wrap VALUES (new.target, x'00', new.sealed); END",
    "view": "CREATE VIEW v AS SELECT * FROM entry",
    "view in the place of a table": "ALTER TABLE checkpoint RENAME TO hidden; CREATE VIEW checkpoint AS SELECT size, note FROM hidden",
    "table besides": "CREATE TABLE more (a)",
    "table with our words": "CREATE TABLE register (person TEXT)",
    "table gone": "DROP TABLE mailbox",
    "index besides": "CREATE INDEX i ON entry (commitment)",
    "unique index": "CREATE UNIQUE INDEX i ON wrap (sealed)",
    "partial index": "CREATE INDEX i ON entry (idx) WHERE idx < 3",
    "column besides": "ALTER TABLE entry ADD COLUMN more TEXT",
    "column renamed": "ALTER TABLE wrap RENAME COLUMN recipient TO sender",
    "statistics": "ANALYZE",
}

REWRITTEN: dict[str, str] = {
    "a default": "UPDATE sqlite_schema SET sql = replace(sql, 'personal BLOB', 'personal BLOB DEFAULT x''00''') WHERE name = 'entry'",
    "a constraint dropped": "UPDATE sqlite_schema SET sql = replace(sql, 'note BLOB NOT NULL', 'note BLOB') WHERE name = 'checkpoint'",
    "a type": "UPDATE sqlite_schema SET sql = replace(sql, 'idx BIGINT', 'idx TEXT') WHERE name = 'entry'",
    "a generated column": "UPDATE sqlite_schema SET sql = replace(sql, 'personal BLOB', 'personal BLOB AS (sealed)') WHERE name = 'entry'",
    "a check": "UPDATE sqlite_schema SET sql = replace(sql, 'personal BLOB', 'personal BLOB CHECK (idx < 30)') WHERE name = 'entry'",
    "no SQL at all": "UPDATE sqlite_schema SET sql = 'CREATE TABLE entry (' WHERE name = 'entry'",
    "text that is no text": "UPDATE sqlite_schema SET sql = CAST(x'fffe' AS TEXT) WHERE name = 'mailbox'",
    "a name that is no text": "UPDATE sqlite_schema SET name = CAST(x'ff' AS TEXT), tbl_name = CAST(x'ff' AS TEXT) WHERE name = 'mailbox'",
}

EVERYWHERE = (
    ("status",),
    ("person", "list"),
    ("person", "add", "Dora Lund"),
    ("reveal", "shop", "--stdout"),
    ("ledger", "verify", "--deep"),
)


def refused_everywhere(machine: Machine) -> None:
    """Without `Machine.refuses`, which could not read such a store itself."""
    files = [machine.store, *(machine.home / name for name in ("pin", "journal", "journal.personal"))]
    before = [path.read_bytes() for path in files]
    for words in EVERYWHERE:
        told = machine.run(*words)
        assert (told.code, told.out) == (6, ""), (words, told)
        assert "defect" not in told.err
        assert "Traceback" not in told.err
        assert "tribune" not in told.err
        assert [path.read_bytes() for path in files] == before, words


def add(workspace: Workspace, handle: str) -> None:
    with workspace.transaction(settings.now()) as tx:
        tx.record("person.added", {"person": tx.new_id()}, {"handle": handle, "name": handle.title()})


@pytest.mark.parametrize("what", SCHEMAS)
def test_a_planted_schema_is_refused_by_reading_and_by_writing(machine: Machine, what: str) -> None:
    with machine.database() as db:
        db.executescript(SCHEMAS[what])
    refused_everywhere(machine)
    assert machine.run("status", "--json").json()["error"]["code"] == "schema"


@pytest.mark.parametrize("what", REWRITTEN)
def test_a_rewritten_schema_is_refused(machine: Machine, what: str) -> None:
    with machine.database() as db:
        db.execute("PRAGMA writable_schema = ON")
        assert db.execute(REWRITTEN[what]).rowcount == 1
        db.execute("PRAGMA writable_schema = OFF")
    refused_everywhere(machine)


def test_control_the_trigger_would_have_worked(machine: Machine) -> None:
    """A plain connection to the same file runs it, and so would ours, were the schema not looked at."""
    with machine.database() as db:
        db.execute(SCHEMAS["trigger before"])
        db.execute("INSERT INTO wrap VALUES (x'00', x'01', x'02')")
        assert db.execute("SELECT value FROM meta WHERE key = 'stolen'").fetchone() == (b"\x02",)


UNDOES = SCHEMAS["trigger that undoes"]


def test_a_schema_changed_while_the_vault_is_open_is_refused_by_the_next_transaction(machine: Machine) -> None:
    with machine.opened() as workspace:
        add(workspace, "dora")
        with machine.database() as db:
            db.execute(UNDOES)
        with pytest.raises(IntegrityError, match="another schema"):
            add(workspace, "emil")


def test_a_trigger_hidden_from_an_open_vault_never_runs_there_and_is_refused_by_the_next_process(machine: Machine) -> None:
    """Its version is put back: the open connection goes on by the schema that it has compared, every other one compares for itself."""
    with machine.opened() as workspace:
        add(workspace, "dora")
        with machine.database() as db:
            (version,) = db.execute("PRAGMA schema_version").fetchone()
            db.execute(UNDOES)
            db.execute(f"PRAGMA schema_version = {version}")
        add(workspace, "emil")
    with machine.database() as db:
        assert db.execute("SELECT max(idx) FROM entry").fetchone() == (SIZE + 1,)
        assert db.execute("SELECT max(size) FROM checkpoint").fetchone() == (SIZE + 2,)
    refused_everywhere(machine)


def test_control_the_hidden_trigger_would_have_undone_the_entry(machine: Machine) -> None:
    with machine.database() as db:
        (version,) = db.execute("PRAGMA schema_version").fetchone()
        db.execute(UNDOES)
        db.execute(f"PRAGMA schema_version = {version}")
    with machine.database() as db:
        db.execute("INSERT INTO entry VALUES (99, x'', x'', x'', x'', NULL)")
        assert db.execute("SELECT max(idx) FROM entry").fetchone() == (SIZE - 1,)


def test_a_table_that_reads_anothers_pages_is_refused(machine: Machine) -> None:
    """The text of the schema is untouched; two tables are just stored in each other's place."""
    with machine.database() as db:
        pages = dict(db.execute("SELECT name, rootpage FROM sqlite_schema WHERE name IN ('version', 'wrap')"))
        db.execute("PRAGMA writable_schema = ON")
        for name, other in (("version", "wrap"), ("wrap", "version")):
            db.execute("UPDATE sqlite_schema SET rootpage = ? WHERE name = ?", (pages[other], name))
        db.execute("PRAGMA writable_schema = OFF")
    assert machine.run("reveal", "shop", "--stdout").code == 6
    assert machine.run("ledger", "verify", "--deep").code == 6


def test_an_index_that_gives_other_rows_than_its_table_is_named_by_the_deep_verification(machine: Machine) -> None:
    """An empty index in the place of the one by which a wrap is looked up: the row is there, and nobody finds it."""
    with machine.database() as db:
        empty = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_mailbox_1'").fetchone()[0]
        db.execute("PRAGMA writable_schema = ON")
        db.execute("UPDATE sqlite_schema SET rootpage = ? WHERE name = 'sqlite_autoindex_wrap_1'", (empty,))
        db.execute("PRAGMA writable_schema = OFF")
    told = machine.run("reveal", "shop", "--stdout")
    assert (told.code, told.out) == (6, "")
    assert machine.run("ledger", "verify", "--deep").code == 6


# --- values of other types -------------------------------------------------------------------------------------------------------------

VALUES: dict[str, object] = {
    "text": "text",
    "text of digits": "1007",
    "empty text": "",
    "text that is no text": "CAST(x'fffe' AS TEXT)",
    "a number": 1007,
    "a negative number": -1,
    "the greatest number": 2**63 - 1,
    "a fraction": 2.5,
    "infinity": 1e999,
    "nothing": b"",
    "a byte": b"\x00",
    "one byte too many": "CAST(sealed || x'00' AS BLOB)",
    "a huge blob": "zeroblob(40000000)",
    "NULL": None,
}
COLUMNS = [
    ("entry", "idx", "idx = 18"),
    *[("entry", column, "idx = 18") for column in ("compartment", "epoch", "commitment", "sealed", "personal")],
    ("entry", "idx", f"idx = {SIZE - 1}"),
    ("checkpoint", "size", "size = 18"),
    ("checkpoint", "note", "size = 18"),
    ("checkpoint", "size", f"size = {SIZE}"),
    ("checkpoint", "note", f"size = {SIZE}"),
    *[("version", column, "rowid = 3") for column in ("digest", "commitment", "sealed")],
    *[("wrap", column, "rowid = 12") for column in ("target", "recipient", "sealed")],
]


def nullable(db: sqlite3.Connection) -> None:
    """Drop every NOT NULL from the schema for a moment, as somebody with an editor for database files could."""
    db.execute("PRAGMA writable_schema = ON")
    db.execute("UPDATE sqlite_schema SET sql = replace(sql, ' NOT NULL', '') WHERE type = 'table'")
    db.execute("PRAGMA writable_schema = RESET")


def with_not_null(db: sqlite3.Connection, schema: list[tuple[str, str]]) -> None:
    db.execute("PRAGMA writable_schema = ON")
    for name, sql in schema:
        db.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (sql, name))
    db.execute("PRAGMA writable_schema = RESET")


QUICK = (("text", "NULL"), ("text that is no text", "a number"))
"""Of each column one pair, by turns; the other pair and all other values are slow."""
CASES = [
    pytest.param(
        table, column, where, value, id=f"{table}.{column} {where}: {value}", marks=[] if value in QUICK[number % 2] else [pytest.mark.slow]
    )
    for number, (table, column, where) in enumerate(COLUMNS)
    for value in VALUES
    if not (value == "one byte too many" and table == "checkpoint")
]


@pytest.mark.parametrize(("table", "column", "where", "value"), CASES)
def test_a_value_of_another_kind_is_refused_and_never_a_traceback(
    machine: Machine, table: str, column: str, where: str, value: str
) -> None:
    new = VALUES[value]
    with machine.database() as db:
        schema = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'").fetchall()
        nullable(db)
        spelled = new if isinstance(new, str) and ("(" in new or "||" in new) else "?"
        values = () if spelled != "?" else (new,)
        (before,) = db.execute(f"SELECT {column} FROM {table} WHERE {where}").fetchone()
        db.execute(f"UPDATE {table} SET {column} = {spelled} WHERE {where}", values)
        (same,) = db.execute(f"SELECT count(*) FROM {table} WHERE {column} IS ?", (before,)).fetchone()
        with_not_null(db, schema)
    if column == "personal" and value == "NULL" and before is None:
        assert same
        return
    told = machine.run("ledger", "verify", "--deep", "--json")
    assert told.code == 6, told
    assert told.json()["error"]["code"] not in ("defect", "database")
    if table == "entry" and where == "idx = 18" and column != "idx":
        assert told.json()["error"]["index"] == 18
    for words in EVERYWHERE[:-1]:
        done = machine.run(*words)
        assert done.code in (0, 6), (words, done)
        assert done.code == 0 or done.out == ""
        assert "defect" not in done.err


# --- a damaged file --------------------------------------------------------------------------------------------------------------------


def damage_of(machine: Machine, change: Callable[[bytearray], None]) -> tuple[int, str]:
    data = bytearray(machine.store.read_bytes())
    change(data)
    machine.store.write_bytes(data)
    worst = 0
    for words in (("person", "list"), ("reveal", "shop", "--stdout"), ("ledger", "verify", "--deep")):
        told = machine.run(*words)
        assert told.code in (0, 1, 6), (words, told)
        assert told.code == 0 or told.out == "", words
        assert "defect" not in told.err, (words, told)
        assert "Traceback" not in told.err
        worst = max(worst, told.code)
    return worst, told.err


HEADER = [pytest.param(at, marks=[] if at in (0, 15, 17, 18, 20, 21, 28, 44, 56, 60, 96) else [pytest.mark.slow]) for at in range(100)]
"""Quick: magic, page size, versions, payload fractions, size, schema format, text encoding, user version, version-valid-for."""


@pytest.mark.parametrize("at", HEADER)
def test_a_bit_of_the_files_header_never_gives_a_traceback(machine: Machine, at: int) -> None:
    def turn(data: bytearray) -> None:
        data[at] ^= 1 << at % 8

    damage_of(machine, turn)


def test_a_file_that_is_no_database_is_refused(machine: Machine) -> None:
    machine.store.write_bytes(b"not a database at all " * 500)
    refused_everywhere(machine)


def test_an_empty_file_is_refused(machine: Machine) -> None:
    machine.store.write_bytes(b"")
    before = (machine.home / "journal").read_bytes()
    for words in EVERYWHERE:
        told = machine.run(*words)
        assert (told.code, told.out) == (6, ""), (words, told)
    assert (machine.home / "journal").read_bytes() == before


@pytest.mark.parametrize("share", [1, 2, 3, 5, 9])
def test_a_file_that_was_cut_off_is_refused(machine: Machine, share: int) -> None:
    code, said = damage_of(machine, lambda data: data.__delitem__(slice(len(data) * share // 10, None)))
    assert code == 6, said


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(400))
def test_a_byte_anywhere_in_the_file_is_refused_or_changes_nothing(machine: Machine, seed: int) -> None:
    chosen = random.Random(seed)

    def turn(data: bytearray) -> None:
        data[chosen.randrange(len(data))] ^= 1 << chosen.randrange(8)

    people = machine.ok("person", "list").out
    damage_of(machine, turn)
    told = machine.run("person", "list")
    assert told.code or told.out == people


def test_no_vault_at_all_is_named(machine: Machine, tmp_path: Path) -> None:
    machine.store.unlink()
    assert machine.run("status").code == 3
