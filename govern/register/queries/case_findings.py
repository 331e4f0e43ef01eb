"""Findings about cases: what is left to do in each, which cut is to be made, and which embargo was broken."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator

from govern.holdings.findings import Finding
from govern.policy.rules import Policy
from govern.register.queries.keys import theirs


def cases(db: sqlite3.Connection, _policy: Policy, today: str) -> Iterator[Finding]:
    rows = db.execute(
        "SELECT c.id, c.state, c.cut_at, p.handle, (SELECT count(*) FROM items i WHERE i.case_id = c.id AND i.state = 'open'),"
        " (SELECT min(i.due) FROM items i WHERE i.case_id = c.id AND i.state = 'open')"
        " FROM cases c JOIN people p ON p.id = c.person WHERE c.state <> 'closed' ORDER BY c.cut_at"
    )
    for id_, case_state, cut_at, person, left, due in rows:
        if case_state == "open":
            yield _cut_to_make(id_, cut_at, person or "a former person", today)
            continue
        where = f"has {left} open item{'s' * (left > 1)}" if left else "is ready to be closed"
        yield Finding(
            code="case-open", severity="critical" if (due or "9")[:10] < today else "warning", subject=person or "a former person",
            message=f"the case of {person or 'a former person'} {where}", due=(due or "")[:10], key=f"case:{id_}",
            command=f"govern offboard {'show' if left else 'close'} {id_[:8]}",
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
