"""What the register asks of a store: snapshots to read and transactions to write, over SQLAlchemy Core. Gives and takes bytes; believes
nothing it reads. How either engine opens, locks and fails is known in `sqlite` and `postgres` alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, ClassVar

import sqlalchemy as sa

from govern.errors import GovernError
from govern.store import questions
from govern.store.address import Location
from govern.store.peek import Peek
from govern.store.reading import Reading
from govern.store.writing import Writing


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

    def passes(self, error: BaseException, *, waiting: bool = True) -> bool:  # noqa: ARG002
        """Whether the same may succeed in a moment: what a server says when it restarts, had to end one of two, or (`waiting`) when somebody else
        held a lock all the time. Never of a file."""
        return False

    @abstractmethod
    def truncate_log(self) -> None:
        """Have nothing of what was dropped lie about in files that go with the database, as far as this is ours to say."""

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """A consistent snapshot; the schema is checked first."""
        try:
            with self._connected(write=False) as connection:
                yield Reading(connection, self)
        except Exception as error:
            self._tell(error)
            raise

    @contextmanager
    def writing(self, *, patient: bool = True) -> Iterator[Writing]:
        """The write lock, taken at once. Nothing is kept unless `Writing.commit` was called. Not `patient`: wait for the lock once only."""
        try:
            with self._connected(write=True, patient=patient) as connection:
                yield Writing(connection, self)
        except Exception as error:
            self._tell(error)
            raise

    def peek(self) -> Peek:
        """The head as the store shows it, believed by nobody."""
        with self.reading() as reading:
            return reading.peek()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self._tell(error)
            raise

    def _tell(self, error: Exception) -> None:
        """Raise the error of our own tree for what the database says; nothing for what it did not say."""
        ours = None if isinstance(error, GovernError) else self._ours(error)
        if ours is not None:
            raise ours from error

    # --- what each engine does in its own way ------------------------------------------------------------------------------------------

    @abstractmethod
    def _connected(self, *, write: bool, patient: bool = True) -> AbstractContextManager[sa.Connection]:
        """A connection in a transaction, its schema checked; with the write lock if asked for."""

    @abstractmethod
    def begin(self, connection: sa.Connection) -> None:
        """Take the write lock in a new transaction of this connection."""

    def commit(self, connection: sa.Connection) -> None:
        """Make durable what was written in this connection's transaction, and end it."""
        connection.commit()

    def roll_back(self, connection: sa.Connection) -> None:
        connection.rollback()

    def renew(self, connection: sa.Connection) -> None:
        """The write lock again, where this connection was lost or its transaction failed; what it held is given up."""
        connection.rollback()
        self.begin(connection)

    @abstractmethod
    def _ours(self, error: Exception) -> GovernError | None:
        """The error of our own tree for what the database says; None for what it did not say."""

    @abstractmethod
    def check_whole(self, connection: sa.Connection) -> None:
        """The engine's own check: an index that gives other rows than its table would show different things to different questions."""

    @abstractmethod
    def odd_row(self, connection: sa.Connection, first: int, until: int) -> int | None:
        """The first of these entries in which text stands that is no text, so that the driver can't read it."""

    def newest(self, connection: sa.Connection) -> tuple[Any, Any, Any]:
        """Greatest index, size and note of the newest checkpoint, of whatever types they are; None where there is none."""
        last, size, note = connection.execute(questions.head()).one()
        return last, size, note

    def put_rows(self, connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows whose values stand in the order of the table's columns."""
        names = table.columns.keys()
        connection.execute(sa.insert(table), [dict(zip(names, row, strict=True)) for row in rows])

    @abstractmethod
    def put_wraps(self, connection: sa.Connection, rows: Sequence[tuple[bytes, bytes, bytes]]) -> None:
        """Insert wraps (target, recipient, sealed), each in place of one that stands under the same key."""

    def wraps_to(self, connection: sa.Connection, recipient: bytes, targets: Sequence[bytes]) -> Iterable[Sequence[Any]]:
        """Target and sealed bytes, of whatever types they are, of the wraps of these few targets to this recipient."""
        return connection.execute(questions.wraps_to(), {"recipient": recipient, "targets": targets})

    def drop_wraps(self, connection: sa.Connection, rows: Sequence[tuple[bytes, bytes]]) -> None:
        """Remove wraps (target, recipient); one that is not there is none to remove."""
        connection.execute(questions.drop_wrap(), [{"t": target, "r": recipient} for target, recipient in rows])


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
    from govern.store import postgres_whole

    return postgres_whole.create_store(location)


def check_free(location: Location) -> None:
    """Refuse as `create_store` would, and make nothing."""
    if isinstance(location, Path):
        from govern.store import sqlite

        return sqlite.check_free(location)
    from govern.store import postgres_whole

    return postgres_whole.check_free(location)


def discard_store(location: Location, *, filled: bool = False) -> None:
    """Take back a store that `create_store` has just made; one on a server only while it is empty, unless `filled`."""
    if isinstance(location, Path):
        from govern.store import sqlite

        return sqlite.discard_store(location)
    from govern.store import postgres_whole

    return postgres_whole.discard_store(location, filled=filled)
