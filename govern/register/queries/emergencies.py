"""Emergency grants: those that run, and those that are over and have left somebody knowing what still works.

An emergency ends with a rotation. Until it is confirmed, every admin is told; whoever holds the account otherwise by then, or answers for
it, may go on knowing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final, NamedTuple

from govern.holdings.findings import Finding
from govern.holdings.handing_over import due_by
from govern.policy.rules import Policy


class Emergency(NamedTuple):
    """One grant that runs. Handles; `until` is a UTC time."""

    account: str
    person: str
    giver: str
    until: str
    grant: str


class Owed(NamedTuple):
    """One secret that has to change because an emergency grant is over. `over`: since when (UTC); `ended`: somebody has recorded that."""

    account: str
    handle: str
    tier: str
    credential: str
    kind: str
    person: str
    person_handle: str
    over: str
    ended: bool
    changing: bool
    """A rotation of it is under way."""

    @property
    def command(self) -> str:
        """What to type: first the end of the grant, which opens the rotation."""
        if not self.ended:
            return f"govern revoke {self.handle} {self.person_handle}"
        return f"govern rotate {self.handle} --kind {self.kind} --because membership"


def running(db: sqlite3.Connection, now: str) -> list[Emergency]:
    """Emergency grants that have not ended at a UTC time; what ends first comes first."""
    rows = db.execute(
        "SELECT a.handle, coalesce(p.handle, 'former.' || substr(p.id, 1, 4)), coalesce(o.handle, 'former.' || substr(o.id, 1, 4)), g.until, g.id"
        " FROM grants g INDEXED BY grants_emergency CROSS JOIN accounts a ON a.id = g.account"  # the few of these, not all grants
        " CROSS JOIN people p ON p.id = g.person CROSS JOIN people o ON o.id = g.giver"
        " WHERE g.emergency = 1 AND g.ended_at IS NULL AND coalesce(g.until, '9') > ? ORDER BY g.until, a.handle",
        (now,),
    )
    return [Emergency._make(row) for row in rows]


_OWED: Final = """
SELECT a.id, a.handle, a.tier, c.id, c.kind, p.id, coalesce(p.handle, 'former.' || substr(p.id, 1, 4)), max(coalesce(g.ended_at, g.until)),
  min(g.ended_at IS NOT NULL), EXISTS (SELECT 1 FROM rotations r WHERE r.credential = c.id AND r.ended_at IS NULL)
FROM grants g JOIN accounts a ON a.id = g.account AND a.state = 'active' JOIN people p ON p.id = g.person
JOIN credentials c ON c.account = a.id JOIN versions v ON v.credential = c.id AND v.ended_at IS NULL
JOIN exposures e ON e.person = p.id AND e.credential = v.credential AND e.n = v.n
WHERE g.emergency = 1 AND (g.ended_at IS NOT NULL OR g.until <= :now) AND (:person = '' OR p.id = :person)
  AND p.id <> a.custodian AND p.id <> coalesce(a.deputy, '')
  AND NOT EXISTS (
    SELECT 1 FROM grants o WHERE o.account = a.id AND o.person = p.id AND o.ended_at IS NULL AND (o.until IS NULL OR o.until > :now))
GROUP BY c.id, p.id ORDER BY a.handle, c.kind, c.id, p.handle
"""


def owed(db: sqlite3.Connection, now: str, person: str = "") -> list[Owed]:
    """Every change that an emergency that is over calls for, at a UTC time; of one person (id), where one is named."""
    return [Owed._make(row) for row in db.execute(_OWED, {"now": now, "person": person})]


def findings(db: sqlite3.Connection, policy: Policy, today: str) -> Iterator[Finding]:
    """Every emergency, until the rotation that follows it is done: for every admin to see."""
    for one in running(db, f"{today}T00:00:00Z"):
        yield Finding(
            code="emergency-grant", severity="warning", subject=one.account, due=one.until[:10], key=f"emergency:{one.grant}",
            message=f"{one.giver} gave it to {one.person} in an emergency, until {one.until}", command=f"govern who {one.account}",
            why="look at it; once it is over, what they know is changed",
        )  # fmt: skip
    for late in owed(db, f"{today}T00:00:00Z"):
        if not late.changing:
            yield Finding(
                code="emergency-over", severity="critical", subject=late.handle, due=due_by(policy, late.tier, late.over),
                message=f"the emergency grant of {late.person_handle} is over, and they know its {late.kind}",
                key=f"emergency-over:{late.credential}", command=late.command, why="an emergency ends with a rotation",
            )  # fmt: skip
