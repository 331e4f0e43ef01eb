"""What cases of departures and joiners ask for, as those who read the case are reminded of it: the cut, then its open items.

Of a case under embargo nothing is told but that something waits, and that only to people who can read it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Set
from typing import Final

from govern.offboarding.case import CaseState
from govern.offboarding.items import ItemKind, ItemState
from govern.offboarding.whose import whose
from govern.offboarding.wording import Told, command
from govern.register.queries import cases, joining, people, proven, work
from govern.register.queries.cases import Case
from govern.register.queries.due import Thing

_READERS: Final = """
SELECT DISTINCT k.person FROM epochs e JOIN epoch_wraps w ON w.epoch = e.id JOIN keys k ON k.id = w.key AND k.state = 'active'
WHERE e.compartment = ? AND k.person IS NOT NULL AND k.person NOT IN (SELECT person FROM services)
"""


def of_cases(db: sqlite3.Connection, now: str, until: str, *, reader: str) -> Iterator[Thing]:
    """Of every case that is not closed and not the reader's own, what is due by `until` (ISO date)."""
    if db.execute("SELECT 1 FROM cases WHERE state <> 'closed' LIMIT 1").fetchone() is None:
        return
    names, there = people.handles(db), work.staff(db, now)
    for case in cases.cases(db, reader=reader):
        if case.state is CaseState.CLOSED or case.person == reader:
            continue
        subject = names.get(case.person, "a former person")
        if case.state is CaseState.OPEN and not case.joins:
            if case.cut_at and case.cut_at[:10] <= until:
                yield _cut(db, case, subject, there.runs)
            continue
        under_way = {row[0] for row in db.execute("SELECT credential FROM rotations WHERE ended_at IS NULL")}
        for entry in cases.items(db, case.id):
            item = entry.item
            if (
                entry.state is not ItemState.OPEN
                or item.due[:10] > until
                or (item.kind is ItemKind.ROTATE and item.credential in under_way)
                or (case.joins and proven.can_tell(item.kind) and joining.shows(db, case.person, item, at=now))  # signed, and not yet noted
            ):
                continue
            account = db.execute("SELECT tier, custodian, coalesce(deputy, '') FROM accounts WHERE id = ?", (item.account,)).fetchone()
            tier, custodian, deputy = account or ("critical", "", "")
            theirs = whose(
                item.kind, assignee=entry.assignee, answers=frozenset({custodian, deputy} - {""}), subject=case.person, staff=there
            )
            first = {custodian} if {custodian, deputy} >= theirs and custodian in theirs else theirs
            told = Told(
                kind=item.kind,
                person=subject,
                account=entry.handle,
                credential=entry.credential_kind,
                version=item.version,
                about=entry.about,
            )
            yield Thing(
                kind="case-item", of=case.id, about=entry.id, due=item.due, tier=tier, account=entry.handle, credential=entry.credential_kind,
                subject=case.person, name=subject, first=tuple(sorted(first)), deputy=deputy if deputy in theirs else "", barred=case.person,
                command=command(told, case.id[:8], entry.number), case=case.id, pressing=item.kind is ItemKind.ROTATE, runs=True,
                number=entry.number, told=told,
            )  # fmt: skip


def _cut(db: sqlite3.Connection, case: Case, subject: str, runs: Set[str]) -> Thing:
    first = frozenset(runs)
    if case.embargoed:
        first = frozenset(person for (person,) in db.execute(_READERS, (case.compartment,)))
    return Thing(
        kind="cut", of=case.id, due=case.cut_at, tier="critical", subject="" if case.embargoed else case.person,
        name="" if case.embargoed else subject, first=tuple(sorted(first - {case.person})), barred=case.person,
        command="govern todo" if case.embargoed else f"govern offboard cut {case.id[:8]}", case=case.id, runs=not case.embargoed,
        embargoed=case.embargoed,
    )  # fmt: skip
