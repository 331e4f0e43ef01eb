"""A transaction of ours that stands in the journal but not in the store: the process was stopped between the two.

Its checkpoint may have been seen, and signing another one of the same size would look like a fork. So the same bytes are put into the
store, never new ones, where the store still ends where that transaction began; where others have gone on, it never happened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.errors import GovernError
from govern.ledger.commitment import Entry
from govern.register import connection, sync
from govern.register.journal import Journal, Written

if TYPE_CHECKING:
    from govern.register.workspace import Workspace
    from govern.store.database import Writing


def resubmit(workspace: Workspace, writing: Writing) -> bool:
    """Put the journal's unfinished tail into the store and commit it, or cut it off; True where it was committed.

    The caller holds the store's write lock and has brought the register to the store's head.
    """
    journal, recorded = Journal(workspace.home), workspace.ends()
    if journal.ends() == recorded:
        return False
    size, _ = writing.head()
    tail = next(journal.read(recorded), None)
    # A founding is never resubmitted: of a vault whose `init` was stopped, nothing was told to anybody.
    if tail is None or not size or not tail.entries or tail.entries[0][0] != size or not _replays(workspace, tail):
        journal.cut(recorded)
        return False
    put(writing, tail)
    writing.commit()
    return True


def put(writing: Writing, written: Written) -> None:
    """The rows of one transaction into the store, in the order in which they were first written."""
    writing.insert_entries(written.entries)
    writing.insert_versions(written.versions)
    writing.insert_wraps(written.wraps)
    writing.drop_wraps(written.dropped)
    writing.insert_checkpoint(written.size, written.note)


class _Tried(Exception):
    """It replays; the register is left as it was."""


def _replays(workspace: Workspace, tail: Written) -> bool:
    """Whether every member would accept these bytes: what is refused once it stands in the store would stop all of them."""
    entries = [Entry(*row) for row in tail.entries]
    try:
        with connection.transaction(workspace.db):
            sync.advance(workspace.db, sync.head_of(workspace.db), [(tail.note, entries)], vault=workspace.vault, keys=workspace.epochs)
            raise _Tried
    except _Tried:
        return True
    except GovernError:
        return False
