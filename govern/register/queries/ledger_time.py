"""Until when time has passed, by what is recorded: the ledger's time as a member's next fact would be judged at. Has no clock of its own."""

from __future__ import annotations

import sqlite3

from govern.register.clock import Clock
from govern.register.connection import state


def elapsed(db: sqlite3.Connection, person: str, now: str) -> str:
    """Until when (UTC) what this person (id) ends `now` has run out."""
    admin = db.execute("SELECT 1 FROM roles WHERE person = ? AND role = 'admin' AND (until IS NULL OR until > ?)", (person, now)).fetchone()
    return Clock.load(state(db, "clock")).elapsed(person, now, admin=admin is not None)
