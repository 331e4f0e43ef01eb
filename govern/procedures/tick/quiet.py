"""What a run has found where nothing was due: until when nothing comes due, so that runs before then look at nothing else."""

from __future__ import annotations

import json
import sqlite3
from typing import Final

from govern.procedures.tick import checking
from govern.procedures.tick.looking import Due
from govern.procedures.tick.told import Left, Ran
from govern.register import connection

_MEMO: Final = "tick_quiet"


def known(db: sqlite3.Connection, now: str) -> Ran | None:
    """What a run says where an earlier one has found that nothing comes due before a later time, and nothing was recorded since; else None."""
    memo, size = connection.states(db, _MEMO, "size")
    if not isinstance(memo, str):
        return None
    at, since, until, left = json.loads(memo)
    if at != size or not since <= now < until:
        return None
    return Ran(left=tuple(Left(*one) for one in left), quiet_until=until)


def remember(db: sqlite3.Connection, now: str, due: Due, *, check: bool) -> str:
    """Until when nothing comes due; remembered, so that runs before then look at nothing else."""
    until = min((one for one in (*due.later, checking.due_at(db) if check else "") if one > now), default="")
    if until:
        with connection.transaction(db):
            connection.save(db, **{_MEMO: json.dumps([connection.state(db, "size"), now, until, due.left])})
    return until
