"""What is overdue past the grace of its tier, by an event or by the calendar: of one account, or of all. Reads only.

Events come first: an open rotation whose time is over, and somebody who has left or lost their grant and could know the secret that works.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final, NamedTuple

from govern.policy.rules import Policy
from govern.register.queries import calendar, former
from govern.rotation.schedule import Cause, Standing, due_on, standing


class Overdue(NamedTuple):
    """One secret that should have changed by `due` (ISO date), and has not."""

    account: str
    handle: str
    tier: str
    credential: str
    kind: str
    cause: Cause
    due: str


def past_grace(db: sqlite3.Connection, policy: Policy, today: str, account: str = "") -> list[Overdue]:
    """Every such secret in use, events first, each once; of one account (id) where it is named."""
    found: dict[str, Overdue] = {}
    for one in (*_opened(db, today, account), *known(db, policy, account), *aged(db, policy, today, account)):
        if standing(policy, one.tier, one.due, today) is Standing.PAST_GRACE:
            found.setdefault(one.credential, one)
    return list(found.values())


def _of(account: str) -> str:
    return "AND a.id = :account" if account else ""


_CALM: Final = ("schedule", "first-import", "manual")
"""Triggers by which nothing has happened that presses: what they ask for is overdue by the calendar."""


def _opened(db: sqlite3.Connection, today: str, account: str) -> Iterator[Overdue]:
    """Open rotations by their own deadline, or by that of a departure they serve."""
    rows = db.execute(
        f"""
        SELECT a.id, a.handle, a.tier, c.id, c.kind, r.trigger, min(coalesce(r.due, '~'), coalesce((
          SELECT min(i.due) FROM items i JOIN cases k ON k.id = i.case_id AND k.state = 'cut'
          WHERE i.credential = r.credential AND i.kind = 'rotate' AND i.state = 'open'), '~')) AS due
        FROM rotations r JOIN credentials c ON c.id = r.credential JOIN accounts a ON a.id = c.account AND a.state = 'active' {_of(account)}
        WHERE r.ended_at IS NULL AND due < :today ORDER BY due
        """,  # noqa: S608
        {"account": account, "today": today},
    )
    for id_, handle, tier, credential, kind, trigger, due in rows:
        yield Overdue(id_, handle, tier, credential, kind, Cause.CALENDAR if trigger in _CALM else Cause.EVENT, due[:10])


_GIVEN_UP: Final = """NOT EXISTS (SELECT 1 FROM items i JOIN cases k ON k.id = i.case_id
  WHERE k.person = p.id AND i.credential = c.id AND i.n = v.n AND i.state = 'waived')"""

_GONE: Final = """
SELECT a.id, a.handle, a.tier, c.id, c.kind, min({since}) AS gone, p.left_on
FROM people p CROSS JOIN exposures e ON e.person = p.id AND e.basis IN (SELECT value FROM json_each(:force))
CROSS JOIN versions v ON v.credential = e.credential AND v.n = e.n AND +v.state = 'current'
CROSS JOIN credentials c ON c.id = v.credential CROSS JOIN accounts a ON a.id = c.account AND a.state = 'active'
WHERE p.left_on IS NOT NULL AND NOT {earlier} AND {given_up} GROUP BY c.id
UNION ALL
SELECT a.id, a.handle, a.tier, c.id, c.kind, min(g.ended) AS gone, NULL
FROM (SELECT account, person, max(ended_at) AS ended FROM grants x WHERE ended_at IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM grants o WHERE o.account = x.account AND o.person = x.person AND o.ended_at IS NULL) GROUP BY account, person) g
CROSS JOIN accounts a ON a.id = g.account AND a.state = 'active' AND g.person IS NOT a.custodian AND g.person IS NOT a.deputy
CROSS JOIN people p ON p.id = g.person AND p.left_on IS NULL
CROSS JOIN credentials c ON c.account = a.id CROSS JOIN versions v ON v.credential = c.id AND +v.state = 'current'
WHERE {given_up} AND EXISTS (SELECT 1 FROM exposures e WHERE e.person = p.id AND e.credential = v.credential AND e.n = v.n
  AND e.basis IN (SELECT value FROM json_each(:force)))
