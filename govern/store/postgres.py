"""A vault on a PostgreSQL server: how it is reached, locked and checked. psycopg 3 is loaded here and nowhere else.

Whoever writes holds one row of `meta` (`SELECT … FOR UPDATE`), so that writers follow each other and everybody reads on. Under that lock
each statement sees the newest state (READ COMMITTED); a reader has one unchanging snapshot (REPEATABLE READ, READ ONLY).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from govern.errors import Failed, GovernError, IntegrityError, Refused, Usage
from govern.store import tables
from govern.store.address import Server, is_loopback
from govern.store.database import Store
from govern.store.location import check_location
from govern.store.postgres_schema import SCHEMA_NAME, SCHEMA_QUERY, SEARCH_PATH, check_schema

if TYPE_CHECKING:
    import psycopg

LOCK_MS: Final = 5_000
"""How long one attempt waits for the head lock."""
_PAUSES: Final = (0.05, 0.2, 1.0)
"""Seconds before each further attempt to begin."""
_SESSION: Final = {
    "search_path": SEARCH_PATH,
    "row_security": "off",  # a policy then makes a query fail, never lie
    "lock_timeout": str(LOCK_MS),
    "idle_in_transaction_session_timeout": "120000",  # a machine that fell asleep with the lock gives it back
    "standard_conforming_strings": "on",
}
_OLDEST: Final = 130_000
_LOCK: Final = sa.select(tables.meta.c.value).where(tables.meta.c.key == "format").with_for_update()
_DURABLE: Final = {"on", "local", "remote_write", "remote_apply"}


class PostgresStore(Store):
    """`pause` waits between attempts to begin."""

    server = True

    def __init__(self, location: Server, engine: sa.Engine, pause: Callable[[float], None] = time.sleep) -> None:
        super().__init__(location, engine)
        self._pause = pause
        self._given_up: BaseException | None = None
        """What was tried as often as makes sense already."""

    def settings(self) -> list[tuple[str, str, str]]:
        with self._translated(), self._engine.connect() as connection:
            found = {
                name: str(connection.exec_driver_sql(f"SHOW {name}").scalar())
                for name in ("synchronous_commit", "fsync", "full_page_writes")
            }
        if found["synchronous_commit"] in _DURABLE:
            found["synchronous_commit"] = "on"
        return [(name, "on", value) for name, value in found.items()]

    def truncate_log(self) -> None:
        """Nothing: what the server's own log keeps, and for how long, is its administrator's to say."""

    def may_change_entries(self) -> bool:
        query = f"SELECT pg_catalog.has_table_privilege('{SCHEMA_NAME}.entry', p) FROM (VALUES ('UPDATE'), ('DELETE'), ('TRUNCATE')) v(p)"  # noqa: S608
        with self._translated(), self._connected(write=False) as connection:
            return any(row[0] for row in connection.exec_driver_sql(query))

    def passes(self, error: BaseException, *, waiting: bool = True) -> bool:
        from govern.store.postgres_errors import passes, waited

        said = error.__cause__ if isinstance(error, GovernError) else error
        if said is self._given_up or not isinstance(said, sa.exc.DBAPIError):
            return False
        return passes(said.orig) and (waiting or not waited(said.orig))

    def renew(self, connection: sa.Connection) -> None:
        """As `_begun`: what passes is tried again."""
        for pause in (*_PAUSES, None):
            try:
                with suppress(sa.exc.SQLAlchemyError):  # what was lost needs no end
                    connection.rollback()
                self.begin(connection)
                return
            except sa.exc.DBAPIError as error:
                self._given_up = error if pause is None else None
                if pause is None or not self.passes(error):
                    raise
                self._pause(pause)

    @contextmanager
    def _connected(self, *, write: bool, patient: bool = True) -> Iterator[sa.Connection]:
        connection = self._begun(write=write, patient=patient)
        try:
            yield connection
        finally:
            connection.close()

    def _begun(self, *, write: bool, patient: bool) -> sa.Connection:
        """A connection in its transaction. What passes (a server that restarts, a deadlock, a lock held long) is tried again: nothing was
        shown or written yet."""
        from govern.store.postgres_errors import passes, waited

        for pause in (*_PAUSES, None):
            connection = None
            try:
                connection = self._engine.connect()
                if write:
                    self.begin(connection)
                else:
                    self._begin(connection, isolation="REPEATABLE READ", read_only=True)
                return connection
            except BaseException as error:
                if connection is not None:
                    connection.close()
                self._given_up = error if pause is None else None
                if pause is None or not (isinstance(error, sa.exc.DBAPIError) and passes(error.orig)):
                    raise
                if not patient and waited(error.orig):
                    raise
                self._pause(pause)
        raise AssertionError

    def _begin(self, connection: sa.Connection, *, isolation: Any, read_only: bool) -> None:
        connection.execution_options(isolation_level=isolation, postgresql_readonly=read_only)
        connection.begin()
        check_schema(connection.exec_driver_sql(SCHEMA_QUERY).fetchall(), str(self.location))

    def begin(self, connection: sa.Connection) -> None:
        self._begin(connection, isolation="READ COMMITTED", read_only=False)
        if connection.execute(_LOCK).fetchone() is None:
            raise IntegrityError("the store's table meta is not as it was made", code="damaged")

    def _ours(self, error: Exception) -> GovernError | None:
        from govern.store.postgres_errors import from_postgres

        if isinstance(error, sa.exc.DBAPIError):
            return from_postgres(error.orig, str(self.location))
        if isinstance(error, (sa.exc.SQLAlchemyError, UnicodeDecodeError)):
            return Failed(f"{self.location}: the database refused ({type(error).__name__})", code="database")
        return None

    def check_whole(self, connection: sa.Connection) -> None:
        """Every key's index must know as many rows as its table."""
        for table in tables.metadata.sorted_tables:
            rows = sa.select(sa.func.count()).select_from(table)
            counts = []
            for scan, other in (("seqscan", "indexonlyscan"), ("indexonlyscan", "seqscan")):
                connection.exec_driver_sql(f"SET LOCAL enable_{scan} = on")
                connection.exec_driver_sql(f"SET LOCAL enable_{other} = off")
                connection.exec_driver_sql("SET LOCAL enable_indexscan = off")
                connection.exec_driver_sql("SET LOCAL enable_bitmapscan = off")
                counts.append(connection.execute(rows).scalar_one())
            if counts[0] != counts[1]:
                raise IntegrityError(
                    f"the index of {table.name} knows {counts[1]} rows and the table {counts[0]}", code="damaged",
                    hint=f"its administrator makes it anew: REINDEX TABLE {SCHEMA_NAME}.{table.name}",
                )  # fmt: skip
        for name in ("seqscan", "indexonlyscan", "indexscan", "bitmapscan"):
            connection.exec_driver_sql(f"SET LOCAL enable_{name} TO DEFAULT")

    def odd_row(self, connection: sa.Connection, first: int, until: int) -> int | None:  # noqa: ARG002
        return None  # the columns' types were checked with the schema, and the server keeps them

    def put_wraps(self, connection: sa.Connection, rows: Sequence[tuple[bytes, bytes, bytes]]) -> None:
        """Removed and inserted, never updated: a member's login has no right to update."""
        self.drop_wraps(connection, [(target, recipient) for target, recipient, _ in rows])
        self.put_rows(connection, tables.wrap, rows)


