"""Files to import, written by the tests, and a look at what the vault holds afterwards."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from govern.cli.settings import Settings
from govern.register import connection

HEAD = ("folder", "favorite", "type", "name", "notes", "fields", "reprompt", "login_uri", "login_username", "login_password", "login_totp")
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SHORT_SEED = "JBSWY3DPEHPK3PXP"


def row(
    name: str,
    login: str = "",
    password: str = "",
    *,
    uri: str = "",
    totp: str = "",
    folder: str = "",
    type_: str = "login",
    notes: str = "",
) -> list[str]:
    """One login (or note) as Bitwarden's CSV has it."""
    return [folder, "", type_, name, notes, "", "0", uri, login, password, totp]


def table(head: Iterable[str], *rows: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([head, *rows])
    return text.getvalue()


@pytest.fixture
def terminal() -> Iterator[None]:
    """Somebody can be asked; what they type is the command's stdin."""
    with mock.patch.object(Settings, "terminal", True):
        yield


@pytest.fixture
def bitwarden(tmp_path: Path) -> Callable[..., str]:
    """Writes a Bitwarden CSV of these rows and gives its path."""

    def write(*rows: list[str], name: str = "export.csv") -> str:
        path = tmp_path / name
        path.write_text(table(HEAD, *rows), encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def sheet(tmp_path: Path) -> Callable[..., str]:
    """Writes a spreadsheet as CSV: its headings, then its rows."""

    def write(head: str, *rows: str, name: str = "sheet.csv") -> str:
        path = tmp_path / name
        path.write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")
        return str(path)

    return write


class Inside:
    """The tables of a machine's vault and register."""

    def __init__(self, story: Any) -> None:
        self.home: Path = story.home

    def _ask(self, file: str, query: str) -> list[tuple[Any, ...]]:
        db = sqlite3.connect(self.home / file)
        try:
            return db.execute(query).fetchall()
        finally:
            db.close()

    def register(self, query: str) -> list[tuple[Any, ...]]:
        return self._ask("register.db", query)

    def size(self) -> tuple[int, int, int, int]:
        """Entries, checkpoints, sealed versions, wraps of the store."""
        counts = [self._ask("vault.db", f"SELECT count(*) FROM {name}")[0][0] for name in ("entry", "checkpoint", "version", "wrap")]
        return (counts[0], counts[1], counts[2], counts[3])

    def types(self) -> list[str]:
        return [type_ for (type_,) in self.register("SELECT type FROM entries ORDER BY idx")]

    def dump(self) -> list[tuple[Any, ...]]:
        db = sqlite3.connect(self.home / "register.db")
        try:
            return list(connection.dump(db))
        finally:
            db.close()


@pytest.fixture
def inside(vault: Any) -> Inside:
    return Inside(vault)
