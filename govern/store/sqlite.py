"""A vault in a SQLite file: how it is opened, made, locked and checked, and what its errors mean."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event as listening

from govern.errors import Failed, GovernError, IntegrityError
from govern.store import tables
from govern.store.database import Store
from govern.store.peek import BUSY_MS, bound, check_beside, no_vault, real
from govern.store.schema import SCHEMA_QUERY, check_schema, from_sqlite

_SETTINGS: Final = {"journal_mode": "wal", "synchronous": "2", "secure_delete": "1", "trusted_schema": "0"}
_BEGUN_FOR_WRITING: Final = "govern_write"


class SqliteStore(Store):
    """Durable in every commit, and trusting nothing that its schema might say."""

    server = False

    def settings(self) -> list[tuple[str, str, str]]:
        with self._translated(), self._engine.connect() as connection:
            return [(name, value, str(connection.exec_driver_sql(f"PRAGMA {name}").scalar())) for name, value in _SETTINGS.items()]

    def truncate_log(self) -> None:
        """Empty the write-ahead file, which may still hold what was dropped; left for another time where somebody reads just now."""
        with self._translated(), self._engine.connect() as connection:
            connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()  # type: ignore[union-attr]

    @contextmanager
    def _connected(self, *, write: bool, patient: bool = True) -> Iterator[sa.Connection]:  # noqa: ARG002
        with self._engine.connect().execution_options(**{_BEGUN_FOR_WRITING: write}) as connection:
            if write:
                self.begin(connection)
            check_schema(connection.exec_driver_sql(SCHEMA_QUERY))
            yield connection

    def begin(self, connection: sa.Connection) -> None:
        connection.begin()

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
            raise IntegrityError(f"the database file is damaged ({found})", code="damaged", hint="restore it: govern vault restore")

    def odd_row(self, connection: sa.Connection, first: int, until: int) -> int | None:
        typed = " OR ".join(f"typeof({column}) <> 'blob'" for column in ("compartment", "epoch", "commitment", "sealed"))
        found: int | None = connection.exec_driver_sql(
            f"SELECT min(idx) FROM entry WHERE idx >= ? AND idx < ? AND ({typed} OR typeof(personal) NOT IN ('blob', 'null'))",  # noqa: S608
            (first, until),
        ).scalar()
        return found

    def put_rows(self, connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """By the driver's own words: a dictionary and a compilation per row would cost as much as all else that is done for an entry's row."""
        marks = ", ".join("?" * len(table.columns))
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({', '.join(table.columns.keys())}) VALUES ({marks})", list(rows))  # noqa: S608

    def put_wraps(self, connection: sa.Connection, values: list[dict[str, Any]]) -> None:
        connection.execute(sa.insert(tables.wrap).prefix_with("OR REPLACE", dialect="sqlite"), values)


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
        ):
            connection.execute(f"PRAGMA {pragma}")

    @listening.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        write = connection.get_execution_options().get(_BEGUN_FOR_WRITING, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

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
