"""Findings about cases: what is left to do in each, which cut is to be made, which was made without one, and which embargo was broken."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Final

from govern.holdings.findings import Finding
from govern.offboarding.kinds import LEAVES, CaseKind, verb
from govern.policy.rules import Policy
from govern.register.queries.keys import entitled, theirs


def cases(db: sqlite3.Connection, _policy: Policy, today: str) -> Iterator[Finding]:
    rows = db.execute(
        "SELECT c.id, c.kind, c.state, c.cut_at, p.handle, (SELECT count(*) FROM items i WHERE i.case_id = c.id AND i.state = 'open'),"
        " (SELECT min(i.due) FROM items i WHERE i.case_id = c.id AND i.state = 'open'),"
        " (SELECT count(*) FROM items i WHERE i.case_id = c.id)"
        " FROM cases c JOIN people p ON p.id = c.person WHERE c.state <> 'closed' ORDER BY c.cut_at"
    )
    for id_, kind, case_state, cut_at, person, left, due, total in rows:
        joins = kind == CaseKind.JOINER
        if not joins and case_state == "open":
            yield _cut_to_make(id_, cut_at, person or "a former person", today)
            continue
        if joins and not total:
            yield Finding(
                code="case-open", severity="info", subject=person or "a former person", key=f"case:{id_}",
                message=f"nobody has said what {person or 'a former person'}, who is new, will work with",
                command=f"govern onboard add {id_[:8]} --accounts SELECTOR",
            )  # fmt: skip
            continue
        where = f"has {left} open item{'s' * (left > 1)}" if left else "is ready to be closed"
        late, soon = ("warning", "info") if joins else ("critical", "warning")
        yield Finding(
            code="case-open", severity=late if (due or "9")[:10] < today else soon, subject=person or "a former person",
            message=f"the case of {person or 'a former person'}{' as a joiner' if joins else ''} {where}", due=(due or "")[:10], key=f"case:{id_}",
            command=f"govern {verb(CaseKind(kind))} {'show' if left else 'close'} {id_[:8]}",
        )  # fmt: skip


def _cut_to_make(case: str, cut_at: str | None, person: str, today: str) -> Finding:
    """The cut that a case waits for; until its day nothing is to be done."""
    if cut_at is None:
        return Finding(
            code="case-open", severity="info", subject=person, message=f"the embargoed case of {person} waits for whoever makes its cut",
            key=f"case:{case}", command=f"govern offboard cut {case[:8]}",
        )  # fmt: skip
    day = cut_at[:10]
    return Finding(
        code="case-open", severity="critical" if day < today else "warning" if day == today else "info", subject=person,
        message=f"the cut of {person} was planned for {cut_at} and is not made" if day < today else f"the cut of {person} is planned for {cut_at}",
        due=day, key=f"case:{case}", command="govern offboard run-due" if day <= today else f"govern offboard show {case[:8]}",
    )  # fmt: skip


def embargo_broken(db: sqlite3.Connection, person: str) -> Iterator[Finding]:
    """Cases that were given, past every rule of their opening, to somebody whom they are about."""
    rows = db.execute(
        "SELECT c.id, p.handle, c.person, json_group_array(w.key) FROM cases c JOIN people p ON p.id = c.person"
        " JOIN epochs e ON e.compartment = c.compartment JOIN epoch_wraps w ON w.epoch = e.id WHERE c.state = 'open' AND c.person <> ?"
        " GROUP BY c.id ORDER BY c.entry",
        (person,),
    ).fetchall()
    for id_, who, subject, given in rows:
        if not theirs(db, subject) & set(json.loads(given)):
            continue
        yield Finding(
            code="embargo-broken", severity="critical", subject=who or "a former person", key=f"embargo:{id_}",
            message="somebody has sealed their embargoed case to them, or to a service of theirs: they can read it",
            command=f"govern offboard cut {id_[:8]}", why="make the cut before they act",
        )  # fmt: skip


_WITHOUT_CASE: Final = """
SELECT p.id, p.handle, g.ended_at, json_group_array(a.handle) FROM grants g JOIN people p ON p.id = g.person JOIN accounts a ON a.id = g.account
WHERE g.cause = 'departure' AND NOT p.leaving AND p.left_on IS NULL AND NOT p.erased AND NOT EXISTS (
  SELECT 1 FROM cases c WHERE c.cut_made_at = g.ended_at AND c.cut_entry > g.ended_entry
    AND (c.person = g.person OR g.account IN (SELECT value FROM json_each(coalesce(c.accounts, '[]')))))
GROUP BY p.id, g.ended_at ORDER BY g.ended_at, p.handle
"""


_GONE_WITHOUT: Final = """
SELECT p.id, p.handle, (SELECT count(*) FROM grants g WHERE g.person = p.id AND g.ended_entry > p.gone_entry)
FROM people p WHERE p.gone_entry IS NOT NULL AND NOT p.erased
  AND NOT EXISTS (SELECT 1 FROM cases c WHERE c.person = p.id AND c.kind IN (SELECT value FROM json_each(:leaves)))
  AND NOT EXISTS (SELECT 1 FROM compartments o WHERE o.entry < p.gone_entry AND NOT EXISTS (SELECT 1 FROM cases c WHERE c.compartment = o.id))
  AND NOT EXISTS (SELECT 1 FROM proposals o JOIN entries e ON e.idx = p.gone_entry
    WHERE o.act = 'restore' AND o.entry < p.gone_entry AND o.key = e.key AND o.made_at = e.at)
ORDER BY p.gone_entry
"""
"""Who was said to leave, or to have left, and no case that there is says why. Left out is whoever may be of an embargoed case that this member does not
read, and what a fork carries of departures that it has lost."""


def gone_without_case(db: sqlite3.Connection, today: str, person: str) -> Iterator[Finding]:
    """People of whom it is recorded that they leave, while nobody has opened the case in which it would be worked off (PS-4, AC-5): their grants end by that
    word, and nothing asks for what they know. Only who reads cases can know that."""
    rows = db.execute(_GONE_WITHOUT, {"leaves": json.dumps(sorted(LEAVES))}).fetchall()
    if not rows or not entitled(db, person, f"{today}T23:59:59Z"):
        return
    for id_, handle, ended in rows:
        who = handle or f"former.{id_[:4]}"
        grants = f", and {ended} grant{'s' * (ended != 1)} of theirs ended since" if ended else ""
        yield Finding(
            code="leaving-without-case", severity="critical", subject=who, key=f"leaving-without-case:{id_}",
            message=f"it is recorded that they leave, but no case of it is there{grants}", command=f"govern offboard open {who}",
            why="ask who signed it: govern ledger show; the case asks for what they still know",
        )  # fmt: skip


def without_case(db: sqlite3.Connection, today: str, person: str) -> Iterator[Finding]:
    """Grants that ended as by a departure's cut, of somebody who stays, where no case was cut (AC-5). Only who reads cases can know that."""
    rows = db.execute(_WITHOUT_CASE).fetchall()
    if not rows or not entitled(db, person, f"{today}T23:59:59Z"):
        return
    for id_, handle, at, accounts in rows:
        who, of = handle or f"former.{id_[:4]}", sorted(json.loads(accounts))
        yield Finding(
            code="cut-without-case", severity="critical", subject=who, key=f"cut-without-case:{id_}:{at}",
            message=f"their grants on {', '.join(of[:3])}{' and others' if len(of) > 3 else ''} were ended on {at[:10]} for a departure that has no case",
            command=f"govern grant {of[0]} {who}", why="ask who signed it: govern ledger show",
        )  # fmt: skip
