"""What did not come to its end, and when it is tried again: less and less often, so that a platform or a mailbox that is down fills no ledger.

This machine's memory alone, in the register's local state: losing it costs one try.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from datetime import datetime
from typing import Final

from govern.register import connection
from govern.rotation.triggers import later, later_by

_TRIED: Final = "tick_tried"
SHORTEST: Final = 15 * 60
LONGEST: Final = 24 * 60 * 60
"""Seconds between two tries of the same rotation."""
LONGEST_OF_PEOPLE: Final = 2 * 60 * 60
"""The same of telling somebody, who may have more due by then."""
_KEPT: Final = 30
"""Days after which a try is forgotten."""


def again_at(first: str, last: str, longest: int = LONGEST) -> str:
    """When something is tried again that was tried between these times (UTC): after as long as it has not come to its end, a quarter of an hour to
    `longest` seconds."""
    since = (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()
    return later_by(last, int(min(max(since, SHORTEST), longest)))


def tried(db: sqlite3.Connection) -> dict[str, tuple[str, str]]:
    """Id of a rotation or a person -> when it was tried first and last (UTC)."""
    memo = connection.state(db, _TRIED)
    return {id_: (first, last) for id_, (first, last) in json.loads(memo).items()} if isinstance(memo, str) else {}


def remember(db: sqlite3.Connection, ended: Collection[str], unfinished: Collection[str], now: str) -> None:
    """Keep that these were tried; those that came to their end are forgotten."""
    found = tried(db)
    if not unfinished and not found.keys() & set(ended):
        return
    for id_ in unfinished:
        found[id_] = (found.get(id_, (now, ""))[0], now)
    kept = {id_: times for id_, times in found.items() if id_ not in ended and later(times[1], _KEPT) > now}
    with connection.transaction(db):
        connection.save(db, **{_TRIED: json.dumps(kept)})
