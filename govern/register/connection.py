"""The register's file: opened, created, and recognised as unusable. Torn, old or foreign, it is rebuilt, never repaired."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from govern.errors import Failed
from govern.register.schema import DDL, TABLES, TRIGGERS, VERSION

_WRITING_CACHE_KIB: Final = 65_536
"""Random ids touch the whole of an index: with SQLite's own 2 MiB a large import would write most pages many times."""


# For a None or bytes that it is to bind, the driver looks for an adapter in three places before it binds them as they are: a twentieth of a large
# transaction's time. Told one, it looks in the first place only.
sqlite3.register_adapter(type(None), {}.get)  # type: ignore[arg-type]  # None for None
sqlite3.register_adapter(bytes, bytearray)


class _Register(sqlite3.Connection):
    """One that knows whether it was given the room that writing takes."""

    roomy = False


def connect(path: Path) -> sqlite3.Connection:
    """Open or create the register at `path` (0600). `synchronous=NORMAL` in WAL never tears it; what a power cut loses is replayed.

    A file that is no database is replaced by an empty one. Raises Failed.
    """
    try:
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        found = path.stat().st_ino
        try:
            return _open(path)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            if path.stat().st_ino == found:  # else another process has replaced it meanwhile
                remove(path)
                os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            return _open(path)
    except (OSError, sqlite3.Error) as error:
        raise Failed(
            f"the register at {path} can't be opened ({error})", hint="mend the permissions of GOVERN_HOME or make room"
        ) from error


def scratch() -> sqlite3.Connection:
    """A register of nobody's: SQLite keeps it in a file without a name, which goes with the connection, even when we are killed."""
    return sqlite3.connect("", isolation_level=None, cached_statements=512)


def _open(path: Path) -> sqlite3.Connection:
    path = Path(os.path.realpath(path))  # where SQLite looks
    Path(f"{path}-journal").unlink(missing_ok=True)  # never ours: SQLite would play it back, and delete whatever file it names
    db = sqlite3.connect(path, timeout=20, isolation_level=None, cached_statements=512, factory=_Register)
    try:
        # Temporary files would hold names, and cost more than the memory.
        for setting in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "secure_delete=ON",
            "temp_store=MEMORY",
            "wal_autocheckpoint=4000",
            "schema_version",
        ):
            db.execute(f"PRAGMA {setting}").fetchone()
    except sqlite3.Error:
        db.close()
        raise
    return db


def damaged(error: sqlite3.DatabaseError) -> Failed:
    """What is said of a register in which SQLite met a page or a row that is none."""
    hint = "remove register.db from GOVERN_HOME: the next command makes it again from what was verified"
    return Failed(f"the register is damaged ({error})", code="register", hint=hint)


def is_usable(db: sqlite3.Connection) -> bool:
    """Whether the file holds a register of just this schema."""
    try:
        return bool(state(db, "schema") == VERSION)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) and "no such" not in str(error):
            raise Failed(f"the register can't be read ({error})", hint="another govern may be running; try again") from error
        return False


def create(db: sqlite3.Connection) -> None:
    """Make the empty tables, in place of whatever tables there are; the caller holds a write transaction.

    The file itself stays: another process of the same member may have it open, and the lock on it is what keeps them apart.
    """
    kept = _kept(db)
    for kind, name in db.execute(
        "SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
    ).fetchall():
        quoted = name.replace('"', '""')
        db.execute(f'DROP {kind} "{quoted}"')
    for statement in DDL.split(";"):
        if statement.strip():
            db.execute(statement)
    for trigger in TRIGGERS:
        db.execute(trigger)
    db.executemany("INSERT INTO state VALUES (?, ?)", [*kept, ("schema", VERSION)])


def _kept(db: sqlite3.Connection) -> list[tuple[str, Any]]:
    """What of the old register goes on, where there is one."""
    try:
        return db.execute("SELECT key, value FROM state WHERE key IN (?, ?)", _KEPT).fetchall()
    except sqlite3.DatabaseError:
        return []


def state(db: sqlite3.Connection, key: str) -> Any:
    """One value of the register's `state`, or None."""
    row = db.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
    return row[0] if row else None


def states(db: sqlite3.Connection, *keys: str) -> list[Any]:
    """Several values of the register's `state`, each or None, in one question."""
    marks = ", ".join("?" * len(keys))
    found = dict(db.execute(f"SELECT key, value FROM state WHERE key IN ({marks})", keys).fetchall())  # noqa: S608  marks only
    return [found.get(key) for key in keys]


def save(db: sqlite3.Connection, **values: Any) -> None:
    """Write these values of the register's `state`, in one statement."""
    rows = ", ".join(["(?, ?)"] * len(values))
    db.execute(f"INSERT OR REPLACE INTO state VALUES {rows}", [part for row in values.items() for part in row])  # noqa: S608  marks only


def remove(path: Path) -> None:
    """Delete the register with its WAL files."""
    path = Path(os.path.realpath(path))
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """BEGIN IMMEDIATE … COMMIT, rolled back on any exception. Raises Failed where the file can't be written or is damaged."""
    try:
        if not (isinstance(db, _Register) and db.roomy):
            _make_room(db)
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("COMMIT")
    except sqlite3.OperationalError as error:
        _roll_back(db)
        full = "I/O" in str(error) or "full" in str(error)
        hint = "make room on the disk and try again" if full else "another govern may be running; try again"
        raise Failed(f"the register can't be written ({error})", hint=hint) from error
    except BaseException as error:
        _roll_back(db)
        if type(error) is sqlite3.DatabaseError:
            raise damaged(error) from error
        raise


def _make_room(db: sqlite3.Connection) -> None:
    db.execute(f"PRAGMA cache_size=-{_WRITING_CACHE_KIB}")
    if isinstance(db, _Register):
        db.roomy = True


def _roll_back(db: sqlite3.Connection) -> None:
    if db.in_transaction:
        db.execute("ROLLBACK")


@contextmanager
def reading(db: sqlite3.Connection) -> Iterator[None]:
    """One unchanging state of the register, whatever other processes write meanwhile."""
    db.execute("BEGIN")
    try:
        yield
    finally:
        _roll_back(db)


_KEPT = ("told_apart", "told_apart_on")
"""What no replay brings back: whom this machine has told of departures under embargo."""
_LOCAL = frozenset({"journal_end", "side_end", "wipe", "remind_quiet", "tick_quiet", "tick_checked", "tick_tried", *_KEPT})


def dump(db: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    """Every row of every table in a canonical order: two registers are equal when their dumps are. What is about local files is left out."""
    for table in TABLES:
        width = len(db.execute(f"PRAGMA table_info({table})").fetchall())
        order = ", ".join(str(number + 1) for number in range(width))
        for row in db.execute(f"SELECT * FROM {table} ORDER BY {order}"):  # noqa: S608  table names are ours
            if table != "state" or row[0] not in _LOCAL:
                yield (table, *row)
