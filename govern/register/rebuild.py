"""A register made again: from this machine's journal as far as that goes, which holds what was verified here, and else from the store.

The journal is verified as if it were a store. Where it is torn, shortened or does not replay, it is kept aside and written again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from govern.errors import GovernError, IntegrityError
from govern.ledger.audit import Head
from govern.ledger.merkle import CompactRange
from govern.register import connection, sync
from govern.register.journal import Journal

if TYPE_CHECKING:
    from govern.register.parts import Parts
    from govern.register.pin import Pin
    from govern.store.reading import Reading


def from_journal(parts: Parts, journal: Journal, reading: Reading, pin: Pin | None) -> bool:
    """Replay the journal into an empty register, up to the pin; whether it held all of that. The caller holds the register's lock.

    What is missing comes from the store afterwards. Without a pin the journal is what this machine remembers: a store that holds less
    is refused (IntegrityError), but for one last transaction, which may be of ours and never acknowledged.
    """
    db = parts.db
    connection.create(db)
    limit = pin.size if pin else reading.head()[0]
    source = _UpTo(journal, limit)
    parts.epochs.load(sync.JournalWraps(journal))
    try:
        reached = sync.advance(db, Head(CompactRange(), None), source, vault=parts.vault, keys=parts.epochs).size
        ends, beyond = source.end, source.beyond
    except GovernError as error:
        # A frame that is whole but wrong, such as one whose personal part is gone: nothing of it is believed.
        # No savepoint holds all of it: SQLite would keep each page that a savepoint within it writes in memory, to the end.
        connection.create(db)
        ends, reached, beyond = (0, 0), 0, 0
        if isinstance(error, IntegrityError) and error.code == "personal" and pin is None:
            # What an erasure has taken out of it, where the store ends before that erasure: the journal is sound, the store is old.
            beyond = sum(recorded.size > limit for recorded in journal.transactions())
    parts.save_ends(ends)
    if pin is None and beyond > 1:
        raise IntegrityError(
            "the vault was rolled back: this machine's journal holds more than it",
            expected=f"more than {limit} entries", found=str(limit), code="rolled-back",
            hint="put the newest database back in its place, or let another member refill it: govern vault restore --refill",
        )  # fmt: skip
    return reached == limit or pin is None


class _UpTo:
    """The journal's transactions up to a size; where the last of them `end`s, and how many are `beyond`."""

    def __init__(self, journal: Journal, limit: int) -> None:
        self._journal, self._limit = journal, limit
        self.end, self.beyond = (0, 0), 0

    def __iter__(self) -> Iterator[tuple[bytes, sync.Rows]]:
        for recorded in self._journal.transactions():
            if recorded.size > self._limit:
                self.beyond += 1
            else:
                yield recorded.note, sync.Rows(recorded.rows, first=recorded.first, until=recorded.size)
                self.end = recorded.end


class Anew:
    """A damaged journal written again beside the old one, as far as it was sound, and put in its place once all of it is verified."""

    def __init__(self, old: Journal, ends: tuple[int, int]) -> None:
        self.old, self.journal = old, Journal(old.path.parent, suffix=".new")
        for source, target, end in zip(old.files(), self.journal.files(), ends, strict=True):
            target.unlink(missing_ok=True)
            if source.exists():
                shutil.copyfile(source, target)
                os.chmod(target, 0o600)
                os.truncate(target, end)

    def discard(self) -> None:
        for path in self.journal.files():
            path.unlink(missing_ok=True)

    def take_place(self) -> None:
        """The damaged one stays beside it: its versions and wraps may still be of use to somebody."""
        number = 1
        while any(_damaged(path, number).exists() for path in self.old.files()):
            number += 1
        for old, new in zip(self.old.files(), self.journal.files(), strict=True):
            if old.exists() and old.stat().st_size:
                os.replace(old, _damaged(old, number))
            if new.exists():
                os.replace(new, old)


def _damaged(path: Path, number: int) -> Path:
    return Path(f"{path}.damaged-{number}")
