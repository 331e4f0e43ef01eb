"""The register's file: opened, created, and recognised as unusable. Torn, old or foreign, it is rebuilt, never repaired."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from govern.errors import Failed
from govern.register.schema import DDL, DIGEST, TABLES


def connect(path: Path) -> sqlite3.Connection:
    """Open or create the register at `path` (0600). `synchronous=NORMAL` in WAL never tears it; what a power cut loses is replayed."""
    try:
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        db = sqlite3.connect(path, timeout=20, isolation_level=None, cached_statements=512)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        db.execute("PRAGMA secure_delete=ON")
        return db
    except (OSError, sqlite3.OperationalError) as error:
        raise Failed(
            f"the register at {path} can't be opened ({error})", hint="mend the permissions of GOVERN_HOME or make room"
        ) from error


def is_usable(db: sqlite3.Connection) -> bool:
    """Whether the file holds a register of just this schema."""
    try:
        return bool(state(db, "schema") == DIGEST)
    except sqlite3.DatabaseError:
        return False


def create(db: sqlite3.Connection) -> None:
    """Make the empty tables; the caller holds a write transaction."""
    for statement in DDL.split(";"):
        if statement.strip():
            db.execute(statement)
    db.execute("INSERT INTO state VALUES ('schema', ?)", (DIGEST,))


def state(db: sqlite3.Connection, key: str) -> Any:
    """One value of the register's `state`, or None."""
    row = db.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
    return row[0] if row else None


def remove(path: Path) -> None:
    """Delete the register with its WAL files."""
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """BEGIN IMMEDIATE … COMMIT, rolled back on any exception."""
    try:
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("COMMIT")
    except sqlite3.OperationalError as error:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise Failed(f"the register can't be written ({error})", hint="another govern may be running; try again") from error
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


_LOCAL = frozenset({"journal_end", "side_end"})


def dump(db: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    """Every row of every table in a canonical order: two registers are equal when their dumps are. Offsets of local files are left out."""
    for table in TABLES:
        width = len(db.execute(f"PRAGMA table_info({table})").fetchall())
        order = ", ".join(str(number + 1) for number in range(width))
        for row in db.execute(f"SELECT * FROM {table} ORDER BY {order}"):  # noqa: S608  table names are ours
            if table != "state" or row[0] not in _LOCAL:
                yield (table, *row)
