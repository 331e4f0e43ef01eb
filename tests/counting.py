"""Work of the database counted in its own steps: the same on every machine and however busy it is, which no clock is."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable


def steps(db: sqlite3.Connection, work: Callable[[], object]) -> int:
    """Instructions of SQLite's virtual machine that `work` takes on this connection."""
    count = 0

    def one_more() -> int:
        nonlocal count
        count += 1
        return 0

    db.set_progress_handler(one_more, 1)
    try:
        work()
    finally:
        db.set_progress_handler(None, 0)
    return count
