"""One process at a time on this machine: for what takes several transactions and must not be done twice at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from govern.errors import Refused


@contextmanager
def alone(path: Path, what: str) -> Iterator[None]:
    """Hold the lock that lies at `path`, an empty database of SQLite's: it ends with the process, however that ends. Raises Refused."""
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as db:
        try:
            db.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            raise Refused(f"another process on this machine is {what}", rule="one-at-a-time", hint="wait for it to end") from None
        yield
