"""A member's machine whose vault is kept by a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from govern.store.address import Server, typed

from ..attacks.vaults import Machine


class OnServer(Machine):
    """`address` is what `--vault` is given."""

    def __init__(self, folder: Path, address: str) -> None:
        super().__init__(folder)
        self.address = address

    @property
    def store(self) -> Server:  # type: ignore[override]
        named = typed(self.address)
        assert isinstance(named, Server)
        return named

    def of(self, member: str) -> OnServer:
        other = OnServer(self.folder, self.address)
        other.member, other.home, other.key = member, self.folder / f"{member}-home", self.folder / f"{member}-key"
        return other

    @contextmanager
    def database(self) -> Iterator[Any]:
        """The store as the server's administrator sees it."""
        with psycopg.connect(self.address, autocommit=True) as db:
            db.execute("SET search_path = govern")
            yield db

    def count(self, table: str) -> int:
        with self.database() as db:
            (found,) = db.execute(f"SELECT count(*) FROM {table}").fetchone()
            return int(found)
