"""Reports, incidents with their steps, and freezes, as the register has them; and what of them is not in order."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Final, NamedTuple

from govern.errors import NotFound
from govern.holdings.findings import Finding
from govern.incidents.steps import StepState
from govern.policy.rules import Policy
from govern.register.queries.rotations import whole_id


class Report(NamedTuple):
    """What somebody has seen. Ids are hex, the rest text; empty where there is none. `handle`: of the account; `answer_by`: UTC time."""

    id: str
    kind: str
    account: str
    handle: str
    reporter: str
    on_behalf: str
    note: str
    answer_by: str
    at: str
    answered_at: str
    answerer: str
    incident: str


class Step(NamedTuple):
    """One step of an incident. `hand`: lead or second; `at`, `ender`, `note`: empty while it is open."""

    number: int
    name: str
    hand: str
    state: StepState
    at: str
    ender: str
    evidence: str
    note: str


class Incident(NamedTuple):
    """One incident. `state`: open, clear or closed; `alone`: whoever led it or did steps of it said that all is clear;
    `lessons`: empty until it is closed, or erased."""

    id: str
    kind: str
    account: str
    handle: str
    platform: str
    lead: str
    second: str
    report: str
    drill: bool
    opener: str
    at: str
    cleared_at: str
    clearer: str
    alone: bool
    closed_at: str
    closer: str
    lessons: str
    entry: int

    @property
    def state(self) -> str:
        return "closed" if self.closed_at else "clear" if self.cleared_at else "open"


class Freeze(NamedTuple):
    """One freeze; `account` and `handle` are empty for one of everything; `allowed`: ids of those who are named."""

    id: str
    account: str
    handle: str
    allowed: tuple[str, ...]
    look_again: str
    incident: str
    freezer: str
    at: str
    ended_at: str
    ender: str


_REPORTS: Final = """
SELECT r.id, r.kind, r.account, a.handle, r.reporter, r.on_behalf, r.note, r.answer_by, r.at, r.answered_at, r.answerer, r.incident
FROM reports r LEFT JOIN accounts a ON a.id = r.account
"""
_INCIDENTS: Final = """
SELECT i.id, i.kind, i.account, a.handle, a.platform, i.lead, i.second, i.report, i.drill, i.opener, i.at, i.cleared_at, i.clearer, i.cleared_alone,
  i.closed_at, i.closer, l.text, i.entry
