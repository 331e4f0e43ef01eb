"""Who still gets in although the secret that they knew was changed: sessions that a platform lets run on after a rotation."""

from __future__ import annotations

import sqlite3
from typing import Final, NamedTuple


class Residue(NamedTuple):
    """One person (id) who could know an ended version, and until when (UTC) a session begun with it may last."""

    person: str
    handle: str
    kind: str
    n: int
    credential: str
    until: str


_RESIDUE: Final = """
SELECT DISTINCT e.person, a.handle, c.kind, e.n, c.id, r.residual_until FROM rotations r
JOIN versions v ON v.credential = r.credential AND v.ended_at = r.ended_at AND v.n <> r.candidate
JOIN exposures e ON e.credential = v.credential AND e.n = v.n
JOIN credentials c ON c.id = r.credential JOIN accounts a ON a.id = c.account
WHERE r.state = 'done' AND r.residual_until > :now AND (:account = '' OR a.id = :account) AND (:person = '' OR e.person = :person)
ORDER BY r.residual_until, a.handle, e.person
"""


def residue(db: sqlite3.Connection, now: str, *, account: str = "", person: str = "") -> list[Residue]:
    """Everything that has not run out at a UTC time; of one account or person (ids), where they are named."""
    return [Residue._make(row) for row in db.execute(_RESIDUE, {"now": now, "account": account, "person": person})]
