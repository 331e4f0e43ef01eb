"""One store per test, on either engine: what holds of a store holds of both."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from govern.store.address import Location, Server, typed
from govern.store.database import Store, create_store, open_store
from govern.store.writing import Writing

Entry = tuple[int, bytes, bytes, bytes, bytes, bytes | None]


def entry(index: int, personal: bytes | None = None) -> Entry:
    return (index, b"c" * 16, b"e" * 16, b"m" * 32, b"s%d" % index, personal)


def fill(writing: Writing, first: int, count: int) -> None:
    writing.insert_entries([entry(index) for index in range(first, first + count)])
    writing.insert_checkpoint(first + count, b"note %d" % (first + count))


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    """Where there is no vault yet."""
    return tmp_path / "vault.db" if request.param == "sqlite" else typed(request.getfixturevalue("postgres"))


@pytest.fixture
def location(empty: Location) -> Location:
    """An empty store."""
    create_store(empty)
    return empty


@pytest.fixture
def store(location: Location) -> Iterator[Store]:
    opened = open_store(location)
    yield opened
    opened.close()


@pytest.fixture
def by_hand(location: Location) -> Callable[..., None]:
    """SQL as whoever owns the disk or the server types it. `$` stands for the schema's name and its dot, where there is one."""

    def execute(*statements: str) -> None:
        if isinstance(location, Server):
            import psycopg

            with psycopg.connect(location.url, autocommit=True) as db:
                for statement in statements:
                    db.execute(statement.replace("$", "govern.").encode())
        else:
            with closing(sqlite3.connect(location, isolation_level=None)) as db:
                for statement in statements:
                    db.execute(statement.replace("$", ""))

    return execute


@pytest.fixture
def server(postgres: str) -> Server:
    """A store on a server, for what only a server can do."""
    named = typed(postgres)
    assert isinstance(named, Server)
    create_store(named)
    return named