FROM incidents i LEFT JOIN accounts a ON a.id = i.account LEFT JOIN lessons l ON l.incident = i.id
"""
_FREEZES: Final = """
SELECT f.id, f.account, a.handle, f.allowed, f.look_again, f.incident, f.freezer, f.at, f.ended_at, f.ender
FROM freezes f LEFT JOIN accounts a ON a.id = f.account
"""


def _texts(row: tuple[object, ...]) -> list[str]:
    return ["" if value is None else str(value) for value in row]


def reports(db: sqlite3.Connection, *, every: bool = False) -> list[Report]:
    """Those that nobody has answered, or all; whichever is to be answered first comes first."""
    where = "" if every else "WHERE r.answered_at IS NULL "
    return [Report(*_texts(row)) for row in db.execute(f"{_REPORTS}{where}ORDER BY r.answered_at IS NOT NULL, r.answer_by, r.entry")]


def report(db: sqlite3.Connection, text: str) -> Report:
    """The report whose id begins so."""
    id_ = whole_id(db, "reports", "report", text, hint="govern incident list")
    return Report(*_texts(db.execute(f"{_REPORTS}WHERE r.id = ?", (id_,)).fetchone()))


def _incident(row: tuple[object, ...]) -> Incident:
    t = _texts(row)
    return Incident(
        id=t[0], kind=t[1], account=t[2], handle=t[3], platform=t[4], lead=t[5], second=t[6], report=t[7], drill=bool(row[8]), opener=t[9], at=t[10],
        cleared_at=t[11], clearer=t[12], alone=bool(row[13]), closed_at=t[14], closer=t[15], lessons=t[16], entry=int(t[17]),
    )  # fmt: skip


def incidents(db: sqlite3.Connection, *, every: bool = False) -> list[Incident]:
    """Those that are open, or all; the newest first."""
    where = "" if every else "WHERE i.closed_at IS NULL "
    return [_incident(row) for row in db.execute(f"{_INCIDENTS}{where}ORDER BY i.closed_at IS NOT NULL, i.entry DESC")]


def by_id(db: sqlite3.Connection, id_: str) -> Incident:
    row = db.execute(f"{_INCIDENTS}WHERE i.id = ?", (id_,)).fetchone()
    if row is None:
        raise NotFound(f"there is no incident {id_[:40]!r}", hint="govern incident list")
    return _incident(row)


def find(db: sqlite3.Connection, text: str) -> Incident:
    """The incident whose id begins so."""
    return by_id(db, whole_id(db, "incidents", "incident", text, hint="govern incident list"))


def steps(db: sqlite3.Connection, incident: str) -> list[Step]:
    """All of an incident (id), in their order."""
    rows = db.execute(
        "SELECT seq, step, hand, state, at, ender, evidence, note FROM incident_steps WHERE incident = ? ORDER BY seq", (incident,)
    )
    return [Step(row[0], row[1], row[2], StepState(row[3]), *_texts(row[4:])) for row in rows]


def open_of(db: sqlite3.Connection, account: str) -> Incident | None:
    """The newest open incident of an account (id) that is no drill."""
    row = db.execute(
        f"{_INCIDENTS}WHERE i.account = ? AND i.closed_at IS NULL AND NOT i.drill ORDER BY i.entry DESC LIMIT 1", (account,)
    ).fetchone()
    return None if row is None else _incident(row)


def freezes(db: sqlite3.Connection, *, every: bool = False, account: str | None = None) -> list[Freeze]:
    """Those that hold, or all; of one account (id; empty: of everything) alone."""
    where = " AND ".join(
        [*(() if every else ("f.ended_at IS NULL",)), *(() if account is None else ("coalesce(f.account, '') = :account",))]
    )
    rows = db.execute(f"{_FREEZES}{'WHERE ' if where else ''}{where} ORDER BY f.entry", {"account": account})
    return [Freeze(row[0], row[1] or "", row[2] or "", tuple(json.loads(row[3])), *_texts(row[4:])) for row in rows]


def concerned(db: sqlite3.Connection, account: str) -> list[tuple[str, str, str, str]]:
    """(credential, kind, account id, its handle) of every secret of an account (id) and of the accounts that it depends on, its mailbox above all; in use."""
    rows = db.execute(
        "SELECT c.id, c.kind, a.id, a.handle FROM accounts a JOIN credentials c ON c.account = a.id WHERE a.state = 'active'"
        " AND (a.id = ?1 OR a.id IN (SELECT needs FROM depends WHERE account = ?1))"
        " AND EXISTS (SELECT 1 FROM versions v WHERE v.credential = c.id AND v.state = 'current') ORDER BY a.id <> ?1, a.handle, c.kind, c.id",
        (account,),
    )
    return rows.fetchall()


def tools(db: sqlite3.Connection, account: str) -> list[str]:
    """Names of the tools that are connected to an account (id): posts may wait in each."""
    return [row[0] for row in db.execute("SELECT DISTINCT tool FROM apps WHERE account = ? AND ended_at IS NULL ORDER BY tool", (account,))]


def findings(db: sqlite3.Connection, _policy: Policy, today: str) -> Iterator[Finding]:
    """Reports without an answer, incidents that one person works on alone or of which nobody wrote down what was learned, old freezes (IR-4, IR-6)."""
    for one in reports(db):
        late = one.answer_by[:10] < today
        yield Finding(
            code="report-unanswered", severity="critical" if late else "warning", subject=one.handle or one.kind, key=f"report-unanswered:{one.id}",
            message=f"somebody reported {one.kind}, and nobody has answered", due=one.answer_by, command=f"govern incident open {one.id[:8]}",
            why=f"or say that it was looked at: govern incident answer {one.id[:8]}",
        )  # fmt: skip
    for case in incidents(db):
        if not case.second and not case.drill:
            yield Finding(
                code="incident-alone", severity="warning", subject=case.handle or case.kind, key=f"incident-alone:{case.id}",
                message=f"one person works alone on the incident {case.id[:8]}", command=f"govern incident second {case.id[:8]} PERSON",
                why="so that two work on it, and one can say that all is clear",
            )  # fmt: skip
        if not case.cleared_at and not case.drill:
            yield Finding(
                code="incident-open", severity="warning", subject=case.handle or case.kind, key=f"incident-open:{case.id}",
                message=f"{case.kind} is worked on since {case.at[:10]}", command=f"govern incident show {case.id[:8]}",
                why="what comes next, and who does it",
            )  # fmt: skip
        if case.cleared_at:
            yield Finding(
                code="lessons-missing", severity="warning", subject=case.handle or case.kind, key=f"lessons-missing:{case.id}",
                message=f"all is clear since {case.cleared_at[:10]}, and what was learned is not written down",
                command=f"govern incident close {case.id[:8]} --lessons TEXT",
            )  # fmt: skip
    for freeze in freezes(db):
        if freeze.look_again < today:
            where = freeze.handle or "--all"
            yield Finding(
                code="freeze-old", severity="warning", subject=freeze.handle or "everything", key=f"freeze-old:{freeze.id}",
                message=f"{freeze.handle or 'everything'} is frozen since {freeze.at[:10]}", due=freeze.look_again,
                command=f"govern incident thaw {where}",
            )  # fmt: skip
