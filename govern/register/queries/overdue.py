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
from govern.rotation.schedule import Cause, Standing, due_on, standing

_SOME: Final = 1000
"""Of one rule of the calendar; more than that are not told one by one."""


class Overdue(NamedTuple):
    """One secret that should have changed by `due` (ISO date), and has not within the grace after it."""

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
    for one in (*_opened(db, today, account), *_known(db, policy, account), *_aged(db, policy, today, account)):
        if standing(policy, one.tier, one.due, today) is Standing.PAST_GRACE:
            found.setdefault(one.credential, one)
    return list(found.values())


def _of(account: str) -> str:
    return "AND a.id = :account" if account else ""


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
        yield Overdue(id_, handle, tier, credential, kind, Cause.CALENDAR if trigger == "schedule" else Cause.EVENT, due[:10])


def _known(db: sqlite3.Connection, policy: Policy, account: str) -> Iterator[Overdue]:
    """Secrets that somebody could know, on a basis that the policy names, who has left or holds the account no longer."""
    rule = policy.later.exposures
    if rule is None or not rule.force:
        return
    given_up = """
      NOT EXISTS (SELECT 1 FROM items i JOIN cases k ON k.id = i.case_id
        WHERE k.person = p.id AND i.credential = c.id AND i.n = v.n AND i.state = 'waived')"""
    rows = db.execute(
        f"""
        SELECT a.id, a.handle, a.tier, c.id, c.kind, min(p.left_on) AS since
        FROM people p JOIN exposures e ON e.person = p.id AND e.basis IN (SELECT value FROM json_each(:force))
        JOIN versions v ON v.credential = e.credential AND v.n = e.n AND v.state = 'current'
        JOIN credentials c ON c.id = v.credential JOIN accounts a ON a.id = c.account AND a.state = 'active' {_of(account)}
        WHERE p.left_on IS NOT NULL AND {given_up} GROUP BY c.id
        UNION ALL
        SELECT a.id, a.handle, a.tier, c.id, c.kind, min(g.ended) AS since
        FROM (SELECT account, person, max(ended_at) AS ended FROM grants x WHERE ended_at IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM grants o WHERE o.account = x.account AND o.person = x.person AND o.ended_at IS NULL) GROUP BY account, person) g
        JOIN accounts a ON a.id = g.account AND a.state = 'active' {_of(account)}
          AND g.person IS NOT a.custodian AND g.person IS NOT a.deputy
        JOIN people p ON p.id = g.person AND p.left_on IS NULL
        JOIN credentials c ON c.account = a.id
        JOIN versions v ON v.credential = c.id AND v.state = 'current'
        WHERE {given_up} AND EXISTS (SELECT 1 FROM exposures e WHERE e.person = p.id AND e.credential = v.credential AND e.n = v.n
          AND e.basis IN (SELECT value FROM json_each(:force)))
        GROUP BY c.id ORDER BY since
        """,  # noqa: S608
        {"account": account, "force": json.dumps(list(rule.force))},
    )
    for id_, handle, tier, credential, kind, since in rows:
        due = _plus(since, policy.membership_deadline_days[tier])
        if due:
            yield Overdue(id_, handle, tier, credential, kind, Cause.EVENT, due)


def _aged(db: sqlite3.Connection, policy: Policy, today: str, account: str) -> Iterator[Overdue]:
    """By the calendar of the policy, and after an import."""
    first = policy.later.first_import
    for (tier, kind), days in sorted(policy.rotation.items()):
        if days is None:
            continue
        rows = db.execute(
            f"""
            SELECT a.id, a.handle, c.id, coalesce(v.changed_at, v.current_at), CASE WHEN v.others_unknown THEN v.current_at ELSE '' END AS imported
            FROM accounts a JOIN credentials c ON c.account = a.id AND c.kind = :kind
            JOIN versions v ON v.credential = c.id AND v.state = 'current'
            WHERE a.tier = :tier AND a.state = 'active' {_of(account)}
              AND CASE WHEN :first AND v.others_unknown THEN substr(v.current_at, 1, 10) < :imported
                ELSE substr(coalesce(v.changed_at, v.current_at), 1, 10) < :changed END
            ORDER BY 4, 3 LIMIT :some
            """,  # noqa: S608
            {
                "kind": kind, "tier": tier, "account": account, "first": first is not None, "some": _SOME,
                "imported": _plus(today, -policy.grace_days[tier]), "changed": _plus(today, -days - policy.grace_days[tier]),
            },
        )  # fmt: skip
        for id_, handle, credential, since, imported in rows:
            due = due_on(policy, tier, kind, since, imported=imported, credential=credential)
            if due:
                yield Overdue(id_, handle, tier, credential, kind, Cause.CALENDAR, due)


def _plus(day: str, days: int) -> str:
    """The ISO date so many days later; empty beyond the calendar."""
    try:
        return (date.fromisoformat(day[:10]) + timedelta(days=days)).isoformat()
    except (OverflowError, ValueError):
        return ""
