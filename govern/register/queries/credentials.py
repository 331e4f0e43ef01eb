"""Questions about the credentials of an account: which there are, in which version, where they are kept, since when unchanged."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple


class Credential(NamedTuple):
    """One credential in its current version, or in its latest where none is current.

    `kept_in`: name of the place outside, empty where it is sealed here; `changed_at`: claimed by whoever recorded it, or empty;
    `current_at`: when it became current here, or empty; `candidate`: a newer version that is not confirmed, or 0. Times are UTC.
    """

    id: str
    kind: str
    version: int
    state: str
    origin: str
    kept_in: str
    changed_at: str
    current_at: str
    weak: bool
    others_unknown: bool
    candidate: int

    @property
    def since(self) -> str:
        """Since when it is unchanged, as far as anybody says; empty where nothing is known."""
        return self.changed_at or self.current_at


_OF = """
SELECT c.id, c.kind, v.n, v.state, v.origin,
  CASE WHEN v.manifest IS NULL AND c.kept_in IS NULL AND EXISTS (SELECT 1 FROM accounts a WHERE a.id = c.account AND a.erased) THEN 'nowhere (erased)'
    WHEN v.manifest IS NOT NULL OR c.kept_in IS NULL THEN '' ELSE coalesce(p.name, 'place ' || substr(p.id, 1, 4)) END,
  v.changed_at, v.current_at, v.weak, v.others_unknown,
  (SELECT max(w.n) FROM versions w WHERE w.credential = c.id AND w.state = 'candidate' AND w.n <> v.n)
FROM credentials c LEFT JOIN places p ON p.id = c.kept_in
LEFT JOIN versions v ON v.credential = c.id AND v.n = coalesce(
  (SELECT max(n) FROM versions x WHERE x.credential = c.id AND x.state = 'current'), (SELECT max(n) FROM versions x WHERE x.credential = c.id))
WHERE c.account = ? ORDER BY c.entry
"""


def of_account(db: sqlite3.Connection, account: str) -> list[Credential]:
    """The credentials of an account (id), in the order they were added."""
    return [
        Credential(
            id=row[0], kind=row[1], version=row[2] or 0, state=row[3] or "", origin=row[4] or "", kept_in=row[5], changed_at=row[6] or "",
            current_at=row[7] or "", weak=bool(row[8]), others_unknown=bool(row[9]), candidate=row[10] or 0,
        )
        for row in db.execute(_OF, (account,))
    ]  # fmt: skip
