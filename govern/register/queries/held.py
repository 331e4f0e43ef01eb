"""Everything that a review asks about: open grants and open roles on platforms, of accounts in use."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Final

from govern.reviews.lines import Held

_HELD: Final = """
SELECT h.what, h.id, h.account, h.person, a.custodian, coalesce(a.deputy, '') FROM (
  SELECT 'grant' AS what, id, account, person FROM grants WHERE ended_at IS NULL
  UNION ALL SELECT 'entitlement', id, account, person FROM entitlements WHERE ended_at IS NULL
) h CROSS JOIN accounts a ON a.id = h.account AND a.state = 'active' JOIN people p ON p.id = h.person WHERE
"""
_ORDER: Final = " ORDER BY a.handle, h.account, h.what DESC, p.entry, h.id"
_WHERE: Final = {
    "all": "1",
    "account": "h.account = :about",
    "person": "h.person = :about",
    "department": "a.department = :department COLLATE NOCASE",
    "some": "h.id IN (SELECT value FROM json_each(:some))",
}


def held(db: sqlite3.Connection, scope: str, *, about: str = "", department: str = "", some: Iterable[str] = ()) -> list[Held]:
    """Of a scope (`govern.vocabulary.REVIEW_SCOPES`), by account: the grants first. `about`: id of the account or person; `some`: ids of grants and roles."""
    asked = {"about": about, "department": department, "some": json.dumps(sorted(some))}
    return [Held(*row) for row in db.execute(f"{_HELD}{_WHERE[scope]}{_ORDER}", asked)]


def among(db: sqlite3.Connection, scope: str, ids: Iterable[str], *, about: str = "", department: str = "") -> list[Held]:
    """Those of these grants and roles (ids) that are in the scope: at the cost of these, however much the scope has."""
    asked = {"about": about, "department": department, "some": json.dumps(sorted(ids))}
    return [Held(*row) for row in db.execute(f"{_HELD}{_WHERE['some']} AND {_WHERE[scope]}", asked)]


def are(db: sqlite3.Connection, scope: str, count: int, *, about: str = "", department: str = "") -> bool:
    """Whether the scope has so many grants and roles. No more than these, and one, are looked at."""
    asked = {"about": about, "department": department, "some": "[]", "most": count + 1}
    found = db.execute(f"SELECT count(*) FROM ({_HELD}{_WHERE[scope]} LIMIT :most)", asked)  # noqa: S608  texts are ours
    return int(found.fetchone()[0]) == count


UNDECIDED: Final = """
i.decision IS NULL AND CASE i.what WHEN 'grant' THEN EXISTS (SELECT 1 FROM grants g WHERE g.id = i.of AND g.ended_at IS NULL)
  ELSE EXISTS (SELECT 1 FROM entitlements t WHERE t.id = i.of AND t.ended_at IS NULL) END
  AND EXISTS (SELECT 1 FROM accounts a WHERE a.id = i.account AND a.state = 'active')
"""
"""Of a row `i` of `review_items`: nobody has decided on it, and what it asks about is still there."""
