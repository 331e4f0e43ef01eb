"""A vault on a PostgreSQL server as a whole: made, found free, taken back, put anew in the place of another. Rows are `postgres`'s."""

from __future__ import annotations

from itertools import count

import sqlalchemy as sa

from govern.errors import Failed, GovernError
from govern.store import tables
from govern.store.address import Server
from govern.store.copy import copy
from govern.store.postgres import open_store
from govern.store.postgres_rights import as_before
from govern.store.postgres_schema import DDL, SCHEMA_NAME, SCHEMA_QUERY, check_schema, is_there
from govern.store.reading import Reading
from govern.store.writing import Writing


def create_store(server: Server) -> bool:
    """Make the six tables in a schema of their own; True. False where they stood there already, empty, as an administrator makes them.

    Failed (code `exists`) where there is a vault.
    """
    store = open_store(server)
    try:
        with store._translated(), store._engine.begin() as connection:
            if _is_prepared(connection, server):
                return False
            for statement in DDL:
                connection.exec_driver_sql(statement)
            check_schema(connection.exec_driver_sql(SCHEMA_QUERY).fetchall(), str(server))
        return True
    finally:
        store.close()


def check_free(server: Server) -> None:
    """Refuse as `create_store` would, and make nothing."""
    store = open_store(server)
    try:
        with store._translated(), store._engine.begin() as connection:
            _is_prepared(connection, server)
    finally:
        store.close()


def _is_prepared(connection: sa.Connection, server: Server) -> bool:
    """Whether the tables stand there, as they must be, and empty."""
    rows = connection.exec_driver_sql(SCHEMA_QUERY).fetchall()
    if not is_there(rows):
        return False
    check_schema(rows, str(server))
    _is_empty(connection, server)
    return True


def _is_empty(connection: sa.Connection, server: Server) -> None:
    found = [tuple(row) for row in connection.execute(sa.select(tables.meta))]
    kept = (tables.entry, tables.checkpoint, tables.version, tables.wrap)
    if found != [("format", b"1")] or any(connection.execute(sa.select(sa.literal(1)).select_from(t).limit(1)).first() for t in kept):
        raise Failed(
            f"{server} holds a vault already", code="exists",
            hint="name another database with --vault, or go on with the vault that is there: govern status",
        )  # fmt: skip


def discard_store(server: Server, *, filled: bool) -> None:
    """Drop the schema; unless `filled`, only if nothing was ever committed to it."""
    store = open_store(server)
    try:
        with store._engine.begin() as connection:
            connection.exec_driver_sql(f"LOCK TABLE {SCHEMA_NAME}.entry, {SCHEMA_NAME}.checkpoint IN ACCESS EXCLUSIVE MODE")
            if not filled:
                _is_empty(connection, server)
            connection.exec_driver_sql(f"DROP SCHEMA {SCHEMA_NAME} CASCADE")
    except (GovernError, sa.exc.SQLAlchemyError):
        return  # what made us take it back is told, not this
    finally:
        store.close()


def replace(server: Server, rows: Reading) -> str | None:
    """Make the store anew from `rows`, in one transaction; the name under which the schema that was there is kept, if one was.

    Needs a login that may be the schema's owner, and make schemas in the database. Owner and rights stay as they were.
    """
    store = open_store(server)
    try:
        with store._translated(), store._engine.begin() as connection:
            names = set(connection.exec_driver_sql("SELECT nspname FROM pg_catalog.pg_namespace").scalars())
            aside = next(name for number in count(1) if (name := f"{SCHEMA_NAME}_before_restore_{number}") not in names)
            if SCHEMA_NAME in names:
                connection.exec_driver_sql(f"ALTER SCHEMA {SCHEMA_NAME} RENAME TO {aside}")
            for statement in DDL:
                connection.exec_driver_sql(statement)
            check_schema(connection.exec_driver_sql(SCHEMA_QUERY).fetchall(), str(server))
            copy(rows, Writing(connection, store))
            if SCHEMA_NAME in names:
                for statement in as_before(connection, aside):
                    connection.exec_driver_sql(statement)
        return aside if SCHEMA_NAME in names else None
    finally:
        store.close()


def put_back(server: Server, aside: str | None) -> None:
    """Undo `replace`."""
    store = open_store(server)
    try:
        with store._translated(), store._engine.begin() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA {SCHEMA_NAME} CASCADE")
            if aside is not None:
                connection.exec_driver_sql(f"ALTER SCHEMA {aside} RENAME TO {SCHEMA_NAME}")
    finally:
        store.close()
