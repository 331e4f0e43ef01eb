"""The report of one departure: checklist and evidence on one printable page in the reader's language, and the same as JSON, in English.

Reads the register alone. It holds names and times, no secret; what it says can be checked against the ledger, and how is said in it.
"""

from __future__ import annotations

import json as json_
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from govern.errors import NotFound
from govern.holdings.exposures import STRENGTH
from govern.languages import language
from govern.offboarding import beside
from govern.offboarding.items import ItemKind, ItemState
from govern.offboarding.on_platform import There
from govern.offboarding.wording import Told, sentence
from govern.policy.platforms import profile
from govern.policy.profile import Statement
from govern.register.connection import state
from govern.register.queries import accounts, cases, item_steps, people, ties
from govern.register.queries.cases import Case, Entry
from govern.register.queries.people import Person
from govern.reports import departure_page
from govern.rotation.residue import left

SCHEMA: Final = "govern.departure/1"

BASES: Final = {
    "revealed": "was shown it", "set": "set it", "handed-over": "was given it", "exported": "took it out", "imported": "brought it in",
    "declared": "is said to know it", "sealed": "could open it", "place": "was where a copy lay", "recovery": "holds a recovery share",
    "unknown": "unknown",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """One version that the person could know: how, until when they could use it, and when it stopped working. Times are UTC or empty."""

    account: str
    platform: str
    kind: str
    version: int
    how: tuple[str, ...]
    seen: bool
    known_since: str
    revoked_at: str
    rotated_at: str
    lag: str
    lag_minutes: int | None
    """From the end of the grant to the change; None where one of them has not come, or the change came first."""
    grade: str
    entry: int | None
    outcome: str
    residual_until: str = ""
    """Until when a session begun with it may last, where that is later than the change; and what nobody recorded as ended there."""
    not_ended: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One item as it is printed; `what` is `told` in English. `where` is the page on the platform, `steps` what to do there, of items that are still open."""

    number: int
    code: str
    account: str
    told: Told
    what: str
    due: str
    blocking: bool
    state: str
    who: str
    ended_at: str
    grade: str
    verifier: str
    entered_by: str
    evidence: str
    note: str
    entry: int | None
    where: str = ""
    steps: tuple[Statement, ...] = ()
    survives: tuple[Statement, ...] = ()
    looked_at: str = ""
    """Day of the last look at what is known of the platform; `trust`: the grade of what says none of its own."""
    trust: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """An entry of the ledger that bears something out. `about`: an account and what else is concerned; `secret`: of which kind, where it is one."""

    index: int
    what: str
    about: str = ""
    secret: str = ""

    @property
    def text(self) -> str:
        """In English."""
        about = f"{self.about} {self.secret}".strip()
        return f"{about}: {self.what}" if about else self.what


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """Everything that the report says. `still_knows`: secrets that work and were neither rotated nor given up; `still_tied`: open items about
    roles, tools, devices, and where codes and recovery go."""

    organisation: str
    vault: str
    made_at: str
    person: Person
    case: Case
    opener: str
    requested_by: str
    closer: str
    secrets: tuple[Secret, ...]
    lines: tuple[Line, ...]
    still_knows: int
    still_tied: int
    checkpoint: str
    entries: tuple[Cited, ...]

    @property
    def result(self) -> str:
        """The one sentence that everything else bears out, in English."""
        return departure_page.result(self, language("en"))


def collect(db: sqlite3.Connection, case: Case, *, vault: str, now: str) -> Departure:
    """The report of a case as the register stands; `vault` is its id (64 hex digits), `now` UTC ISO 8601."""
    person = people.by_id(db, case.person)
    names = {one.id: one.name for one in people.people(db)}
    entries = cases.items(db, case.id)
    founding = json_.loads(state(db, "founding") or "{}")
    secrets = secrets_of(db, case, entries, now)
    cited = [("case opened", case.entry), ("cut", case.cut_entry), ("case closed", case.closed_entry)]
    proofs = [Cited(index=index, what=what) for what, index in cited if index]
    proofs += [Cited(index=one.entry, what="rotation confirmed", about=one.account, secret=one.kind) for one in secrets if one.entry]
    proofs += [
        Cited(
            index=entry.cites, what=entry.item.kind.value, about=f"{entry.handle} {entry.about}".strip(),
            secret="" if entry.about else entry.credential_kind,
        )
        for entry in entries
        if entry.item.kind in beside.KINDS and entry.cites
    ]  # fmt: skip
    return Departure(
        organisation=str(founding.get("organisation", "")),
        vault=vault,
        made_at=now,
        person=person,
        case=case,
        opener=names.get(case.opener, ""),
        requested_by=names.get(case.requested_by, ""),
        closer=names.get(case.closer, ""),
        secrets=secrets,
        lines=tuple(line(db, person, entry, names) for entry in entries),
        still_tied=sum(entry.state is ItemState.OPEN and entry.item.kind in beside.KINDS for entry in entries),
        still_knows=len(ties.unanswered(db, case.id, case.person)),
        checkpoint=(state(db, "note") or b"").decode(),
        entries=tuple(dict.fromkeys(proofs)),
    )


def secrets_of(db: sqlite3.Connection, case: Case, entries: Iterable[Entry], now: str) -> tuple[Secret, ...]:
    """What the person could know of what worked at the opening, a line for each of the case's rotations; `now` UTC ISO 8601."""
    return tuple(_secret(db, case, entry, now) for entry in entries if entry.item.kind is ItemKind.ROTATE)


def _secret(db: sqlite3.Connection, case: Case, entry: Entry, now: str) -> Secret:
    item = entry.item
    bases = db.execute(
        "SELECT basis, since FROM exposures WHERE person = ? AND credential = ? AND n = ? ORDER BY since, basis",
        (case.person, item.credential, item.version),
    ).fetchall()
    granted = db.execute("SELECT max(ended_at) FROM grants WHERE person = ? AND account = ?", (case.person, item.account)).fetchone()[0]
    ended = db.execute(
        "SELECT v.ended_at, r.grade, r.ended_entry, r.residual_until, r.cut FROM versions v"
        " LEFT JOIN rotations r ON r.credential = v.credential AND r.ended_at = v.ended_at AND r.state = 'done'"
        " WHERE v.credential = ? AND v.n = ? ORDER BY r.ended_entry DESC LIMIT 1",
        (item.credential, item.version),
    ).fetchone()
    rotated_at, residual = ended[0] or "", ended[3] or ""
    alive = left(entry.credential_kind, (ended[4] or "").split(), _kinds(db, item.account)) if ended[2] else ()
    revoked_at = granted or case.cut_made_at
    minutes = _minutes(revoked_at, rotated_at)
    given_up = "" if entry.state in (ItemState.OPEN, ItemState.DONE) else str(entry.state)
    return Secret(
        account=entry.handle,
        platform=platform(db, item.account),
        kind=entry.credential_kind,
        version=item.version,
        how=tuple(dict.fromkeys(BASES[basis] for basis, _ in bases)),
        seen=any(STRENGTH[basis] == "seen" for basis, _ in bases),
        known_since=min((since for _, since in bases), default=""),
        revoked_at=revoked_at,
        rotated_at=rotated_at,
        lag=_lag(minutes),
        lag_minutes=None if minutes is None or minutes < 0 else minutes,
        grade=ended[1] or "",
        entry=ended[2],
        outcome="works no more" if rotated_at else given_up or "still known",
        residual_until=residual if residual > now else "",
        not_ended=alive,
    )


def _kinds(db: sqlite3.Connection, account: str) -> tuple[str, ...] | None:
    """Kinds of credential that the account's platform has; None where nothing is known of it."""
    try:
        return profile(accounts.by_id(db, account).platform).kinds
    except NotFound:
        return None


def platform(db: sqlite3.Connection, account: str) -> str:
    """The name of the account's platform, as its profile has it."""
    found = accounts.by_id(db, account).platform
    try:
        return profile(found).name
    except NotFound:
        return found


def line(db: sqlite3.Connection, person: Person, entry: Entry, names: dict[str, str]) -> Line:
    """An item of the departure of `person` as it is printed; `names` by id."""
    told = Told(
        kind=entry.item.kind, person=person.name, account=entry.handle, credential=entry.credential_kind, version=entry.item.version,
        about=entry.about,
    )  # fmt: skip
    found = item_steps.of_item(db, entry) if entry.state is ItemState.OPEN else None
    there, about = (found.there, found.about) if found is not None else (There(), None)
    return Line(
        number=entry.number, code=entry.code, account=entry.handle, told=told, what=sentence(told), due=entry.item.due, blocking=entry.item.blocking,
        state=entry.state.value,
        who=names.get(entry.ended_by or (entry.assignee if entry.state is ItemState.OPEN else ""), ""), ended_at=entry.ended_at, grade=entry.grade,
        verifier=names.get(entry.verifier, ""), entered_by=names.get(entry.entered_by, ""), evidence=entry.evidence, note=entry.note, entry=entry.cites or None,
        where=there.page, steps=there.steps, survives=there.survives, looked_at=about.checked_on if about else "", trust=about.grade if about else "",
    )  # fmt: skip


def _minutes(revoked: str, rotated: str) -> int | None:
    """Between the end of the grant and the change, negative where that came first."""
    if not (revoked and rotated):
        return None
    return int((datetime.fromisoformat(rotated) - datetime.fromisoformat(revoked)).total_seconds() // 60)


def _lag(minutes: int | None) -> str:
    """The same in days, hours and minutes."""
    if minutes is None:
        return ""
    if minutes < 0:
        return "changed before"
    parts = [(minutes // 1440, "d"), (minutes % 1440 // 60, "h"), (minutes % 60, "min")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "under a minute"


def html(told: Departure, locale: str = "en") -> str:
    """The page for people, in one of `govern.languages.LOCALES`; raises Usage for any other."""
    return departure_page.html(told, language(locale))


def json(told: Departure) -> str:
    """The same as one JSON object."""
    case = told.case
    values: dict[str, Any] = {
        "schema": SCHEMA, "organisation": told.organisation, "vault": told.vault, "made_at": told.made_at, "result": told.result,
        "person": {"id": told.person.id, "handle": told.person.handle, "name": told.person.name, "status": told.person.status},
        "case": {
            "id": case.id, "kind": case.kind.value, "state": case.state.value, "opened_at": case.opened_at, "opener": told.opener,
            "requested_by": told.requested_by or None, "cut_at": case.cut_at or None, "cut_planned": case.cut_planned or None,
            "cut_made_at": case.cut_made_at or None,
            "last_day": case.last_day or None, "closed_at": case.closed_at or None, "closer": told.closer or None,
            "signed_by_one": case.signed_by_one if case.closed_at else None, "statement": case.statement or None,
            "frozen": case.frozen, "frozen_at": case.frozen_at,
        },
        "secrets": [asdict(secret) for secret in told.secrets], "items": [_row(line) for line in told.lines], "still_knows": told.still_knows,
        "still_tied": told.still_tied,
        "entries": [{"what": cited.text, "index": cited.index} for cited in told.entries], "checkpoint": told.checkpoint,
    }  # fmt: skip
    return json_.dumps(values, ensure_ascii=True, indent=2) + "\n"


def _row(line: Line) -> dict[str, Any]:
    there = {"steps": [one.line for one in line.steps], "survives": [one.line for one in line.survives]}
    return {name: value for name, value in asdict(line).items() if name != "told"} | there
