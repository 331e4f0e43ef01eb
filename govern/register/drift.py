"""Times that are off: what is told of an entry whose actor says another time than the ledger knows. Moves the clock that it is given; judges nothing."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from govern.events import Event
    from govern.register.clock import Clock

Row = tuple[int, str, str, str]
"""Of a finding: entry, code, id of the key that signed it, message."""

_LATER: Final = "SELECT idx, key, at FROM entries WHERE idx >= ? AND idx < ? AND actor = ? AND compartment = '' AND at > ? ORDER BY idx"


def found(
    db: sqlite3.Connection, clock: Clock, index: int, key: str, event: Event, *, admin: bool, service: bool, in_base: bool
) -> list[Row]:
    """What is off about this entry, and what it shows to be off about those of others before it."""
    try:
        told = _contradicted(db, clock, index, event) if in_base and clock.leaps and not service else []
        off = clock.claim(event.actor, event.at, admin=admin, service=service)
        if in_base:
            clock.leapt(event.actor, event.at, index)
    except ValueError:
        return [(index, "backdated", key, f"{event.at} is no date")]
    return told if off is None else [*told, (index, off[0], key, off[1])]


def _contradicted(db: sqlite3.Connection, clock: Clock, index: int, event: Event) -> list[Row]:
    """Entries whose time had not come, as this one says that stands behind them."""
    rows = [row for who, first in clock.contradicted(event.actor, event.at) for row in db.execute(_LATER, (first, index, who, event.at))]
    return [
        (entry, "ahead", signer, f"says {said}, and entry {index} of somebody else, behind it, {event.at}") for entry, signer, said in rows
    ]
