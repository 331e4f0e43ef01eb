"""A vault in a SQLite file: how it is opened, made, locked and checked, and what its errors mean.

Questions are asked through SQLAlchemy, but for what every transaction does: its beginning and end, the look at schema and head, and the
rows put in go to the driver itself. SQLAlchemy's own share of those would be five times that of SQLite.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event as listening

from govern.errors import Failed, GovernError, IntegrityError
from govern.store import tables
from govern.store.database import Store
from govern.store.peek import BUSY_MS, HEAD, MOST_VALUE, bound, check_beside, no_vault, real
from govern.store.schema import PARSE_ANEW, SCHEMA_QUERY, VERSION_QUERY, check_schema, from_sqlite

_SETTINGS: Final = {"journal_mode": "wal", "synchronous": "2", "secure_delete": "1", "trusted_schema": "0"}


class SqliteStore(Store):
    """Durable in every commit, and trusting nothing that its schema might say."""

    server = False

    def __init__(self, location: Path, engine: sa.Engine) -> None:
        super().__init__(location, engine)
        self._idle: list[sa.Connection] = []
        self._drivers: dict[sa.Connection, sqlite3.Connection] = {}
        """What is under each connection that is open."""
        self._compared: dict[sa.Connection, int] = {}
        """The version of the schema that each has last found to be ours."""

    def close(self) -> None:
        while self._idle:
            self._close(self._idle.pop())
        super().close()

    def _open(self) -> sa.Connection:
        connection = self._engine.connect()
        self._drivers[connection] = _driver(connection)
        return connection

    def _close(self, connection: sa.Connection) -> None:
        self._drivers.pop(connection, None)
        self._compared.pop(connection, None)
        connection.close()

    def settings(self) -> list[tuple[str, str, str]]:
        with self._translated(), self._engine.connect() as connection:
            return [(name, value, str(connection.exec_driver_sql(f"PRAGMA {name}").scalar())) for name, value in _SETTINGS.items()]

    def truncate_log(self) -> None:
        """Empty the write-ahead file, which may still hold what was dropped; left for another time where somebody reads just now."""
        with self._translated(), self._engine.connect() as connection:
            _driver(connection).execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    @contextmanager
    def _connected(self, *, write: bool, patient: bool = True) -> Iterator[sa.Connection]:  # noqa: ARG002
        connection = self._idle.pop() if self._idle else self._open()
        try:
            self._begin(connection, write=write)
            yield connection
            self.roll_back(connection)
        except BaseException:
            self._close(connection)
            raise
        self._idle.append(connection)

    def begin(self, connection: sa.Connection) -> None:
        self._begin(connection, write=True)

    def _begin(self, connection: sa.Connection, *, write: bool) -> None:
        """A transaction, in which the schema is ours.

        SQLite goes by what it has parsed until the version in the file's header is another one, which is no proof of anything: whoever can write
        to the file can plant a trigger, let it be parsed, take its row away and put the version back. So the schema is parsed anew in the snapshot in
        which it is compared: the first time that a connection is used, and whenever the version has moved. From then on this connection acts by
        what it has compared, as long as the version stands, whatever the rows say by now. A connection on which anything failed is given up.
        """
        self._ask(connection, "BEGIN IMMEDIATE" if write else "BEGIN")
        ((version,),) = self._ask(connection, VERSION_QUERY)
        if self._compared.get(connection) != version:
            self._ask(connection, PARSE_ANEW)
            check_schema(self._ask(connection, SCHEMA_QUERY))
            self._compared[connection] = version

    def commit(self, connection: sa.Connection) -> None:
        self._ask(connection, "COMMIT")
        if connection.in_transaction():  # SQLAlchemy's own, begun by a question
            connection.rollback()

    def roll_back(self, connection: sa.Connection) -> None:
        if connection.in_transaction():
            connection.rollback()
        driver = self._drivers[connection]
        if driver.in_transaction:
            driver.rollback()

    def newest(self, connection: sa.Connection) -> tuple[Any, Any, Any]:
        ((last, size, note),) = self._ask(connection, HEAD)
        return last, size, note

    def _ask(self, connection: sa.Connection, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The driver's rows; its errors are told at once, since the register's, in whose transaction we may be, are of the same kind."""
        try:
            return self._drivers[connection].execute(statement, values).fetchall()
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise from_sqlite(error, str(self.location)) from error

    def _put(self, connection: sa.Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        try:
            self._drivers[connection].executemany(statement, rows)
        except sqlite3.Error as error:
            raise from_sqlite(error, str(self.location)) from error

    def _ours(self, error: Exception) -> GovernError | None:
        if isinstance(error, sa.exc.DBAPIError):
            if isinstance(error.orig, sqlite3.Error):
                return from_sqlite(error.orig, str(self.location))
            return Failed(f"{self.location}: the database refused ({type(error.orig).__name__})", code="database")
        if isinstance(error, (sqlite3.Error, UnicodeDecodeError)):
            return from_sqlite(error, str(self.location))
        return None

    def check_whole(self, connection: sa.Connection) -> None:
        found = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
        if found != "ok":
            raise IntegrityError(
                f"the database file is damaged ({found})", code="damaged", hint="restore it: govern vault restore FILE, or --from-journal"
            )

    def odd_row(self, connection: sa.Connection, first: int, until: int) -> int | None:
        columns = ("compartment", "epoch", "commitment", "sealed")
        odd = " OR ".join(
            [*(f"typeof({column}) <> 'blob'" for column in columns), "typeof(personal) NOT IN ('blob', 'null')"]
            + [f"length({column}) > {MOST_VALUE}" for column in (*columns, "personal")]
        )
        found: int | None = connection.exec_driver_sql(
            f"SELECT min(idx) FROM entry WHERE idx >= ? AND idx < ? AND ({odd})",  # noqa: S608  names and a number of ours
            (first, until),
        ).scalar()
        return found

    def put_rows(self, connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """By the driver's own words: a dictionary and a compilation per row would cost as much as all else that is done for an entry's row."""
        self._put(connection, _insert(table), rows)

    def put_wraps(self, connection: sa.Connection, rows: Sequence[tuple[bytes, bytes, bytes]]) -> None:
        self._put(connection, "INSERT OR REPLACE INTO wrap (target, recipient, sealed) VALUES (?, ?, ?)", rows)

    def wraps_to(self, connection: sa.Connection, recipient: bytes, targets: Sequence[bytes]) -> list[tuple[Any, ...]]:
        marks = ", ".join("?" * len(targets))
        return self._ask(connection, f"SELECT target, sealed FROM wrap WHERE recipient = ? AND target IN ({marks})", (recipient, *targets))  # noqa: S608

    def drop_wraps(self, connection: sa.Connection, rows: Sequence[tuple[bytes, bytes]]) -> None:
        self._put(connection, "DELETE FROM wrap WHERE target = ? AND recipient = ?", rows)


def _driver(connection: sa.Connection) -> sqlite3.Connection:
    """What is under SQLAlchemy's connection."""
    found: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    return found


@cache
def _insert(table: sa.Table) -> str:
    return f"INSERT INTO {table.name} ({', '.join(table.columns.keys())}) VALUES ({', '.join('?' * len(table.columns))})"  # noqa: S608


def _engine(path: Path) -> sa.Engine:
    engine = sa.create_engine(sa.URL.create("sqlite+pysqlite", database=str(real(path))))

    @listening.listens_for(engine, "do_connect")
    def _look_first(_dialect: Any, _record: Any, _arguments: Any, _options: Any) -> None:
        check_beside(path)

    @listening.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
        check_beside(path)
        connection.isolation_level = None
        bound(connection)
        for pragma in (
            f"busy_timeout={BUSY_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "secure_delete=ON",
            "trusted_schema=OFF",
            "cell_size_check=ON",
            "cache_size=-16384",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @listening.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        if not _driver(connection).in_transaction:
            connection.exec_driver_sql("BEGIN")

    return engine


def open_store(path: Path) -> Store:
    """Open the existing vault at `path` (NotFound where there is none)."""
    if not path.is_file():
        raise no_vault(path)
    return SqliteStore(path, _engine(path))


def check_free(path: Path) -> None:
    """Refuse (Failed, code `exists`) a file that is there."""
    if path.exists():
        raise Failed(
            f"{path} exists already",
            code="exists",
            hint="name another file with --vault, or go on with the vault that is there: govern status",
        )


def create_store(path: Path) -> bool:
    """Create the six tables in a new file; refuses to touch an existing one."""
    check_free(path)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    store = SqliteStore(path, _engine(path))
    try:
        with store._translated():
            tables.metadata.create_all(store._engine)
        with store.writing() as writing:
            writing.set_meta("format", b"1")
            writing.commit()
    except BaseException:
        store.close()
        discard_store(path)
        raise
    store.close()
    return True


def discard_store(path: Path) -> None:
    """Remove the file with its WAL."""
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
