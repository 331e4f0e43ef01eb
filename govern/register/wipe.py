"""After an erasure: what it names goes from the store, from this machine's journal, from the pages of the register, and from the calendars beside it.

That is personal parts of entries and, of accounts that were handed back, versions with every wrap of them. What is to go, the register knows
(`erased`, `erased_versions`); that it is still to be done, its `state` (`wipe`). Every step may be repeated: whatever is interrupted, the next
command does it again, and so does every machine that reads the erasure, or puts a backup back.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final, NamedTuple

from govern.errors import Failed
from govern.register import calendar_files, connection
from govern.register.journal import Journal

if TYPE_CHECKING:
    from govern.register.parts import Parts
    from govern.store.writing import Writing


class Gone(NamedTuple):
    """What is to be nowhere: indices of entries whose personal parts were erased, and manifest digests of versions."""

    entries: list[int]
    targets: list[bytes]


NOTHING: Final = Gone([], [])


def latest(db: sqlite3.Connection) -> int | None:
    """Index of the latest erasure, until all its traces are gone from this machine."""
    found: int | None = connection.state(db, "wipe")
    return found


def is_due(db: sqlite3.Connection) -> bool:
    """Whether an erasure was read whose traces may still lie on this machine."""
    return latest(db) is not None


def erased(db: sqlite3.Connection, since: int = 0) -> Gone:
    """All that is to be nowhere, by an erasure that has the index `since` or a later one."""
    return Gone(
        [row[0] for row in db.execute("SELECT entry FROM erased WHERE erasure >= ? ORDER BY entry", (since,))],
        [bytes.fromhex(row[0]) for row in db.execute("SELECT manifest FROM erased_versions WHERE erasure >= ? ORDER BY 1", (since,))],
    )


def drop(writing: Writing, gone: Gone) -> None:
    """Take it out of the store; the caller commits."""
    writing.drop_personal(gone.entries)
    writing.drop_sealed(gone.targets)


def wipe(parts: Parts) -> None:
    """Do all of it; the caller holds no lock. A database that is busy, or that this member may not change, is left to the next one."""
    db = parts.db
    gone = erased(db)
    try:
        from_store(parts, gone)
    except Failed:
        pass  # whoever approved has done it already, unless a copy was put back; `doctor` looks
    with connection.transaction(db):
        parts.save_ends(Journal(parts.home).forget(set(gone.entries), set(gone.targets), parts.ends()))
    if calendar_files.forget(parts.home, db, parts.vault) and _pages(db):
        with connection.transaction(db):
            db.execute("DELETE FROM state WHERE key = 'wipe'")


def from_store(parts: Parts, gone: Gone) -> int:
    """Drop what of it is in the store, and what its write-ahead file holds of it; how many parts and versions there were."""
    with parts.store.reading() as reading:
        present = Gone(reading.with_personal(gone.entries), reading.with_sealed(gone.targets))
    if any(present):
        with parts.store.writing() as writing:
            drop(writing, present)
            writing.commit()
    parts.store.truncate_log()
    return len(present.entries) + len(present.targets)


def _pages(db: sqlite3.Connection) -> bool:
    """Write the register's file anew, without what was in its free space; False where another process is in the way."""
    try:
        db.execute("VACUUM")
        busy = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except sqlite3.OperationalError:
        return False
    return not busy
