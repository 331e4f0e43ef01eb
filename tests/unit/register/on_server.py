"""A member's machine whose vault is kept by a PostgreSQL server."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from govern.store.address import Server, typed
from govern.store.postgres_schema import DDL

from ..attacks.vaults import Machine


class Plain:
    """psycopg under the few words of sqlite3 that the attacks use, so that both engines are attacked in the same words."""

    def __init__(self, db: psycopg.Connection[Any]) -> None:
        self._db = db

    def execute(self, statement: str, values: Any = ()) -> psycopg.Cursor[Any]:
        """Values by position, or by name (`:name`)."""
        return self._db.execute(translated(statement), (values if isinstance(values, dict) else tuple(values)) or None)

    def executemany(self, statement: str, rows: Any) -> None:
        with self._db.cursor() as cursor:
            cursor.executemany(translated(statement), list(map(tuple, rows)))


WORDS = (
    (r"CREATE TRIGGER (\w+) (?:AFTER|BEFORE) INSERT ON (\w+) BEGIN (.*); END", r"CREATE RULE \1 AS ON INSERT TO \2 DO ALSO (\3)"),
    (r"\bx'([0-9a-f]*)'", r"'\\x\1'::bytea"),
    (r"zeroblob\(((?:[^()]|\([^()]*\))*)\)", r"decode(repeat('00', \1), 'hex')"),
    (r"\bAS BLOB\b", "AS bytea"),
    (r"(?<![:\w]):(\w+)", r"%(\1)s"),
    (r"\?", "%s"),
)
"""What SQLite says and how PostgreSQL says it."""


def translated(statement: str) -> bytes:
    for theirs, ours in WORDS:
        statement = re.sub(theirs, ours, statement)
    return statement.encode()


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
            yield Plain(db)

    def kept(self) -> dict[str, list[Any]]:
        return self.rows()

    def put_back(self, kept: dict[str, list[Any]]) -> None:
        self.put_rows(kept)

    def copy(self, folder: Path) -> Machine:
        raise NotImplementedError("there is one database per test; `moved` fills it")

    def count(self, table: str) -> int:
        with self.database() as db:
            (found,) = db.execute(f"SELECT count(*) FROM {table}").fetchone()
            return int(found)


def moved(machine: Machine, folder: Path, address: str) -> OnServer:
    """A copy of a vault of files, with its machines, in an empty database on a server."""
    shutil.copytree(machine.folder, folder, dirs_exist_ok=True)
    (folder / "vault.db").unlink()
    other = OnServer(folder, address)
    with psycopg.connect(address, autocommit=True) as db:
        for statement in DDL:
            db.execute(statement.encode())
    other.put_rows(machine.rows())
    return other
