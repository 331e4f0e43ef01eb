"""What is due by the calendar or after an import, found by date: the cost grows with what is due, not with the vault. Reads only.

For each rule of the policy (tier and kind) the register keeps what it is about in the order of its days. What came with an import on one day is
due in the order of its ids (`govern.rotation.schedule.first_due`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final, NamedTuple

from govern.policy.rules import Policy
from govern.rotation.schedule import IDS, brought_before, days_before, days_between, due_on
from govern.vocabulary import KINDS, TIERS


class Due(NamedTuple):
    """A credential (id) and the day (ISO date) on which it is due."""

    credential: str
    day: str


_RULE: Final = "FROM calendar WHERE kind = ? AND tier = ? AND brought = ?"


def due_by(db: sqlite3.Connection, policy: Policy, day: str, *, brought: bool = True) -> list[Due]:
    """Everything in use that is due on that day (ISO date) or before, whether or not a rotation of it is open; without `brought` only what has
    changed since it came."""
    return [found for kind in KINDS for tier in TIERS for found in _due(db, policy, tier, kind, day, brought)]


_ONE: Final = """
SELECT k.kind, k.tier, k.brought, k.day FROM credentials c CROSS JOIN accounts a ON a.id = c.account
CROSS JOIN versions v ON v.credential = c.id AND +v.state = 'current'
CROSS JOIN calendar k ON k.kind = c.kind AND k.tier = a.tier AND k.brought = v.others_unknown
  AND k.day = substr(iif(v.others_unknown, v.current_at, coalesce(v.changed_at, v.current_at)), 1, 10) AND k.credential = c.id
WHERE c.id = ?
"""


def of(db: sqlite3.Connection, policy: Policy, credential: str) -> Due | None:
    """When one credential (id) is due, where it is in the calendar at all: at the cost of that one."""
    row = db.execute(_ONE, (credential,)).fetchone()
    due = None if row is None else due_on(policy, row[1], row[0], row[3], imported=row[3] if row[2] else "", credential=credential)
    return None if due is None else Due(credential, due)


def next_after(db: sqlite3.Connection, policy: Policy, day: str) -> Due | None:
    """What is due first after that day."""
    following = [found for kind in KINDS for tier in TIERS for found in _next(db, policy, tier, kind, day)]
    return min(following, key=lambda one: (one.day, one.credential), default=None)


def _due(db: sqlite3.Connection, policy: Policy, tier: str, kind: str, day: str, also_brought: bool) -> Iterator[Due]:
    by_age = policy.rotation.get((tier, kind))
    changed = "" if by_age is None else days_before(day, by_age)
    if changed:
        yield from _all(db, policy, tier, kind, 0, f"{_RULE} AND day <= ?", changed)
    if not also_brought:
        return
    if policy.later.first_import is None:
        yield from (one for one in _all(db, policy, tier, kind, 1, _RULE) if one.day <= day)
        return
    for brought, bound in _brought(db, policy, tier, kind, day):
        if bound == IDS:
            yield from _all(db, policy, tier, kind, 1, f"{_RULE} AND day = ?", brought)
        elif bound:
            yield from _all(db, policy, tier, kind, 1, f"{_RULE} AND day = ? AND credential < ?", brought, f"{bound:08x}")


def _all(db: sqlite3.Connection, policy: Policy, tier: str, kind: str, brought: int, where: str, *values: str) -> Iterator[Due]:
    for credential, since in db.execute(f"SELECT credential, day {where}", (kind, tier, brought, *values)):
        due = due_on(policy, tier, kind, since, imported=since if brought else "", credential=credential)
        if due is not None:
            yield Due(credential, due)


def _brought(db: sqlite3.Connection, policy: Policy, tier: str, kind: str, day: str) -> Iterator[tuple[str, int]]:
    """Each day on which an import brought something of this tier and kind, and the bound of the ids that are due by `day`."""
    after = ""
    while True:
        after = db.execute(f"SELECT min(day) {_RULE} AND day > ?", (kind, tier, 1, after)).fetchone()[0]
        if after is None:
            return
        yield after, brought_before(policy, tier, kind, days_between(after, day))


def _next(db: sqlite3.Connection, policy: Policy, tier: str, kind: str, day: str) -> Iterator[Due]:
    by_age = policy.rotation.get((tier, kind))
    changed = "" if by_age is None else days_before(day, by_age)
    if changed:
        yield from _all(db, policy, tier, kind, 0, f"{_RULE} AND day > ? ORDER BY day, credential LIMIT 1", changed)
    if policy.later.first_import is None:
        yield from (one for one in _all(db, policy, tier, kind, 1, _RULE) if one.day > day)
        return
    for brought, bound in _brought(db, policy, tier, kind, day):
        if bound < IDS:
            where = f"{_RULE} AND day = ? AND credential >= ? ORDER BY credential LIMIT 1"
            yield from _all(db, policy, tier, kind, 1, where, brought, f"{bound:08x}")
