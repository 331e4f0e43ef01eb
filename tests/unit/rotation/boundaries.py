"""Every boundary at which a program can end: each SQL statement, and each write, sync, cut and renaming of a file. Imports nothing of govern.

`watching` counts them, and lets one be the last: before it is made (half of it, where it is a write), or right after. Works inside the
tests' own process, and, by `stopping/sitecustomize.py`, inside the installed command before that has imported anything.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

READING = ("SELECT", "PRAGMA", "EXPLAIN", "WITH")
"""Statements that change nothing: whoever dies before one leaves what they leave who die before the next."""
_FILES = ("write", "fsync", "fdatasync", "ftruncate", "truncate", "replace", "rename")


@dataclass
class Boundaries:
    """`at`: the number, from 0, of the one that is the last, among those called `of` where that is given; `end` is called there. `seen`: their
    names so far."""

    end: Callable[[], Any]
    at: int = -1
    of: str = ""
    after: bool = False
    seen: list[str] = field(default_factory=list)

    def around(self, name: str, do: Callable[..., Any], half: Callable[..., Any] | None = None) -> Callable[..., Any]:
        def made(*args: Any, **more: Any) -> Any:
            turn = self.of in ("", name) and self.at == (self.seen.count(name) if self.of else len(self.seen))
            self.seen.append(name)
            if turn and not self.after:
                if half is not None:
                    half(*args, **more)
                self.end()
            result = do(*args, **more)
            if turn:
                self.end()
            return result

        return made


def changing(seen: list[str]) -> list[int]:
    """The numbers of those that change something, and of the very last."""
    found = [number for number, name in enumerate(seen) if not name.partition(" ")[2].startswith(READING)]
    return sorted({*found, len(seen) - 1})


@contextmanager
def watching(one: Boundaries) -> Iterator[Boundaries]:
    """Every statement on every connection that is opened meanwhile, and every change of a file by this process."""
    one.seen.clear()
    write = os.write
    kept: list[tuple[Any, str, Any]] = [(os, name, getattr(os, name)) for name in _FILES]
    kept += [(module, "connect", module.connect) for module in (sqlite3, sqlite3.dbapi2)]
    for name in _FILES:
        half = (lambda descriptor, data: write(descriptor, bytes(data)[: len(data) // 2])) if name == "write" else None
        setattr(os, name, one.around(f"file {name}", getattr(os, name), half))
    connect = _connect(one)
    for module in (sqlite3, sqlite3.dbapi2):
        module.connect = connect  # type: ignore[assignment]
    try:
        yield one
    finally:
        for where, name, value in kept:
            setattr(where, name, value)


def _connect(one: Boundaries) -> Callable[..., sqlite3.Connection]:
    real = sqlite3.connect

    def connect(database: Any, *args: Any, factory: Any = sqlite3.Connection, **more: Any) -> sqlite3.Connection:
        where = os.path.basename(str(database).partition("?")[0]) or "scratch"

        def asked(self: Any, do: Callable[..., Any], statement: str, *given: Any) -> Any:
            return one.around(f"{where} {statement.split(None, 1)[0].upper()}", do)(self, statement, *given)

        class Cursor(sqlite3.Cursor):
            def execute(self, statement: str, *given: Any) -> Any:
                return asked(self, sqlite3.Cursor.execute, statement, *given)

            def executemany(self, statement: str, *given: Any) -> Any:
                return asked(self, sqlite3.Cursor.executemany, statement, *given)

        class Watched(factory):  # type: ignore[misc]
            def cursor(self, made: Any = Cursor) -> Any:
                return super().cursor(made)

            def execute(self, statement: str, *given: Any) -> Any:
                return asked(self, factory.execute, statement, *given)

            def executemany(self, statement: str, *given: Any) -> Any:
                return asked(self, factory.executemany, statement, *given)

        return real(database, *args, factory=Watched, **more)

    return connect