def _connect(server: Server) -> psycopg.Connection[Any]:
    """A connection whose names can't be shadowed. A password that no pgpass file has is asked for, if somebody is there."""
    import psycopg

    from govern.store.postgres_errors import needs_password

    named = sa.make_url(server.url).set(drivername="postgresql+psycopg").get_dialect()().create_connect_args(sa.make_url(server.url))[1]
    given: dict[str, Any] = {"connect_timeout": "10", "application_name": "govern", **named, "client_encoding": "utf8", "autocommit": True}
    if not (server.hosts and server.is_local):
        given.setdefault("sslmode", "verify-full")  # without a host in the address, PGHOST may name any
    try:
        connection = psycopg.connect(**given)
    except psycopg.OperationalError as error:
        if server.ask is None or not needs_password(error):
            raise
        connection = psycopg.connect(**given, password=server.ask(f"Password for {server}"))
    try:
        _check_connection(connection, server)
        each = ", ".join(f"pg_catalog.set_config('{name}', '{value}', false)" for name, value in _SESSION.items())
        connection.execute(f"SELECT {each}".encode())
        connection.autocommit = False
    except BaseException:
        connection.close()
        raise
    return connection


def _check_connection(connection: psycopg.Connection[Any], server: Server) -> None:
    info = connection.info
    if info.server_version < _OLDEST:
        raise Usage(f"{server} is PostgreSQL {info.server_version // 10_000}", hint="13 or later is needed")
    address = info.hostaddr
    if address and not is_loopback(address) and not connection.pgconn.ssl_in_use:
        raise Refused(f"the connection to {server} is not encrypted", rule="tls", control="SC-8", code="location")


def _engine(server: Server) -> sa.Engine:
    check_location(server)
    try:
        return sa.create_engine("postgresql+psycopg://", creator=lambda: _connect(server), use_native_hstore=False)
    except ModuleNotFoundError as error:
        raise Usage(
            "a PostgreSQL vault needs psycopg, which is not installed",
            code="extra",
            hint="in the folder of its source: pip install '.[postgres]'",
        ) from error


def open_store(server: Server) -> PostgresStore:
    """The vault on this server; nothing is asked of it yet."""
    return PostgresStore(server, _engine(server))
