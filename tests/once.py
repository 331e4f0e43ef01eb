"""What a process of tests does once, where the program does it anew at each command: hundreds of commands run in one process here.

Nothing of this changes what a command answers. It knows what is dear, and nothing of any test.
"""

from __future__ import annotations

import functools
import gc
import sqlite3
from collections.abc import Iterator
from typing import Any

import jinja2
import typer.main
from jinja2.bccache import Bucket, BytecodeCache
from shamir_mnemonic import cipher
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite as Dialect
from sqlalchemy.engine import Engine
from sqlalchemy.util import LRUCache

from govern.cli import root
from govern.ledger import note
from govern.policy import document
from govern.register import connection


def everything() -> None:
    """Called once, before any test is imported."""
    _commands()
    _signatures()
    _sheets()
    _questions()
    _tables()
    _yaml()
    _templates()


def collected() -> None:
    """What is there before the first test stays: looking through ten thousand collected tests for cycles frees nothing."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def _commands() -> None:
    """What the words of a command stand for is made of its declaration anew each time it is typed."""
    typer.main.get_params_from_function = functools.cache(typer.main.get_params_from_function)
    typer.main.get_command = functools.lru_cache(maxsize=100)(typer.main.get_command)
    root._loaded = functools.lru_cache(maxsize=1000)(root._loaded)


def _signatures() -> None:
    """Whether a key has signed a text hangs on nothing but these bytes; hundreds of copies of one ledger are verified here."""
    note.is_signed = functools.lru_cache(maxsize=20_000)(note.is_signed)


def _sheets() -> None:
    """A recovery sheet's words are stretched on purpose, and what one sheet is stretched to is always the same."""
    cipher._round_function = functools.lru_cache(maxsize=2000)(cipher._round_function)


def _questions() -> None:
    """SQLAlchemy spells every question anew for each engine, and each command opens one."""
    began, kept = Engine.__init__, LRUCache[Any, Any](500)

    def begin(self: Engine, *values: Any, **named: Any) -> None:
        began(self, *values, **named)
        if isinstance(self.dialect, Dialect):
            self._compiled_cache = kept

    Engine.__init__ = begin  # type: ignore[method-assign]
    # The dialect is part of a question's key: two of SQLite's, which nobody gave other settings, spell alike.
    Dialect.__hash__ = lambda self: hash(Dialect)  # type: ignore[method-assign]
    Dialect.__eq__ = lambda self, other: type(other) is type(self)  # type: ignore[method-assign]


def _tables() -> None:
    """A new register's hundred tables are copied from one that is kept: to have SQLite parse them again takes seventy times as long."""
    create = connection.create
    empty = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    create(empty)

    def created(db: sqlite3.Connection) -> None:
        if not db.in_transaction or db.execute("SELECT 1 FROM sqlite_schema").fetchone():
            create(db)
            return
        db.execute("COMMIT")  # of nothing: a copy can't be made within a transaction
        try:
            empty.backup(db)
        finally:
            db.execute("BEGIN IMMEDIATE")

    connection.create = created


def _yaml() -> None:
    """The rules that every vault is founded with are parsed once; whatever else is read as YAML, when it is read again."""
    parse, kept = document._events, dict[str, list[Any]]()

    def events(text: str, name: str) -> Iterator[Any]:
        if text not in kept:
            found = []
            for event in parse(text, name):
                found.append(event)
                yield event
            if len(kept) < 200:
                kept[text] = found
        else:
            yield from kept[text]

    document._events = events


class _Compiled(BytecodeCache):
    """Jinja's templates, by file and text."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if (bucket.key, bucket.checksum) in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key, bucket.checksum])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


def _templates() -> None:
    began = jinja2.Environment.__init__
    jinja2.Environment.__init__ = functools.partialmethod(began, bytecode_cache=_Compiled())  # type: ignore[method-assign,assignment]
