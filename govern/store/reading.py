"""What is asked of one snapshot of a store. Gives bytes, checks their types and nothing else, and believes none of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from govern.errors import IntegrityError
from govern.store import questions, tables
from govern.store.peek import Peek, seen

if TYPE_CHECKING:
    from govern.store.database import Store

EntryRow = tuple[int, bytes, bytes, bytes, bytes, bytes | None]
"""index, compartment, epoch, commitment, sealed, personal"""

_ENTRY_TYPES = (int, bytes, bytes, bytes, bytes)
FEW = 500
"""So many values stand in one question."""

META: Final = [("format", b"1")]
"""What `meta` holds in a store of format 1."""


class Reading:
    """Queries over one snapshot."""

    def __init__(self, connection: sa.Connection, store: Store) -> None:
        self._connection = connection
        self._store = store

    def peek(self) -> Peek:
        """Newest checkpoint and greatest index, compared with nothing; IntegrityError where they are not of their types."""
        return seen(*self._store.newest(self._connection))

    def head(self) -> tuple[int, bytes]:
        """Size and note of the newest checkpoint, (0, b"") in an empty store. Entries beyond it are an IntegrityError."""
        last, newest, note = self._store.newest(self._connection)
        size = 0 if newest is None else newest
        if not isinstance(size, int) or (newest is not None and not isinstance(note, bytes)):
            raise IntegrityError("the newest checkpoint is no checkpoint", code="damaged")
        if last is not None and not isinstance(last, int):
            raise IntegrityError("the last entry has no index", code="damaged")
        found = 0 if last is None else last + 1
        if found != size:
            raise IntegrityError(
                "entries and checkpoints do not end together",
                index=self._first_hole(min(found, size)),
                expected=f"{size} entries",
                found=str(found),
                code="tail",
            )
        return (size, note) if newest is not None else (0, b"")

    def _first_hole(self, otherwise: int) -> int:
        """The first index that has no row of its own, else `otherwise`: where the entries stopped being a ledger."""
        rows = self._many(sa.select(tables.entry.c.idx).order_by(tables.entry.c.idx))
        return next((number for number, (index,) in enumerate(rows) if index != number), otherwise)

    def checkpoint(self, size: int) -> bytes | None:
        """The note of the checkpoint of just this size."""
        note = self._connection.execute(questions.checkpoint(), {"size": size}).scalar()
        return note if isinstance(note, bytes) else None

    def checkpoints(self, after: int) -> Iterator[tuple[int, bytes]]:
        """Size and note of every checkpoint of a size above `after`, in order; a page of rows at a time."""
        rows: Sequence[Any] = (None,) * questions.BATCH
        while len(rows) == questions.BATCH:
            rows = self._connection.execute(questions.checkpoints(), {"after": after}).fetchall()
            for size, note in rows:
                if not isinstance(size, int) or not isinstance(note, bytes):
                    raise IntegrityError("a column of its checkpoint is not of its type", index=after, code="damaged")
                yield size, note
                after = size

    def entries(self, first: int, until: int) -> list[EntryRow]:
        """Rows with first <= index < until, in order; columns are of their types (else IntegrityError), nothing else is checked."""
        try:
            rows = [tuple(row) for row in self._connection.execute(questions.entries(), {"first": first, "until": until})]
        except (sa.exc.DBAPIError, UnicodeDecodeError):
            odd = self._store.odd_row(self._connection, first, until)
            if odd is not None:
                raise IntegrityError("a column of the row is not of its type", index=odd, code="damaged") from None
            raise
        for number, row in enumerate(rows, first):
            if tuple(map(type, row[:5])) != _ENTRY_TYPES or not (row[5] is None or isinstance(row[5], bytes)):
                raise IntegrityError("a column of the row is not of its type", index=number, code="damaged")
        return rows

    def transactions(self, after: int) -> Iterator[tuple[bytes, list[EntryRow]]]:
        """Each later transaction: its checkpoint's note and its rows. Rows are read transaction by transaction."""
        first = after
        for size, note in list(self.checkpoints(after)):
            yield note, self.entries(first, size)
            first = size

    def strays(self, size: int) -> tuple[int, int]:
        """How many entries and checkpoints have an index or a size that a ledger of `size` entries does not have."""
        idx, sizes = tables.entry.c.idx, tables.checkpoint.c.size
        entries = self._connection.execute(sa.select(sa.func.count()).where(~idx.between(0, size - 1))).scalar_one()
        return entries, self._connection.execute(sa.select(sa.func.count()).where(~sizes.between(1, size))).scalar_one()

    def check_pages(self) -> None:
        """The engine's own check of its pages and indices."""
        self._store.check_whole(self._connection)

    def with_personal(self, indices: Sequence[int]) -> list[int]:
        """Those of these entries that have a personal part."""
        found: list[int] = []
        for start in range(0, len(indices), FEW):
            wanted = tables.entry.c.idx.in_(indices[start : start + FEW])
            found += self._connection.execute(sa.select(tables.entry.c.idx).where(wanted, tables.entry.c.personal.is_not(None))).scalars()
        return found

    def with_sealed(self, targets: Sequence[bytes]) -> list[bytes]:
        """Those of these versions (manifest digests) that are there, or any wrap of them."""
        found: set[bytes] = set()
        for start in range(0, len(targets), FEW):
            few = targets[start : start + FEW]
            for column in (tables.version.c.digest, tables.wrap.c.target):
                found |= set(self._connection.execute(sa.select(column).where(column.in_(few))).scalars())
        return sorted(found)

    def version(self, digest: bytes) -> tuple[bytes, bytes] | None:
        """Commitment to the data key and sealed bytes, or None."""
        row = self._connection.execute(questions.version(), {"digest": digest}).fetchone()
        if row is None or not (isinstance(row[0], bytes) and isinstance(row[1], bytes)):
            return None
        return row[0], row[1]

    def versions(self, digests: Sequence[bytes]) -> dict[bytes, tuple[bytes, bytes]]:
        """What `version` says of each of these digests that is there, asked for many at once."""
        found: dict[bytes, tuple[bytes, bytes]] = {}
        for start in range(0, len(digests), FEW):
            rows = self._connection.execute(questions.versions(), {"digests": digests[start : start + FEW]})
            found.update((row[0], (row[1], row[2])) for row in rows if isinstance(row[1], bytes) and isinstance(row[2], bytes))
        return found

    def wraps(self, recipient: bytes, targets: Sequence[bytes]) -> dict[bytes, bytes]:
        """What `wrap` says of each of these targets that is wrapped to this recipient, asked for many at once."""
        found: dict[bytes, bytes] = {}
        for start in range(0, len(targets), FEW):
            rows = self._store.wraps_to(self._connection, recipient, targets[start : start + FEW])
            found.update((row[0], row[1]) for row in rows if isinstance(row[1], bytes))
        return found

    def wrap(self, target: bytes, recipient: bytes) -> bytes | None:
        sealed = self._connection.execute(questions.wrap(), {"target": target, "recipient": recipient}).scalar()
        return sealed if isinstance(sealed, bytes) else None

    def epoch_wraps(self, recipient: bytes) -> list[tuple[bytes, bytes]]:
        """Target (16-byte epoch id) and sealed key of every epoch wrap to this recipient."""
        found = self._connection.execute(questions.epoch_wraps(), {"recipient": recipient})
        return [(row[0], row[1]) for row in found if isinstance(row[0], bytes) and len(row[0]) == 16 and isinstance(row[1], bytes)]

    def chained(self, target: bytes) -> list[tuple[bytes, bytes]]:
        """Recipient id and sealed bytes of every wrap of one target; an epoch's previous key stands among them under its own epoch id."""
        found = self._connection.execute(questions.wraps_of(), {"target": target})
        return [(row[0], row[1]) for row in found if isinstance(row[0], bytes) and isinstance(row[1], bytes)]

    def meta(self) -> list[tuple[Any, ...]]:
        """Every row of `meta`."""
        return [tuple(row) for row in self._connection.execute(questions.everything(tables.meta))]

    def mail(self, id_: bytes) -> bytes | None:
        """What was posted under this id. Anybody may have: it is to be checked before any of it is believed."""
        body = self._connection.execute(questions.mail(), {"of": id_}).scalar()
        return body if isinstance(body, bytes) else None

    def all_wraps(self) -> Iterator[tuple[bytes, bytes, bytes]]:
        yield from self._whole(questions.everything(tables.wrap))

    def all_versions(self) -> Iterator[tuple[bytes, bytes, bytes]]:
        yield from self._whole(questions.everything(tables.version))

    def letters(self) -> Iterator[tuple[bytes, str, bytes]]:
        """Every row of the mailbox: id, kind, body; nobody vouches for them."""
        yield from self._whole(questions.everything(tables.mailbox))

    def _whole(self, query: sa.Select[Any]) -> Iterator[tuple[Any, ...]]:
        """Rows of columns that always hold something; IntegrityError for a value that is larger than any of govern's."""
        for row in self._many(query):
            if None in row:
                raise IntegrityError(
                    "a value is larger than any of govern's",
                    code="damaged",
                    hint="restore it: govern vault restore FILE, or --from-journal",
                )
            yield row

    def _many(self, query: sa.Select[Any]) -> Iterator[tuple[Any, ...]]:
        """Rows that need not fit into memory."""
        with self._connection.execute(query, execution_options={"yield_per": questions.BATCH}) as rows:
            yield from map(tuple, rows)
