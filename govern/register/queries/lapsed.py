"""Holders of an account, and those who answer for one, who lack what its tier asks for: since when, until when they may go on, and whether an exception
lets them. The cost grows with the people there are and with what those who lack something hold, not with the vault.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from govern.holdings import documents
from govern.policy.house_rules import TRAINING
from govern.policy.rules import Policy
from govern.register.queries import gate


class Lapsed(NamedTuple):
    """Somebody (id) who holds or answers for one account and lacks one thing. `grant`: theirs, empty for who answers for it and holds it not. Days are ISO
    dates. `last`: the last on which they did not lack it, which may lie ahead; `until`: the last of the grace, or of their exception where that lasts
    longer; `excepted`: the last day of an exception that runs, or empty."""

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


_ROW: Final = """
a.id, a.handle, a.tier, a.custodian, coalesce(a.deputy, ''), p.id, coalesce(p.handle, ''),
  EXISTS (SELECT 1 FROM keys k WHERE k.person = p.id AND k.state = 'active'), max({since}, coalesce(t.since, '')),
  coalesce((SELECT max(x.until) FROM exceptions x
    WHERE x.point = :rule AND x.person = p.id AND (x.account IS NULL OR x.account = a.id) AND x.ended_at IS NULL), '')
"""
_HOLDERS: Final = f"""
SELECT g.id, {_ROW.format(since="q.since")}
FROM people p CROSS JOIN grants g ON g.person = p.id AND g.ended_at IS NULL CROSS JOIN accounts a ON a.id = g.account AND a.state = 'active'
CROSS JOIN asked q ON q.tier = a.tier AND q.what = :what AND q.days = :days LEFT JOIN tiered t ON t.account = a.id
WHERE {{lacks}}
"""  # noqa: S608
_ANSWERING: Final = f"""
SELECT '', {_ROW.format(since="q.answering")}
FROM people p CROSS JOIN accounts a ON a.{{role}} = p.id AND a.state = 'active'
CROSS JOIN asked q ON q.tier = a.tier AND q.what = :what AND q.days = :days AND q.answering IS NOT NULL LEFT JOIN tiered t ON t.account = a.id
WHERE NOT p.leaving AND p.left_on IS NULL AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.account = a.id AND g.person = p.id AND g.ended_at IS NULL)
  AND {{also}} AND {{lacks}}
"""  # noqa: S608
_UNSIGNED: Final = """
NOT EXISTS (SELECT 1 FROM acknowledgements k JOIN document_versions v ON v.document = k.document AND v.version = k.version
  WHERE k.person = p.id AND k.document = :document AND k.counts AND v.place = :newest)
"""
_UNTRAINED: Final = "NOT EXISTS (SELECT 1 FROM trainings k WHERE k.person = p.id AND k.subject = :subject AND k.on_day >= :from)"


_ROLES: Final = (("custodian", "1"), ("deputy", "a.custodian <> p.id"))


_THESE: Final = "SELECT value FROM json_each(:grants)"
_OF_THESE: Final = f" AND p.id IN (SELECT person FROM grants WHERE id IN ({_THESE})) AND g.id IN ({_THESE})"  # noqa: S608


def _rows(db: sqlite3.Connection, lacks: str, values: dict[str, Any], grants: Sequence[str] | None) -> list[tuple[Any, ...]]:
    if grants is not None:
        return db.execute(_HOLDERS.format(lacks=lacks + _OF_THESE), {**values, "grants": json.dumps(grants)}).fetchall()
    queries = (_HOLDERS.format(lacks=lacks), *(_ANSWERING.format(lacks=lacks, role=role, also=also) for role, also in _ROLES))
    return [row for query in queries for row in db.execute(query, values)]


def lapsed(db: sqlite3.Connection, policy: Policy, today: str, *, ahead: int = 0, grants: Sequence[str] | None = None) -> list[Lapsed]:
    """Everybody who lacks something on this day, or within so many days; those with an exception too. By account, person and what it is. `grants`: only
    those who lack it by one of these (ids)."""
    rule = policy.later.documents
    if rule is None:
        return []
    latest = _plus(today, ahead)
    found = untrained(db, policy, today, ahead=ahead, grants=grants)
    for (what,) in db.execute("SELECT DISTINCT what FROM asked WHERE days = 0 ORDER BY what").fetchall():
        found += _document(db, what, rule.grace, latest, grants)
    return sorted(found, key=lambda one: (one.handle, one.name, one.person, one.rule, one.what))


def untrained(db: sqlite3.Connection, policy: Policy, today: str, *, ahead: int = 0, grants: Sequence[str] | None = None) -> list[Lapsed]:
    """The same of trainings alone, in no order."""
    rule = policy.later.documents
    if rule is None:
        return []
    asked = db.execute("SELECT DISTINCT what, days FROM asked WHERE days > 0 ORDER BY what").fetchall()
    return [one for what, days in asked for one in _training(db, what, days, rule.grace, _plus(today, ahead), grants)]


def over(db: sqlite3.Connection, policy: Policy, today: str, grants: Sequence[str] | None = None) -> list[Lapsed]:
    """Those whose grant (of these ids, or any) ends by now, a row for each grant: the grace is past, no exception runs, and the policy says so. Who answers for
    an account does so until somebody else does: nobody but people can say who."""
    rule = policy.later.documents
    if rule is None or rule.consequence != "end":
        return []
    return list({one.grant: one for one in lapsed(db, policy, today, grants=grants) if one.grant and one.until < today}.values())


def _document(db: sqlite3.Connection, name: str, grace: int, latest: str, grants: Sequence[str] | None) -> list[Lapsed]:
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
    asked = {"rule": "acknowledgement", "what": name, "days": 0, "document": row[0], "newest": published[-1].place}
    some = []
    for one in _rows(db, _UNSIGNED, asked, grants):
        last = max(documents.lapses(published, places.get(one[6], 0)), one[9])
        if last < latest:
            some.append(_row(one, "acknowledgement", name, last, grace))
    return some


def _training(db: sqlite3.Connection, what: str, days: int, grace: int, latest: str, grants: Sequence[str] | None) -> list[Lapsed]:
    subject = what.removeprefix(TRAINING)
    trained = dict(db.execute("SELECT person, max(on_day) FROM trainings WHERE subject = ? GROUP BY person", (subject,)).fetchall())
    some = []
    asked = {"rule": "training", "what": what, "days": days, "subject": subject, "from": _plus(latest, -days)}
    for one in _rows(db, _UNTRAINED, asked, grants):
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
