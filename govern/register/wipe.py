"""After an erasure: the personal parts that it names go from the store, from this machine's journal, and from the pages of the register.

What is to go, the register knows (`erased`); that it is still to be done, its `state` (`wipe`). Every step may be repeated: whatever is
interrupted, the next command does it again, and so does every machine that reads the erasure, or puts a backup back.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from govern.errors import Failed
from govern.register import connection
from govern.register.journal import Journal

if TYPE_CHECKING:
    from govern.register.parts import Parts


def latest(db: sqlite3.Connection) -> int | None:
    """Index of the latest erasure, until all its traces are gone from this machine."""
    found: int | None = connection.state(db, "wipe")
    return found


def is_due(db: sqlite3.Connection) -> bool:
    """Whether an erasure was read whose traces may still lie on this machine."""
    return latest(db) is not None


def erased(db: sqlite3.Connection, since: int = 0) -> list[int]:
    """Indices of all entries whose personal parts are to be nowhere, by an erasure that has the index `since` or a later one."""
    return [row[0] for row in db.execute("SELECT entry FROM erased WHERE erasure >= ? ORDER BY entry", (since,))]


def wipe(parts: Parts) -> None:
    """Do all of it; the caller holds no lock. A database that is busy, or that this member may not change, is left to the next one."""
    db = parts.db
    gone = erased(db)
    try:
        from_store(parts, gone)
    except Failed:
        pass  # whoever approved has done it already, unless a copy was put back; `doctor` looks
    with connection.transaction(db):
        parts.save_ends(Journal(parts.home).forget(set(gone), parts.ends()))
    if _pages(db):
        with connection.transaction(db):
            db.execute("DELETE FROM state WHERE key = 'wipe'")


def from_store(parts: Parts, gone: list[int]) -> int:
    """Drop the parts that are in the store, and what its write-ahead file holds of them; how many there were."""
    with parts.store.reading() as reading:
        present = reading.with_personal(gone)
    if present:
        with parts.store.writing() as writing:
            writing.drop_personal(present)
            writing.commit()
    parts.store.truncate_log()
    return len(present)


def _pages(db: sqlite3.Connection) -> bool:
    """Write the register's file anew, without what was in its free space; False where another process is in the way."""
    try:
        db.execute("VACUUM")
        busy = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except sqlite3.OperationalError:
        return False
    return not busy
