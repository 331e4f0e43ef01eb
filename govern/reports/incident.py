"""One incident as a time line with minutes: what was reported, done, frozen and changed, by whom, and what was learned. Reads the register; holds no secret."""

from __future__ import annotations

import json as encoding
import sqlite3
from dataclasses import asdict, dataclass
from typing import Final

from govern.incidents.steps import StepState
from govern.incidents.timing import minutes
from govern.languages import language
from govern.policy.platforms import contacts, load_profiles
from govern.policy.profile import Statement
from govern.register.connection import state
from govern.register.queries import accounts, incidents, people
from govern.register.queries.incidents import Incident, Report
from govern.reports import page

HAPPENED: Final = ("reported", "answered", "opened", "done", "skipped", "frozen", "thawed", "changed", "all clear", "closed")
"""What may stand in a time line; said in the context `incident event`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that happened. `what`: of `HAPPENED`; `about`: a step, or a credential's account and kind; `minutes`: since the beginning; texts may be
    empty."""

    at: str
    minutes: int
    what: str
    about: str
    who: str
    note: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Who takes word on the platform of an account that was taken over. `text`: English; `url`: empty where there is no page; `checked_on`: ISO date."""

    text: str
    url: str
    grade: str
    checked_on: str

    @property
    def said(self) -> Statement:
        return Statement(self.text, self.grade, self.checked_on, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """All of one incident. `answered`, `took`: minutes to the first answer and to the all-clear, None where there was none; names are people's own."""

    organisation: str
    id: str
    kind: str
    account: str
    platform: str
    drill: bool
    state: str
    lead: str
    second: str
    alone: bool
    began: str
    answered: int | None
    took: int | None
    lines: tuple[Line, ...]
    open_steps: tuple[str, ...]
    lessons: str
    made_at: str
    reached: tuple[Way, ...] = ()


def collect(db: sqlite3.Connection, one: Incident, *, now: str) -> Told:
    """Everything about it that is recorded, in the order of time."""
    names = {person.id: person.name or person.handle for person in people.people(db)}
    reported = next((each for each in incidents.reports(db, every=True) if each.id == one.report), None)
    began = reported.at if reported else one.at
    steps = incidents.steps(db, one.id)
    found = [*_reported(reported), _line(one.at, "opened", who=one.opener)]
    found += [
        _line(step.at, step.state.value, step.name, who=step.ender, note=step.note, evidence=step.evidence)
        for step in steps
        if step.state is not StepState.OPEN
    ]
    if not one.drill:
        found += [*_frozen(db, one), *_changed(db, one)]
    if one.cleared_at:
        found.append(_line(one.cleared_at, "all clear", who=one.clearer))
    if one.closed_at:
        found.append(_line(one.closed_at, "closed", who=one.closer))
    lines = sorted(found, key=lambda line: line[0])
    return Told(
        organisation=str(encoding.loads(state(db, "founding") or "{}").get("organisation", "")), id=one.id, kind=one.kind,
        account=one.handle, platform=one.platform,
        drill=one.drill,
        state=one.state, lead=names.get(one.lead, one.lead), second=names.get(one.second, "") if one.second else "", alone=one.alone, began=began,
        answered=minutes(began, reported.answered_at) if reported and reported.answered_at else None,
        took=minutes(began, one.cleared_at) if one.cleared_at else None,
        lines=tuple(
            Line(at=at, minutes=minutes(began, at), what=what, about=about, who=names.get(who, who), note=note, evidence=evidence)
            for at, what, about, who, note, evidence in lines
        ),
        open_steps=tuple(step.name for step in steps if step.state is StepState.OPEN), lessons=one.lessons, made_at=now,
        reached=reached(one.platform, accounts.by_id(db, one.account).url) if one.account else (),
    )  # fmt: skip


def reached(platform: str, address: str) -> tuple[Way, ...]:
    """Who takes word on that platform of the account at that address, the best way first; nobody where nothing is known."""
    about = load_profiles().get(platform)
    ways = contacts(about, address) if about else []
    return tuple(Way(text=said.text, url=url, grade=said.grade, checked_on=said.checked_on) for said, url in ways)


_Row = tuple[str, str, str, str, str, str]


def _line(at: str, what: str, about: str = "", *, who: str, note: str = "", evidence: str = "") -> _Row:
    return at, what, about, who, note, evidence


def _reported(one: Report | None) -> list[_Row]:
    if one is None:
        return []
    answered = [_line(one.answered_at, "answered", who=one.answerer)] if one.answered_at else []
    return [_line(one.at, "reported", who=one.on_behalf or one.reporter, note=one.note), *answered]


def _frozen(db: sqlite3.Connection, one: Incident) -> list[_Row]:
    """Freezes of its account, or of everything, while it was open."""
    found = []
    for freeze in incidents.freezes(db, every=True):
        if freeze.account in ("", one.account) and one.at <= freeze.at <= (one.closed_at or freeze.at):
            found.append(_line(freeze.at, "frozen", freeze.handle, who=freeze.freezer))
            if freeze.ended_at:
                found.append(_line(freeze.ended_at, "thawed", freeze.handle, who=freeze.ender))
    return found


def _changed(db: sqlite3.Connection, one: Incident) -> list[_Row]:
    """Secrets of its account and of its mailbox that were changed while it was open."""
    rows = db.execute(
        "SELECT r.ended_at, a.handle, c.kind, coalesce(r.confirmer, '') FROM rotations r JOIN credentials c ON c.id = r.credential"
        " JOIN accounts a ON a.id = c.account WHERE r.state = 'done' AND r.ended_at >= ?1 AND (?2 = '' OR r.ended_at <= ?2)"
        " AND (a.id = ?3 OR a.id IN (SELECT needs FROM depends WHERE account = ?3))",
        (one.at, one.closed_at, one.account),
    )
    return [_line(at, "changed", f"{handle} {kind}", who=who) for at, handle, kind, who in rows]


def json(told: Told) -> str:
    """The same for programs."""
    return encoding.dumps({"schema": "govern.incident-report/1", **asdict(told)}, ensure_ascii=False, indent=2) + "\n"


def html(told: Told, locale: str) -> str:
    """One page that loads nothing, in one of `govern.languages.LOCALES`."""
    about = load_profiles().get(told.platform)
    return (
        page.environment(language(locale))
        .get_template("incident.html.j2")
        .render(told=told, platform=about.name if about else told.platform)
    )
