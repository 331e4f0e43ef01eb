"""Hand-overs that are due: holders without keys who do not have the secret that now counts. One question, which grows with those who may lack it (table
`may_lack`), not with what is held.

A hand-over is due from the confirmed rotation on, until it is recorded, the grant ends or the person leaves; it is told as a finding by
`status` and as work by `todo`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Final, NamedTuple

from govern.holdings.findings import Finding
from govern.holdings.handing_over import AT_FIRST, NOT_HANDED, due_by
from govern.policy.rules import Policy


class Due(NamedTuple):
    """One person (id) and the version they are to be given. `rotated`: they had an earlier one, or could have; `since`: a UTC time."""

    account: str
    handle: str
    tier: str
    custodian: str
    deputy: str
    credential: str
    kind: str
    n: int
    person: str
    person_handle: str
    since: str
    rotated: bool
    several: bool

    @property
    def command(self) -> str:
        """What to type; it names the credential where the account has several of the kind."""
        which = f" --credential {self.credential[:8]}" if self.several else ""
        return f"govern handover {self.handle} {self.person_handle} --kind {self.kind}{which}"

    def by(self, policy: Policy) -> str:
        """The day by which they have it; empty where nothing was changed yet, so that nobody is locked out."""
        return due_by(policy, self.tier, self.since) if self.rotated else ""


_DUE: Final = """
SELECT a.id, a.handle, a.tier, a.custodian, coalesce(a.deputy, ''), c.id, c.kind, v.n, p.id, coalesce(p.handle, 'former.' || substr(p.id, 1, 4)),
  max(v.current_at, g.since), v.rotation IS NOT NULL,
  EXISTS (SELECT 1 FROM credentials o WHERE o.account = a.id AND o.kind = c.kind AND o.id <> c.id)
FROM may_lack l CROSS JOIN people p ON p.id = l.person
CROSS JOIN credentials c ON c.id = l.credential AND c.kind NOT IN (SELECT value FROM json_each(:never))
CROSS JOIN grants g INDEXED BY grants_person ON g.person = p.id AND g.account = c.account AND g.ended_at IS NULL
  AND (g.until IS NULL OR substr(g.until, 1, 10) >= :today)
CROSS JOIN versions v ON v.credential = c.id AND v.state = 'current' AND v.manifest IS NOT NULL
  AND (v.rotation IS NOT NULL OR c.kind IN (SELECT value FROM json_each(:first)))
CROSS JOIN accounts a ON a.id = g.account AND a.state = 'active'
WHERE NOT p.leaving AND p.left_on IS NULL AND NOT EXISTS (SELECT 1 FROM keys k WHERE k.person = p.id AND k.state = 'active')
  AND NOT EXISTS (
    SELECT 1 FROM exposures e WHERE e.person = p.id AND e.credential = v.credential AND e.n = v.n AND e.strength <> 'possible')
  AND (g.kinds IS NULL OR EXISTS (SELECT 1 FROM json_each(g.kinds) WHERE value = c.kind))
ORDER BY a.handle, p.handle, c.kind, c.id
"""


def due(db: sqlite3.Connection, today: str) -> Iterator[Due]:
    """Every hand-over that is due on a day (ISO date), by account."""
    values = {"never": json.dumps(sorted(NOT_HANDED)), "first": json.dumps(sorted(AT_FIRST)), "today": today}
    for row in db.execute(_DUE, values):
        yield Due._make(row)


def findings(db: sqlite3.Connection, policy: Policy, today: str) -> Iterator[Finding]:
    """One per hand-over; a warning once its day has passed, for then somebody who posts is locked out."""
    for one in due(db, today):
        by = one.by(policy)
        what = f"{one.person_handle} holds it and does not have its new {one.kind}" if one.rotated else (
            f"{one.person_handle} may have its {one.kind} and does not yet"
        )  # fmt: skip
        yield Finding(
            code="hand-over-due", severity="warning" if by and by < today else "info", subject=one.handle, message=what, due=by,
            key=f"hand-over:{one.credential}:{one.person}"[:100], command=one.command,
        )  # fmt: skip
