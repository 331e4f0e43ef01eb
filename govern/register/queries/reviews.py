"""Access reviews: which there are, their lines, and what still has to be decided or removed. One query each, however many lines."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final, NamedTuple

from govern.errors import NotFound, Refused
from govern.register.queries.held import UNDECIDED


class Review(NamedTuple):
    """One review. `about`: id of an account or person, or empty; `due`: an ISO date; `lines`, `settled`: how many there are, and need no decision any more."""

    id: str
    scope: str
    cause: str
    about: str
    department: str
    due: str
    lines: int
    opener: str
    opened_at: str
    closed_at: str
    closer: str
    entry: int
    settled: int

    @property
    def percent(self) -> int:
        return 100 * self.settled // self.lines


class Line(NamedTuple):
    """One grant or role: `handle`, `name`, `reviewer_handle` as they were when it was opened, `role` that of an entitlement. `state`: open, keep, end or
    gone (it ended before anybody decided); `there`: it is recorded still."""

    number: int
    what: str
    of: str
    account: str
    account_handle: str
    platform: str
    tier: str
    person: str
    handle: str
    name: str
    role: str
    since: str
    reviewer: str
    reviewer_handle: str
    state: str
    there: bool
    decider: str
    decider_handle: str
    decided_at: str
    reason: str
    entry: int


_WHOLE: Final = "r.items = (SELECT count(*) FROM review_items i WHERE i.review = r.id)"
_REVIEWS: Final = f"""
SELECT r.id, r.scope, r.cause, coalesce(r.about, ''), coalesce(r.department, ''), r.due, r.items, r.opener, r.at, coalesce(r.closed_at, ''),
  coalesce(r.closer, ''), r.entry, (SELECT count(*) FROM review_items i WHERE i.review = r.id AND NOT ({UNDECIDED}))
FROM reviews r WHERE {_WHOLE} AND (:all OR r.closed_at IS NULL) ORDER BY r.entry
"""  # noqa: S608  texts are ours
_LINES: Final = f"""
SELECT i.seq, i.what, i.of, i.account, a.handle, a.platform, a.tier, i.person, coalesce(i.handle, ''), coalesce(i.name, ''), coalesce(i.role, ''),
  coalesce(i.since, ''), i.reviewer, coalesce(i.reviewer_handle, ''),
  CASE WHEN i.decision IS NOT NULL THEN i.decision WHEN {UNDECIDED} THEN 'open' ELSE 'gone' END,
  CASE i.what WHEN 'grant' THEN EXISTS (SELECT 1 FROM grants g WHERE g.id = i.of AND g.ended_at IS NULL)
    ELSE EXISTS (SELECT 1 FROM entitlements t WHERE t.id = i.of AND t.ended_at IS NULL) END,
  coalesce(i.decider, ''), coalesce(i.decider_handle, ''), coalesce(i.decided_at, ''), coalesce(i.reason, ''), coalesce(i.entry, 0)
FROM review_items i JOIN accounts a ON a.id = i.account WHERE i.review = ? ORDER BY i.seq
"""  # noqa: S608


def reviews(db: sqlite3.Connection, *, closed: bool = False) -> list[Review]:
    """Those that are open, the oldest first; also those that are closed where `closed`."""
    return [Review(*row) for row in db.execute(_REVIEWS, {"all": closed})]


def find(db: sqlite3.Connection, text: str) -> Review:
    """The review whose id begins so (six hex digits at least). Raises NotFound, or Refused for several."""
    wanted = text.strip().casefold()
    found = [one for one in reviews(db, closed=True) if len(wanted) >= 6 and one.id.startswith(wanted)]
    if not found:
        raise NotFound(f"there is no review {wanted[:40]!r}", hint="govern review list --all")
    if len(found) > 1:
        raise Refused(
            f"{wanted[:40]!r} could be {len(found)} reviews", rule="ambiguous", hint="type more of its id: govern review list --all"
        )
    return found[0]


def lines(db: sqlite3.Connection, review: str) -> list[Line]:
    """What a review (id) asks about."""
    return [Line._make((*row[:15], bool(row[15]), *row[16:])) for row in db.execute(_LINES, (review,))]


class Waiting(NamedTuple):
    """How many lines of a review wait for one reviewer (ids); `tier`: the highest of their accounts; `handle`: the first of these, `accounts` how many."""

    review: str
    reviewer: str
    due: str
    lines: int
    tier: str
    handle: str
    accounts: int


def waiting(db: sqlite3.Connection) -> list[Waiting]:
    """Of every open review, by reviewer."""
    rows = db.execute(
        f"SELECT r.id, i.reviewer, r.due, count(*), CASE WHEN max(a.tier = 'critical') THEN 'critical' WHEN max(a.tier = 'standard') THEN 'standard'"  # noqa: S608
        f" ELSE 'low' END, min(a.handle), count(DISTINCT a.id) FROM reviews r JOIN review_items i ON i.review = r.id JOIN accounts a ON a.id = i.account"
        f" WHERE r.closed_at IS NULL AND {_WHOLE} AND {UNDECIDED} GROUP BY r.id, i.reviewer ORDER BY r.entry, i.reviewer"
    )
    return [Waiting(*row) for row in rows]


class Removal(NamedTuple):
    """A role that was decided to end and is recorded still. `id`: the entitlement; `person`: a handle, or empty."""

    id: str
    handle: str
    platform: str
    person: str
    role: str
    decided_at: str
    custodian: str
    deputy: str


def removals(db: sqlite3.Connection) -> Iterator[Removal]:
    """Roles to be removed on their platforms, the first decided before the others."""
    rows = db.execute(
        "SELECT t.id, a.handle, a.platform, coalesce(p.handle, ''), t.role, max(i.decided_at), a.custodian, coalesce(a.deputy, '') FROM review_items i"
        " JOIN entitlements t ON t.id = i.of AND t.ended_at IS NULL JOIN accounts a ON a.id = t.account AND a.state = 'active'"
        " JOIN people p ON p.id = t.person WHERE i.decision = 'end' AND NOT EXISTS (SELECT 1 FROM review_items o JOIN reviews r ON r.id = o.review"
        "   WHERE o.of = i.of AND o.decision = 'keep' AND o.entry > i.entry) GROUP BY t.id ORDER BY 6, a.handle"
    )
    return (Removal(*row) for row in rows)