GROUP BY c.id ORDER BY gone
"""
"""Of all accounts: from the few who have left, and from the grants that have ended, never from what everybody knows. `left_on` is that of whoever
was gone first: SQLite takes it from the row of the minimum."""

_GONE_OF_ONE: Final = """
SELECT a.id, a.handle, a.tier, c.id, c.kind,
  min(coalesce({since}, (SELECT max(g.ended_at) FROM grants g WHERE g.person = p.id AND g.account = a.id))) AS gone, p.left_on
FROM accounts a CROSS JOIN credentials c ON c.account = a.id CROSS JOIN versions v ON v.credential = c.id AND +v.state = 'current'
CROSS JOIN exposures e ON e.credential = v.credential AND e.n = v.n AND e.basis IN (SELECT value FROM json_each(:force))
CROSS JOIN people p ON p.id = e.person
WHERE a.id = :account AND a.state = 'active' AND NOT {earlier} AND {given_up} AND (p.left_on IS NOT NULL OR (
  p.id IS NOT a.custodian AND p.id IS NOT a.deputy
  AND NOT EXISTS (SELECT 1 FROM grants o WHERE o.account = a.id AND o.person = p.id AND o.ended_at IS NULL)))
GROUP BY +c.id HAVING gone IS NOT NULL
"""
"""The same of one account, from the account."""


def known(db: sqlite3.Connection, policy: Policy, account: str = "") -> Iterator[Overdue]:
    """Secrets that somebody could know, on a basis that the policy names, who has left or holds the account no longer."""
    rule = policy.later.exposures
    if rule is None or not rule.force:
        return
    query = (_GONE_OF_ONE if account else _GONE).format(given_up=_GIVEN_UP, since=former.SINCE, earlier=former.EARLIER)
    rows = db.execute(query, {"account": account, "force": json.dumps(list(rule.force))})
    for id_, handle, tier, credential, kind, since, left_on in rows:
        due = former.due(policy, tier, kind, credential, since, told_late=left_on is not None and since > left_on)
        if due:
            yield Overdue(id_, handle, tier, credential, kind, Cause.EVENT, due)


_AGED: Final = """
SELECT a.id, a.handle, a.tier, c.id, c.kind, coalesce(v.changed_at, v.current_at) AS since, CASE WHEN v.others_unknown THEN v.current_at END
FROM credentials c CROSS JOIN versions v ON v.credential = c.id CROSS JOIN accounts a ON a.id = c.account AND a.state = 'active'
WHERE v.state = 'current' AND c.account = ?
"""
_WHICH: Final = """
SELECT a.id, a.handle, a.tier, c.id, c.kind FROM json_each(?) j CROSS JOIN credentials c ON c.id = j.value CROSS JOIN accounts a ON a.id = c.account
"""


def aged(db: sqlite3.Connection, policy: Policy, today: str, account: str = "", *, imported: bool = True) -> Iterator[Overdue]:
    """Every secret in use whose due date by the calendar, or after an import, lies before today; of all accounts without `imported` only
    those that have changed since they came."""
    if account:
        for id_, handle, tier, credential, kind, since, brought in db.execute(_AGED, (account,)):
            due = due_on(policy, tier, kind, since, imported=brought or "", credential=credential)
            if due is not None and due < today:
                yield Overdue(id_, handle, tier, credential, kind, Cause.CALENDAR, due)
        return
    found = {one.credential: one.day for one in calendar.due_by(db, policy, _plus(today, -1), brought=imported)}
    for id_, handle, tier, credential, kind in db.execute(_WHICH, (json.dumps(list(found)),)):
        yield Overdue(id_, handle, tier, credential, kind, Cause.CALENDAR, found[credential])


def _plus(day: str, days: int) -> str:
    """The ISO date so many days later; empty beyond the calendar."""
    try:
        return (date.fromisoformat(day[:10]) + timedelta(days=days)).isoformat()
    except (OverflowError, ValueError):
        return ""
