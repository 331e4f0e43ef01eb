"""Taking in the export of an HR program: joiners are added and their cases opened, changes recorded, departures opened.

Each by the rules that hold where it is typed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from govern.offboarding import feed
from govern.offboarding.employees import NONE, Answers, Employee, Member
from govern.offboarding.feed import Change, Kind
from govern.offboarding.kinds import CaseKind
from govern.policy.hr import HrRules
from govern.procedures import offboard, onboard
from govern.procedures import people as adding
from govern.procedures.people import NewPerson
from govern.register.queries import cases, people
from govern.register.queries.cases import Case

if TYPE_CHECKING:
    from govern.register.transaction import Transaction

_AHEAD: Final = 366
"""Days: a first day further ahead than that is a slip of the pen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of an export. `added`: place of a row -> id of whoever is new by it; `opened`: the change that asked for it, and its case."""

    changes: tuple[Change, ...]
    added: Mapping[str, str] = field(default_factory=dict)
    opened: Sequence[tuple[Change, Case]] = ()


def members(db: sqlite3.Connection, reader: str) -> list[Member]:
    """Everybody of the register, as far as `reader` (an id) may know of their cases."""
    open_cases = {case.person: case for case in cases.cases(db, reader=reader) if case.state != "closed" and not case.joins}
    return [_member(one, open_cases.get(one.id), reader) for one in people.people(db)]


def _member(one: people.Person, case: Case | None, reader: str) -> Member:
    return Member(
        id=one.id, name=one.name, mail=one.mail, department=one.department, status=one.status,
        last_day=one.left_on or (case.last_day if case else "") or one.last_day, case=case.kind if case else None,
        expected=not (one.external or "service" in one.roles), oneself=one.id == reader,
    )  # fmt: skip


def compare(
    db: sqlite3.Connection, reader: str, rows: Sequence[Employee], rules: HrRules, now: str, answers: Answers = NONE
) -> tuple[Change, ...]:
    """What the export comes to; nothing is recorded. Refused where too many have vanished from it, or would leave by it."""
    known, today = members(db, reader), feed.day_of(now, rules.zone)
    handles = people.handles(db)

    def tied(person: str) -> bool:
        opening = offboard.Opening(person=handles[person], kind=CaseKind.MOVER, cut_at=now)
        return any(entries for _, entries in offboard.plan(db, opening, now))

    feed.check_share(feed.diff(known, rows, rules, today, tied=tied), known, rules)
    return feed.diff(known, rows, rules, today, tied=tied, answers=answers)


def cut_time(change: Change, rules: HrRules, now: str) -> str:
    """When the cut of the case would be made (UTC): at the end of the last day, now where that has passed; a mover's some days on."""
    if change.kind is Kind.MOVER:
        return feed.ends_at(feed.days_on(feed.day_of(now, rules.zone), rules.move_after), rules.zone)
    return max(now, feed.ends_at(change.last_day, rules.zone))


def take_in(tx: Transaction, rows: Sequence[Employee], rules: HrRules, answers: Answers = NONE) -> Taken:
    """Do all that has an answer, or, where a rule refuses any of it, nothing; the questions without one stay as they are."""
    changes = compare(tx.register, tx.actor, rows, rules, tx.now, answers)
    added: dict[str, str] = {}
    opened: list[tuple[Change, Case]] = []
    for change in changes:
        if not change.acts:
            continue
        match change.kind:
            case Kind.JOINER | Kind.RETURNED:
                person = _add(tx, change, added)
                if joins(change, changes, rules):
                    opened.append((change, _welcome(tx, person, change, rules)))
            case Kind.CHANGED:
                _edit(tx, change)
            case Kind.MOVER:
                _edit(tx, change)
                opened.append((change, _open(tx, change, change.person, CaseKind.MOVER, rules)))
            case Kind.LEAVER:
                person = change.person or added[change.row.place if change.row else ""]
                opened.append((change, _open(tx, change, person, CaseKind.LEAVER, rules)))
            case _:
                pass
    return Taken(changes=changes, added=added, opened=opened)


def are_all_new(changes: Sequence[Change], rules: HrRules) -> bool:
    """Whether so many of the file are new that it is the first of all, with people who have been here for long."""
    everybody = {change.row.place for change in changes if change.row is not None}
    return rules.joining.exceeded(sum(change.kind is Kind.JOINER for change in changes), len(everybody))


def joins(change: Change, changes: Sequence[Change], rules: HrRules) -> bool:
    """Whether a joiner's case is opened by this change: of somebody who is added, whom the file does not say to leave already, and who is not one of
    all in a first file."""
    if change.kind not in (Kind.JOINER, Kind.RETURNED) or not change.acts or change.row is None:
        return False
    if change.kind is Kind.JOINER and are_all_new(changes, rules):
        return False
    return not any(one.kind is Kind.LEAVER and one.row is not None and one.row.place == change.row.place for one in changes)


def first_day(change: Change, rules: HrRules, now: str) -> str:
    """On which day the case of somebody new begins: the one that the file says, where it lies ahead and within a year; else today."""
    today, said = feed.day_of(now, rules.zone), change.row.first_day if change.row else ""
    return said if today < said <= feed.days_on(today, _AHEAD) else today


def _welcome(tx: Transaction, person: str, change: Change, rules: HrRules) -> Case:
    """What they will work with is said by whoever knows it."""
    handle = people.by_id(tx.register, person).handle
    return onboard.open_(tx, onboard.Opening(person=handle, starts_on=first_day(change, rules, tx.now)))


def _add(tx: Transaction, change: Change, added: dict[str, str]) -> str:
    row = change.row
    if row is None:
        return ""
    department = row.departments[0] if row.departments else ""
    added[row.place] = adding.add(
        tx, NewPerson(name=row.name or row.mail.split("@")[0], mail=row.mail, department=department, locale=row.locale)
    ).id
    return added[row.place]


def _edit(tx: Transaction, change: Change) -> None:
    tx.record("person.edited", {"person": change.person}, {name: after for name, (_, after) in change.fields.items()})


def _open(tx: Transaction, change: Change, person: str, kind: CaseKind, rules: HrRules) -> Case:
    handle = people.by_id(tx.register, person).handle
    opening = offboard.Opening(person=handle, kind=kind, cut_at=cut_time(change, rules, tx.now), last_day=change.last_day)
    case, _ = offboard.open_(tx, opening)
    return case
