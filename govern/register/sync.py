"""From the store's rows to the trusted register: verify, journal, apply, pin. Nothing is answered from a store that fails this.

1-4. `ledger.audit` (indices, leaves, root, signer); 5-6. `register.judge`. What stands here besides: a store behind the pin was rolled
back, one that differs beside it was forked, and what was verified before is bound by the pinned tree.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import starmap
from typing import Final

from govern.errors import IntegrityError
from govern.ledger.audit import Entries, Head, replay
from govern.ledger.commitment import Entry
from govern.ledger.merkle import CompactRange
from govern.register import connection
from govern.register.epochs import EpochKeys
from govern.register.frames import Written
from govern.register.journal import Journal
from govern.register.judge import Judge
from govern.register.pin import Pin
from govern.store.reading import EntryRow, Reading

_BATCH = 2_000
_ORIGIN: Final = re.compile(r"govern/[0-9a-f]{64}").fullmatch


class Rows:
    """One transaction's rows, and the entries that they are: read whenever they are walked, so that memory stays bounded."""

    def __init__(self, raw: Callable[[], Iterator[EntryRow]], *, first: int, until: int) -> None:
        self._raw, self.first, self.until = raw, first, until

    def raw(self) -> Iterator[EntryRow]:
        """The rows themselves, in order."""
        return self._raw()

    def __iter__(self) -> Iterator[Entry]:
        return starmap(Entry, self._raw())

    def __len__(self) -> int:
        return self.until - self.first


class Pages:
    """Rows of the store, a page at a time: of transactions that follow each other, one question reads many."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._start, self._rows = 0, list[EntryRow]()

    def rows(self, first: int, until: int) -> Iterator[EntryRow]:
        """Those with first <= index < until; IntegrityError (code `missing`) for the first that is not there."""
        while first < until:
            if not self._start <= first < self._start + len(self._rows):
                self._start, self._rows = first, self._reading.entries(first, first + _BATCH)
            found = self._rows[first - self._start : until - self._start]
            for row in found:
                if row[0] != first:
                    break
                yield row
                first += 1
            else:
                if found:
                    continue
            raise IntegrityError("the row is missing", index=first, code="missing")


def stored(reading: Reading, first: int, until: int, pages: Pages | None = None) -> Rows:
    """The store's entries with first <= index < until."""
    pages = pages or Pages(reading)
    return Rows(lambda: pages.rows(first, until), first=first, until=until)


def transactions(reading: Reading, after: int) -> Iterator[tuple[bytes, Rows]]:
    """Each transaction of the store behind `after`."""
    first, pages = after, Pages(reading)
    for size, note in reading.checkpoints(after):
        yield note, stored(reading, first, size, pages)
        first = size


def head_of(db: sqlite3.Connection) -> Head:
    """How far the register has replayed."""
    tree = connection.state(db, "tree")
    return Head(CompactRange.decode(tree), connection.state(db, "note")) if tree else Head(CompactRange(), None)


def advance(db: sqlite3.Connection, head: Head, source: Iterable[tuple[bytes, Entries]], *, vault: bytes, keys: EpochKeys) -> Head:
    """Replay `source` into the register inside the caller's write transaction; the new head stands in `state`."""
    judge = Judge(db, vault=vault, keys=keys)
    head = replay(head, source, judge, vault=vault)
    judge.save(head.tree.encode())
    return head


def check_against_pin(reading: Reading, pin: Pin | None) -> tuple[int, bytes]:
    """The store's head, refused (IntegrityError) where it is behind the pin or differs from it."""
    head = reading.head()
    if pin is not None:
        _contains(reading, head, pin.size, pin.note)
    return head


def check_against_register(reading: Reading, head: Head) -> None:
    """The same for what the register has replayed: it outlives a pin that was lost or torn."""
    if head.note is not None:
        _contains(reading, reading.head(), head.size, head.note)


def _contains(reading: Reading, head: tuple[int, bytes], size: int, note: bytes) -> None:
    if head == (size, note):
        return
    present = head[0]
    if present and _ORIGIN(_vault(head[1])) and _vault(head[1]) != _vault(note):
        raise IntegrityError(
            "this is another vault's file", expected=_vault(note), found=_vault(head[1]), code="other-vault",
            hint="name the vault of this machine with --vault, or put its newest database back",
        )  # fmt: skip
    if present < size:
        raise IntegrityError(
            "the vault was rolled back: this machine has verified more than it holds",
            expected=f"at least {size} entries",
            found=str(present),
            code="rolled-back",
            hint="put the newest database back; or each member refills it: govern vault restore --refill (one alone: --from-journal)",
        )
    if reading.checkpoint(size) != note:
        raise IntegrityError(
            f"the vault was forked: its checkpoint of size {size} is not the one that this machine has verified",
            index=size - 1,
            code="forked",
        )


def _vault(note: bytes) -> str:
    """What a checkpoint calls its vault: the origin, its first line. Not verified: only told to whoever is refused."""
    return note.split(b"\n", 1)[0][:100].decode("ascii", "replace")


class Kept:
    """Passes transactions on to the replay, and writes each one behind the journal as it is walked: the very rows that were verified.
    Its checkpoint follows when it was; until then nobody takes what stands there for a transaction. `ends` follows too.

    A transaction whose bytes the journal holds already (this machine wrote it, and was stopped before its register was) is not written
    twice: its versions and wraps stand there too.
    """

    def __init__(self, journal: Journal, ends: tuple[int, int], source: Iterable[tuple[bytes, Rows]]) -> None:
        self.ends = ends
        self._journal, self._source = journal, source
        self._written_from: tuple[int, int] | None = None
        self._batch = Written()

    def __iter__(self) -> Iterator[tuple[bytes, Rows]]:
        tail = self._journal.transactions(self.ends)
        standing = next(tail, None)
        for note, rows in self._source:
            if standing is not None and standing.note == note:
                yield note, rows
                self.ends = standing.end
                standing = next(tail, None)
                continue
            standing = None
            self._written_from = self._written_from or self.ends
            yield note, Rows(partial(self._through, rows), first=rows.first, until=rows.until)
            self._batch.note, self._batch.size = note, rows.until  # the generator is resumed only when the replay has verified this one
            self._write()

    def undo(self) -> None:
        """Take back what was written: a transaction was refused, and with it the register forgets all of them."""
        if self._written_from is not None:
            self._journal.cut(self._written_from)

    def _through(self, rows: Rows) -> Iterator[EntryRow]:
        for row in rows.raw():
            self._batch.entries.append(row)
            if len(self._batch.entries) >= _BATCH:
                self._write()
            yield row

    def _write(self) -> None:
        self.ends = self._journal.append(self.ends, self._batch, durable=False)
        self._batch = Written()


class JournalWraps:
    """The epoch wraps that this machine has written itself: enough to rebuild a register without the store."""

    def __init__(self, journal: Journal) -> None:
        self._rows = [wrap for wrap in journal.wraps() if len(wrap[0]) == 16]

    def epoch_wraps(self, recipient: bytes) -> list[tuple[bytes, bytes]]:
        return [(target, sealed) for target, to, sealed in self._rows if to == recipient]

    def chained(self, target: bytes) -> list[tuple[bytes, bytes]]:
        return [(to, sealed) for at, to, sealed in self._rows if at == target]
