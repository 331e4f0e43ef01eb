"""Holders of an account who lack what its tier asks for: since when, until when they may keep it, and whether an exception lets them. Set-based."""

from __future__ import annotations

import sqlite3
from datetime import date, timedelta
from typing import Final, NamedTuple

from govern.holdings import documents
from govern.policy.house_rules import TRAINING
from govern.policy.rules import Policy
from govern.register.queries import gate


class Lapsed(NamedTuple):
    """One holder (id) of one account who lacks one thing. Days are ISO dates. `last`: the last on which they did not lack it, which may lie ahead;
    `until`: the last of the grace, or of their exception where that lasts longer; `excepted`: the last day of an exception that runs, or empty."""

    grant: str
    account: str
    handle: str
    tier: str
    custodian: str
    deputy: str
    person: str
    name: str
    keyholder: bool
    rule: str
    what: str
    last: str
    until: str
    excepted: str


_HOLDERS: Final = """
SELECT g.id, a.id, a.handle, a.tier, a.custodian, coalesce(a.deputy, ''), p.id, coalesce(p.handle, ''),
  EXISTS (SELECT 1 FROM keys k WHERE k.person = p.id AND k.state = 'active'),
  max(q.since, coalesce(t.since, '')),
  coalesce((SELECT max(x.until) FROM exceptions x
    WHERE x.point = :rule AND x.person = p.id AND (x.account IS NULL OR x.account = a.id) AND x.ended_at IS NULL), '')
FROM asked q CROSS JOIN accounts a ON a.tier = q.tier AND a.state = 'active' CROSS JOIN grants g ON g.account = a.id AND g.ended_at IS NULL
JOIN people p ON p.id = g.person LEFT JOIN tiered t ON t.account = a.id
WHERE q.what = :what
"""
_UNSIGNED: Final = """
 AND NOT EXISTS (SELECT 1 FROM acknowledgements k JOIN document_versions v ON v.document = k.document AND v.version = k.version
   WHERE k.person = p.id AND k.document = :document AND k.counts AND v.place = :newest)
"""


def lapsed(db: sqlite3.Connection, policy: Policy, today: str, *, ahead: int = 0) -> list[Lapsed]:
    """Everybody who lacks something on this day, or within so many days; those with an exception too. By account, person and what it is."""
    rule = policy.later.documents
    if rule is None:
        return []
    latest = _plus(today, ahead)
    found = []
    for what, days in db.execute("SELECT DISTINCT what, days FROM asked ORDER BY what").fetchall():
        found += list(_training(db, what, days, rule.grace, latest) if days else _document(db, what, rule.grace, latest))
    return sorted(found, key=lambda one: (one.handle, one.name, one.person, one.rule, one.what))


def over(db: sqlite3.Connection, policy: Policy, today: str) -> list[Lapsed]:
    """Those whose grant ends by now, a row for each grant: the grace is past, no exception runs, and the policy says so."""
    rule = policy.later.documents
    if rule is None or rule.consequence != "end":
        return []
    return list({one.grant: one for one in lapsed(db, policy, today) if one.until < today}.values())


def _document(db: sqlite3.Connection, name: str, grace: int, latest: str) -> list[Lapsed]:
    row = db.execute("SELECT id FROM documents WHERE name = ?", (name,)).fetchone()
    published = gate.publications(db, row[0]) if row else []
    if not published:
        return []
    places = dict(
        db.execute(
            "SELECT k.person, max(v.place) FROM acknowledgements k JOIN document_versions v ON v.document = k.document AND v.version = k.version"
            " WHERE k.document = ? AND k.counts GROUP BY k.person",
            (row[0],),
        ).fetchall()
    )
    asked = {"rule": "acknowledgement", "what": name, "document": row[0], "newest": published[-1].place}
    some = []
    for one in db.execute(_HOLDERS + _UNSIGNED, asked):
        last = max(documents.lapses(published, places.get(one[6], 0)), one[9])
        if last < latest:
            some.append(_row(one, "acknowledgement", name, last, grace))
    return some


def _training(db: sqlite3.Connection, what: str, days: int, grace: int, latest: str) -> list[Lapsed]:
    subject = what.removeprefix(TRAINING)
    trained = dict(db.execute("SELECT person, max(on_day) FROM trainings WHERE subject = ? GROUP BY person", (subject,)).fetchall())
    some = []
    for one in db.execute(f"{_HOLDERS} AND q.days = :days", {"rule": "training", "what": what, "days": days}):
        on = trained.get(one[6])
        last = max(documents.trained_until(on, days) if on else "", one[9])
        if last < latest:
            some.append(_row(one, "training", subject, last, grace))
    return some


def _row(one: tuple[str, ...], rule: str, what: str, last: str, grace: int) -> Lapsed:
    grant, account, handle, tier, custodian, deputy, person, name, keyholder, _, excepted = one
    return Lapsed(
        grant, account, handle, tier, custodian, deputy, person, name or f"former.{person[:4]}", bool(keyholder), rule, what, last,
        max(_plus(last, grace), excepted), excepted,
    )  # fmt: skip


def _plus(day: str, days: int) -> str:
    try:
        return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
    except (ValueError, OverflowError):
        return date.max.isoformat()
