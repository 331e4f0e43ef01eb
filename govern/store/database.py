"""What the register asks of a store: snapshots to read and transactions to write, over SQLAlchemy Core. Gives and takes bytes; believes
nothing it reads. How either engine opens, locks and fails is known in `sqlite` and `postgres` alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, ClassVar, Final

import sqlalchemy as sa

from govern.errors import GovernError, IntegrityError
from govern.store import questions, tables
from govern.store.address import Location
from govern.store.peek import Peek

EntryRow = tuple[int, bytes, bytes, bytes, bytes, bytes | None]
"""index, compartment, epoch, commitment, sealed, personal"""

_ENTRY_TYPES = (int, bytes, bytes, bytes, bytes)
_FEW = 500
"""So many values stand in one question."""

META: Final = [("format", b"1")]
"""What `meta` holds in a store of format 1."""


class Store(ABC):
    """One vault's database at `location`."""

    server: ClassVar[bool]
    """Whether another machine keeps it: what was sent there may have been seen although it was never committed."""

    def __init__(self, location: Location, engine: sa.Engine) -> None:
        self.location = location
        self._engine = engine

    def close(self) -> None:
        self._engine.dispose()

    @abstractmethod
    def settings(self) -> list[tuple[str, str, str]]:
        """Name, wanted and found value of what durability and safety depend on, as a connection of ours has it."""

    def may_change_entries(self) -> bool:
        """Whether a server lets this login update or remove what was written; a file is its owner's."""
        return True

    @abstractmethod
    def truncate_log(self) -> None:
        """Have nothing of what was dropped lie about in files that go with the database, as far as this is ours to say."""

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """A consistent snapshot; the schema is checked first."""
        with self._translated(), self._connected(write=False) as connection:
            yield Reading(connection, self)

    @contextmanager
    def writing(self, *, patient: bool = True) -> Iterator[Writing]:
        """The write lock, taken at once. Nothing is kept unless `Writing.commit` was called. Not `patient`: wait for the lock once only."""
        with self._translated(), self._connected(write=True, patient=patient) as connection:
            yield Writing(connection, self)

    def peek(self) -> Peek:
        """The head as the store shows it, believed by nobody."""
        with self.reading() as reading:
            return reading.peek()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except GovernError:
            raise
        except Exception as error:
            ours = self._ours(error)
            if ours is None:
                raise
            raise ours from error

    # --- what each engine does in its own way ------------------------------------------------------------------------------------------

    @abstractmethod
    def _connected(self, *, write: bool, patient: bool = True) -> AbstractContextManager[sa.Connection]:
        """A connection in a transaction, its schema checked; with the write lock if asked for."""

    @abstractmethod
    def begin(self, connection: sa.Connection) -> None:
        """Take the write lock in a new transaction of this connection."""

    @abstractmethod
    def _ours(self, error: Exception) -> GovernError | None:
        """The error of our own tree for what the database says; None for what it did not say."""

    @abstractmethod
    def check_whole(self, connection: sa.Connection) -> None:
        """The engine's own check: an index that gives other rows than its table would show different things to different questions."""

    @abstractmethod
    def odd_row(self, connection: sa.Connection, first: int, until: int) -> int | None:
        """The first of these entries in which text stands that is no text, so that the driver can't read it."""

    def put_rows(self, connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows whose values stand in the order of the table's columns."""
        names = table.columns.keys()
        connection.execute(sa.insert(table), [dict(zip(names, row, strict=True)) for row in rows])

    @abstractmethod
    def put_wraps(self, connection: sa.Connection, values: list[dict[str, Any]]) -> None:
        """Insert wraps (target, recipient, sealed), each in place of one that stands under the same key."""


class Reading:
    """Queries over one snapshot."""

    def __init__(self, connection: sa.Connection, store: Store) -> None:
        self._connection = connection
        self._store = store

    def peek(self) -> Peek:
        """Newest checkpoint and greatest index, compared with nothing; IntegrityError where they are not of their types."""
        last, size, note = self._connection.execute(questions.HEAD).one()
        if size is None or last is None:
            return Peek(-1, b"", -1)
        if not (isinstance(size, int) and isinstance(note, bytes) and isinstance(last, int)):
            raise IntegrityError("the newest checkpoint is no checkpoint", code="damaged")
        return Peek(size, note, last)

    def head(self) -> tuple[int, bytes]:
        """Size and note of the newest checkpoint, (0, b"") in an empty store. Entries beyond it are an IntegrityError."""
        last, newest, note = self._connection.execute(questions.HEAD).one()
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
        note = self._connection.execute(questions.CHECKPOINT, {"size": size}).scalar()
        return note if isinstance(note, bytes) else None

    def checkpoints(self, after: int) -> Iterator[tuple[int, bytes]]:
        """Size and note of every checkpoint of a size above `after`, in order; a page of rows at a time."""
        rows: Sequence[Any] = (None,) * questions.BATCH
        while len(rows) == questions.BATCH:
            rows = self._connection.execute(questions.CHECKPOINTS, {"after": after}).fetchall()
            for size, note in rows:
                if not isinstance(size, int) or not isinstance(note, bytes):
                    raise IntegrityError("a column of its checkpoint is not of its type", index=after, code="damaged")
                yield size, note
                after = size

    def entries(self, first: int, until: int) -> list[EntryRow]:
        """Rows with first <= index < until, in order; columns are of their types (else IntegrityError), nothing else is checked."""
        try:
            rows = [tuple(row) for row in self._connection.execute(questions.ENTRIES, {"first": first, "until": until})]
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
        for start in range(0, len(indices), _FEW):
            wanted = tables.entry.c.idx.in_(indices[start : start + _FEW])
            found += self._connection.execute(sa.select(tables.entry.c.idx).where(wanted, tables.entry.c.personal.is_not(None))).scalars()
        return found

    def version(self, digest: bytes) -> tuple[bytes, bytes] | None:
        """Commitment to the data key and sealed bytes, or None."""
        row = self._connection.execute(questions.VERSION, {"digest": digest}).fetchone()
        if row is None or not (isinstance(row[0], bytes) and isinstance(row[1], bytes)):
            return None
        return row[0], row[1]

    def wrap(self, target: bytes, recipient: bytes) -> bytes | None:
        sealed = self._connection.execute(questions.WRAP, {"target": target, "recipient": recipient}).scalar()
        return sealed if isinstance(sealed, bytes) else None

    def epoch_wraps(self, recipient: bytes) -> list[tuple[bytes, bytes]]:
        """Target (16-byte epoch id) and sealed key of every epoch wrap to this recipient."""
        found = self._connection.execute(questions.EPOCH_WRAPS, {"recipient": recipient})
        return [(row[0], row[1]) for row in found if isinstance(row[0], bytes) and len(row[0]) == 16 and isinstance(row[1], bytes)]

    def chained(self, target: bytes) -> list[tuple[bytes, bytes]]:
        """Recipient id and sealed bytes of every wrap of one target; an epoch's previous key stands among them under its own epoch id."""
        found = self._connection.execute(questions.WRAPS_OF, {"target": target})
        return [(row[0], row[1]) for row in found if isinstance(row[0], bytes) and isinstance(row[1], bytes)]

    def meta(self) -> list[tuple[Any, ...]]:
        """Every row of `meta`."""
        return [tuple(row) for row in self._connection.execute(questions.META)]

    def mail(self, id_: bytes) -> bytes | None:
        """What was posted under this id. Anybody may have: it is to be checked before any of it is believed."""
        body = self._connection.execute(questions.MAIL, {"of": id_}).scalar()
        return body if isinstance(body, bytes) else None

    def all_wraps(self) -> Iterator[tuple[bytes, bytes, bytes]]:
        yield from self._whole(questions.ALL_WRAPS)

    def all_versions(self) -> Iterator[tuple[bytes, bytes, bytes]]:
        yield from self._whole(questions.ALL_VERSIONS)

    def letters(self) -> Iterator[tuple[bytes, str, bytes]]:
        """Every row of the mailbox: id, kind, body; nobody vouches for them."""
        yield from self._whole(questions.LETTERS)

    def _whole(self, query: sa.Select[Any]) -> Iterator[tuple[Any, ...]]:
        """Rows of columns that always hold something; IntegrityError for a value that is larger than any of govern's."""
        for row in self._many(query):
            if None in row:
                raise IntegrityError("a value is larger than any of govern's", code="damaged", hint="restore it: govern vault restore")
            yield row

    def _many(self, query: sa.Select[Any]) -> Iterator[tuple[Any, ...]]:
        """Rows that need not fit into memory."""
        with self._connection.execute(query, execution_options={"yield_per": questions.BATCH}) as rows:
            yield from map(tuple, rows)


class Writing(Reading):
    """Inserts under the write lock. A lost race fails on a primary key, it never forks."""

    def _put(self, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            self._store.put_rows(self._connection, table, rows)

    def insert_entries(self, rows: Sequence[EntryRow]) -> None:
        self._put(tables.entry, rows)

    def drop_personal(self, indices: Sequence[int]) -> None:
        """Forget the personal parts of these entries: the only thing in a ledger that is ever taken away."""
        for start in range(0, len(indices), _FEW):
            wanted = tables.entry.c.idx.in_(indices[start : start + _FEW])
            self._connection.execute(sa.update(tables.entry).where(wanted).values(personal=None))

    def insert_checkpoint(self, size: int, note: bytes) -> None:
        self.insert_checkpoints([(size, note)])

    def insert_checkpoints(self, rows: Iterable[tuple[int, bytes]]) -> None:
        self._put(tables.checkpoint, list(rows))

    def insert_versions(self, rows: Iterable[tuple[bytes, bytes, bytes]]) -> None:
        self._put(tables.version, list(rows))

    def insert_wraps(self, rows: Iterable[tuple[bytes, bytes, bytes]]) -> None:
        values = [{"target": target, "recipient": recipient, "sealed": sealed} for target, recipient, sealed in rows]
        if values:
            self._store.put_wraps(self._connection, values)

    def drop_wraps(self, rows: Iterable[tuple[bytes, bytes]]) -> None:
        values = [{"t": target, "r": recipient} for target, recipient in rows]
        if values:
            self._connection.execute(questions.DROP_WRAP, values)

    def insert_letters(self, rows: Iterable[tuple[bytes, str, bytes]]) -> None:
        self._put(tables.mailbox, list(rows))

    def post(self, id_: bytes, kind: str, body: bytes) -> None:
        """Put a request in the place of one that was posted under the same id."""
        self.drop_mail(id_)
        self.insert_letters([(id_, kind, body)])

    def drop_mail(self, id_: bytes) -> None:
        self._connection.execute(sa.delete(tables.mailbox).where(tables.mailbox.c.id == id_))

    def set_meta(self, key: str, value: bytes) -> None:
        self._connection.execute(sa.insert(tables.meta), {"key": key, "value": value})

    def commit(self) -> None:
        self._connection.commit()

    def rollback(self) -> None:
        self._connection.rollback()

    def begin(self) -> None:
        """Take the write lock again after a commit in the same context."""
        self._store.begin(self._connection)


def open_store(location: Location) -> Store:
    """Open the existing vault there. NotFound where there is none; Usage where a server's driver is not installed."""
    if isinstance(location, Path):
        from govern.store import sqlite

        return sqlite.open_store(location)
    from govern.store import postgres

    return postgres.open_store(location)


def create_store(location: Location) -> bool:
    """Make the six tables in a new file or an empty database; refuses (Failed, code `exists`) to touch a vault that is there.

    False where a server's administrator had made the tables already, and they are empty.
    """
    if isinstance(location, Path):
        from govern.store import sqlite

        return sqlite.create_store(location)
    from govern.store import postgres

    return postgres.create_store(location)


def check_free(location: Location) -> None:
    """Refuse as `create_store` would, and make nothing."""
    if isinstance(location, Path):
        from govern.store import sqlite

        return sqlite.check_free(location)
    from govern.store import postgres

    return postgres.check_free(location)


def discard_store(location: Location, *, filled: bool = False) -> None:
    """Take back a store that `create_store` has just made; one on a server only while it is empty, unless `filled`."""
    if isinstance(location, Path):
        from govern.store import sqlite

        return sqlite.discard_store(location)
    from govern.store import postgres

    return postgres.discard_store(location, filled=filled)
