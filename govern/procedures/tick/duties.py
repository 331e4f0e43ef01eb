"""Which parts of a run are for whom: an admin or HR carries out what a date has made due, a service what its purposes need."""

from __future__ import annotations

import sqlite3
from typing import Final

from govern.holdings.services import Purpose, why_not
from govern.register.queries import services

_PEOPLE: Final = frozenset({Purpose.RUN_DUE, Purpose.REMIND})
"""For a person with a role. What asks platforms by itself is for a service to which an admin has entrusted the account, and for nobody else."""


def of(db: sqlite3.Connection, person: str, now: str) -> frozenset[Purpose]:
    """The purposes for which a person or service (id) may act at `now` (UTC); empty for somebody without a part in it."""
    if services.is_service(db, person):
        standing = (one for one in services.of(db, person, now) if why_not(one, now) is None)
        return frozenset(Purpose(purpose) for one in standing for purpose in one.purposes)
    query = "SELECT 1 FROM roles WHERE person = ? AND role IN ('admin', 'hr') AND (until IS NULL OR until > ?)"
    return _PEOPLE if db.execute(query, (person, now)).fetchone() else frozenset()
