"""Where the register stands, in memory: the tree, the journal's ends, and what judges the next fact. Read once, and carried from one
transaction of this process to the next for as long as nobody else writes to the register."""

from __future__ import annotations

import sqlite3

from govern.ledger.merkle import CompactRange
from govern.register import connection
from govern.register.judge import Judge
from govern.register.parts import Parts


class Reached:
    """`ends` are those of the journal and its side file. `version` changes with every commit of another connection to the register, `changes`
    with every row that ours writes."""

    __slots__ = ("changes", "ends", "judge", "tree", "version")  # no dataclass: every command that writes would make it

    def __init__(self, *, tree: CompactRange, ends: tuple[int, int], judge: Judge, version: int) -> None:
        self.tree, self.ends, self.judge, self.version = tree, ends, judge, version
        self.changes = -1

    def is_still(self, db: sqlite3.Connection) -> bool:
        """Whether the register is as it was left; asked inside a write transaction."""
        return self.changes == db.total_changes and self.version == _version(db)

    def left(self, db: sqlite3.Connection) -> None:
        """The register is left as it is now; said inside the write transaction in which it was read or was still so, behind its last change."""
        self.changes = db.total_changes


def _version(db: sqlite3.Connection) -> int:
    found: int = db.execute("PRAGMA data_version").fetchone()[0]
    return found


def read(parts: Parts) -> Reached:
    """From the register, inside a write transaction."""
    tree, main, side = connection.states(parts.db, "tree", "journal_end", "side_end")
    return Reached(
        tree=CompactRange.decode(tree) if tree else CompactRange(),
        ends=(main or 0, side or 0),
        judge=Judge(parts.db, vault=parts.vault, keys=parts.epochs),
        version=_version(parts.db),
    )
