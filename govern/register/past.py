"""The register as it was: the ledger replayed up to a moment, beside the register that is used. Knows no report.

From this machine's journal, which holds what was verified here; with the keys that its member has today.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import NamedTuple

from govern.errors import IntegrityError, NotFound
from govern.ledger.audit import Head, replay
from govern.ledger.merkle import CompactRange
from govern.register import connection, sync
from govern.register.judge import Judge
from govern.register.workspace import Workspace

_FIRST_LATER = """
SELECT min(idx) FROM entries e WHERE at > ? AND NOT EXISTS (SELECT 1 FROM findings f WHERE f.entry = e.idx AND f.code IN ('ahead', 'backdated'))
"""


class Past(NamedTuple):
    """A register of nobody's, to be read; how many entries it follows from, and the note of their checkpoint."""

    db: sqlite3.Connection
    size: int
    note: bytes


@contextmanager
def as_of(workspace: Workspace, moment: str) -> Iterator[Past]:
    """Everything recorded up to a UTC time, as the entries say it of themselves; order decides, so that an entry with a time that is off moves nothing.

    Raises NotFound for a time before the vault was founded. What an erasure has taken away since stays away.
    """
    db = workspace.view()
    (first_later,) = db.execute(_FIRST_LATER, (moment,)).fetchone()
    limit = sync.head_of(db).size if first_later is None else first_later
    with workspace.store.reading() as reading, closing(connection.scratch()) as past:
        keys = workspace.fresh_epochs(reading)
        with connection.transaction(past):
            connection.create(past)
            source = (
                (one.note, sync.Rows(one.rows, first=one.first, until=one.size))
                for one in workspace.journal.transactions()
                if one.size <= limit
            )
            head = replay(Head(CompactRange(), None), source, Judge(past, vault=workspace.vault, keys=keys), vault=workspace.vault)
        if head.note is None:
            raise NotFound(f"the vault was founded after {moment}", hint="govern ledger show")
        if reading.checkpoint(head.size) != head.note:
            raise IntegrityError("this machine's journal is of another history than the vault", code="forked", hint="govern ledger verify")
        yield Past(past, head.size, head.note)
