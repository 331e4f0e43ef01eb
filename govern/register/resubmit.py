"""A transaction of ours that stands in the journal but not in the store: the process was stopped between the two.

Its checkpoint may have been seen, and signing another one of the same size would look like a fork. So the same bytes are put into the
store, never new ones, where the store still ends where that transaction began; where others have gone on, it never happened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.errors import GovernError
from govern.ledger.commitment import Entry
from govern.register import connection, letters, sync, wipe
from govern.register.frames import Written
from govern.register.journal import Journal

if TYPE_CHECKING:
    from govern.register.parts import Parts
    from govern.store.writing import Writing


def resubmit(parts: Parts, writing: Writing) -> bool:
    """Put the journal's unfinished tail into the store and commit it, or cut it off; True where it was committed.

    The caller holds the store's write lock and has brought the register to the store's head.
    """
    journal, recorded = Journal(parts.home), parts.ends()
    if journal.ends() == recorded:
        return False
    size, _ = writing.head()
    tail = next(journal.read(recorded), None)
    # A founding is never resubmitted: of a vault whose `init` was stopped, nothing was told to anybody.
    parts.epochs.load(sync.JournalWraps(journal))  # a new epoch's key is as yet in the journal alone
    if tail is None or not size or not tail.entries or tail.entries[0][0] != size or (tried := _replays(parts, tail)) is None:
        journal.cut(recorded)
        return False
    put(writing, tail, tried.gone)
    writing.drop_mail(tried.ended)
    writing.commit()
    return True


def put(writing: Writing, written: Written, gone: wipe.Gone = wipe.NOTHING) -> None:
    """The rows of one transaction into the store, in the order in which they were first written; `gone` is what
    it erases."""
    writing.insert_entries(written.entries)
    writing.insert_versions(written.versions)
    writing.insert_wraps(written.wraps)
    writing.drop_wraps(written.dropped)
    wipe.drop(writing, gone)
    writing.insert_checkpoint(written.size, written.note)


class _Tried(Exception):
    """It replays, erases this and ends these invites; the register is left as it was."""

    def __init__(self, gone: wipe.Gone, ended: list[bytes]) -> None:
        self.gone, self.ended = gone, ended


def _replays(parts: Parts, tail: Written) -> _Tried | None:
    """What these bytes bring about, where every member would accept them; None where not: what is refused once it stands in the store would
    stop all of them."""
    entries = [Entry(*row) for row in tail.entries]
    try:
        with connection.transaction(parts.db):
            sync.advance(parts.db, sync.head_of(parts.db), [(tail.note, entries)], vault=parts.vault, keys=parts.epochs)
            raise _Tried(wipe.erased(parts.db, since=tail.entries[0][0]), letters.ended(parts.db))
    except _Tried as tried:
        return tried
    except GovernError:
        return None
