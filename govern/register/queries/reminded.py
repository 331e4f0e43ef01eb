"""What was done about due things so far: who was told of which stage, what was put off, whom nothing reached, and whether a run is under way."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Final, NamedTuple

from govern.holdings.findings import Finding
from govern.policy.reminder_rules import MAX_MINUTES
from govern.policy.rules import Policy
from govern.register.connection import state


class Lease(NamedTuple):
    """A run that keeps others from running. `person`: handle; `until`: UTC."""

    id: str
    person: str
    purpose: str
    until: str


class Undelivered(NamedTuple):
    """Somebody whom the last digest did not reach. `person`: id; times are UTC; `case`: empty, or of whose compartment this is known."""

    person: str
    handle: str
    case: str
    since: str
    at: str
    tries: int
    channel: str
    outcome: str
    reason: str


def lease(db: sqlite3.Connection, now: str) -> Lease | None:
    """The lease that holds at a UTC time; none that ends later than any may, which a clock that is ahead has taken."""
    row = db.execute(
        "SELECT l.id, coalesce(p.handle, 'former.' || substr(l.person, 1, 4)), l.purpose, l.until FROM leases l LEFT JOIN people p ON p.id = l.person"
        " WHERE l.released_at IS NULL AND l.until > ? AND l.until <= strftime('%Y-%m-%dT%H:%M:%SZ', ?, ?) ORDER BY l.until DESC LIMIT 1",
        (now, now, f"+{MAX_MINUTES} minutes"),
    ).fetchone()
    return None if row is None else Lease._make(row)


def points(db: sqlite3.Connection, things: Iterable[str], now: str) -> dict[tuple[str, str, str], int]:
    """(thing, due day, person id) -> the latest stage that the person was told by `now` (UTC), as the ledger and this machine know it.

    What says a time that has not come, by more than a day, was told by nobody: else a clock that is ahead kept somebody from hearing of a thing.
    """
    rows = db.execute(
        "SELECT r.thing, r.due, r.person, r.point FROM json_each(?) j CROSS JOIN reminded r ON r.thing = j.value"
        " WHERE r.at <= strftime('%Y-%m-%dT%H:%M:%SZ', ?, '+1 day')",
        (json.dumps(list(things)), now),
    )
    return {(thing, due, person): point for thing, due, person, point in rows} | {key: point for key, (point, _) in apart(db).items()}


APART: Final = "told_apart"
"""Key of the local state: what this machine has told people of departures under embargo, which no entry says."""


def apart(db: sqlite3.Connection) -> dict[tuple[str, str, str], tuple[int, str]]:
    """(thing, due day, person id) -> the latest stage of a departure under embargo that this machine has told the person, and when (UTC)."""
    memo = state(db, APART)
    return {(thing, due, person): (point, at) for thing, due, person, point, at in json.loads(memo)} if isinstance(memo, str) else {}


def snoozes(db: sqlite3.Connection) -> dict[str, str]:
    """Thing -> the day until which it was put off."""
    return dict(db.execute("SELECT thing, until FROM snoozes").fetchall())


def acknowledged(db: sqlite3.Connection) -> dict[tuple[str, str], str]:
    """(thing, person id) -> when they acknowledged it (UTC)."""
    return {(thing, person): at for thing, person, at in db.execute("SELECT thing, person, at FROM acknowledged")}


def undelivered(db: sqlite3.Connection) -> list[Undelivered]:
    rows = db.execute(
        "SELECT u.person, coalesce(p.handle, 'former.' || substr(u.person, 1, 4)), u.case_id, u.since, u.at, u.tries, u.channel, u.outcome,"
        " coalesce(u.reason, '') FROM undelivered u JOIN people p ON p.id = u.person WHERE p.left_on IS NULL ORDER BY u.since, p.handle"
    )
    return [Undelivered._make(row) for row in rows]


_TRIED: Final = 7


def is_tried(at: str, today: str) -> bool:
    """Whether somebody whom a message did not reach at this UTC time is still tried on `today` (ISO date): each day, for as long as anything waits for
    them. Where nothing does, nobody can find out whether they would be reached by now."""
    return at[:10] >= (date.fromisoformat(today) - timedelta(days=_TRIED)).isoformat()


def findings(db: sqlite3.Connection, _policy: Policy, today: str) -> Iterator[Finding]:
    """Whom the last digest did not reach; a warning from the second day on, for a server that is down for an hour is none."""
    for one in undelivered(db):
        if not is_tried(one.at, today):
            continue
        late = one.since[:10] < today
        yield Finding(
            code="digest-undelivered", severity="warning" if late else "info", subject=one.handle, due="", key=f"undelivered:{one.person}",
            message=f"reminders have not reached {one.handle} since {one.since[:10]}, tried {one.tries} time{'s' * (one.tries != 1)}"
            + (f": {one.reason}" if one.reason else ""),
            command=f"govern person edit {one.handle} --mail ADDRESS" if one.outcome == "refused" else "govern remind", why="what is due for them is not heard",
        )  # fmt: skip
