"""The checklists of a departure: for each person a sheet of what is theirs to do, in their language, with boxes, days and the page where it is done.

Reads the register alone. A sheet holds names and times, no secret. It comes back by its codes (`govern offboard done --sheet`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Set
from dataclasses import dataclass

from govern.languages import language
from govern.offboarding.case import CaseState
from govern.offboarding.items import ItemKind, ItemState
from govern.offboarding.whose import whose
from govern.offboarding.wording import command, sentence
from govern.register.queries import accounts, cases, people, proven, scopes, work
from govern.register.queries.cases import Case, Entry
from govern.register.queries.people import Person
from govern.reports import departure, page
from govern.reports.departure import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One item on somebody's sheet. `command` is the one that records what paper alone can't show; empty where the returned sheet does."""

    line: Line
    platform: str
    login: str
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What one person has to do. `back_to`: the name of who opened the case, empty where they were forgotten; `now` UTC ISO 8601."""

    of: Person
    subject: Person
    case: Case
    back_to: str
    now: str
    tasks: tuple[Task, ...]


def sheets(db: sqlite3.Connection, case: Case, *, now: str) -> list[Sheet]:
    """One for everybody who has an open item that the ledger does not show as done, by handle; `now` UTC ISO 8601. None of a departure under embargo
    before its cut: nobody else is to learn of it.

    An item is on one sheet alone: of whom it was assigned to, else of the account's responsible person, else of the deputy, else of who opened
    the case where they may do it, else of the first by handle of those who may.
    """
    if case.embargoed and case.state is CaseState.OPEN:
        return []
    subject, there = people.by_id(db, case.person), work.staff(db, now)
    every = {one.id: one for one in people.people(db)}
    names = {one.id: one.name for one in every.values()}
    tasks: dict[str, list[Task]] = {}
    takes_in, scope = case.joins or case.state is CaseState.CUT, scopes.of_case(db, case.id)
    for entry in cases.items(db, case.id):
        if entry.state is not ItemState.OPEN or entry.item.kind is ItemKind.END_GRANT:  # the cut ends grants, not a person
            continue
        if takes_in and proven.shows(db, case.id, case.person, entry.item, scope, at=now):
            continue
        may = whose(
            entry.item.kind, assignee=entry.assignee, answers=work.answers(db, entry.item.account), subject=case.person, staff=there
        )
        if may:
            tasks.setdefault(_one(db, case, entry, may, every), []).append(_task(db, case, subject, entry, names))
    found = [
        Sheet(of=every[of], subject=subject, case=case, back_to=names.get(case.opener, ""), now=now, tasks=tuple(mine))
        for of, mine in tasks.items()
    ]
    return sorted(found, key=lambda sheet: sheet.of.handle)


def _one(db: sqlite3.Connection, case: Case, entry: Entry, may: Set[str], every: dict[str, Person]) -> str:
    account = accounts.by_id(db, entry.item.account) if entry.item.account else None
    first = (entry.assignee, account.custodian if account else "", account.deputy if account else "", case.opener)
    return next((one for one in first if one in may), min(may, key=lambda one: every[one].handle))


def _task(db: sqlite3.Connection, case: Case, subject: Person, entry: Entry, names: dict[str, str]) -> Task:
    line = departure.line(db, subject, entry, names)
    account = accounts.by_id(db, entry.item.account) if entry.item.account else None
    return Task(
        line=line,
        platform=departure.platform(db, entry.item.account) if account else "",
        login=account.login if account else "",
        command=command(line.told, case.id[:8], entry.number) if entry.item.kind is ItemKind.ROTATE else "",
    )


def html(sheet: Sheet, locale: str) -> str:
    """The sheet as one page that loads nothing, in one of `govern.languages.LOCALES`; raises Usage for any other."""
    speech = language(locale)
    asked = {task.line.number: page.plain(sentence(task.line.told, speech.say)) for task in sheet.tasks}
    return page.environment(speech).get_template("checklist.html.j2").render(sheet=sheet, asked=asked)
