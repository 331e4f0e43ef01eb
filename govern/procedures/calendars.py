"""What is open for a person as a calendar: which appointments there are, and what they say. Reads only.

A calendar is synchronised to machines that govern knows nothing of. So it names no account and nobody, unless that is allowed, and holds nothing
of a departure that is under embargo.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from govern.notices import calendar
from govern.notices.calendar import Appointment, Written
from govern.register.queries import cases, people, policies
from govern.register.queries.work import Work, work

if TYPE_CHECKING:
    from govern.languages import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The file; `undated`: how many things are open that no day is set for, and that hence stand in no calendar."""

    written: Written
    undated: int


def make(
    db: sqlite3.Connection, person: str, speech: Language, *, vault: str, reader: str, before: bytes | None, names: bool, now: str
) -> Made:
    """The calendar of a person (id), as the reader (id) sees what is open for them. `before`: what the file holds now; `names`: name accounts.

    Raises Refused or Malformed where `before` is not that person's calendar.
    """
    found = work(db, policies.policy(db), now, reader=reader, person=person)
    hidden = {one.id for one in cases.cases(db, reader=reader) if one.embargoed}
    open_ = [one for one in found if one.case not in hidden]
    dated = [one for one in open_ if one.due]
    name = people.handles(db)[person]
    written = calendar.write(
        [_appointment(one, speech, names) for one in dated], before=before, vault=vault, person=person,
        name=f"govern: {name}" if names else "govern", locale=speech.locale, at=datetime.fromisoformat(now),
    )  # fmt: skip
    return Made(written=written, undated=len(open_) - len(dated))


def _appointment(one: Work, speech: Language, names: bool) -> Appointment:
    title, named = _title(one.what, speech), one.account or one.subject
    command = one.command if names and one.command else "govern todo"
    return Appointment(
        key="\0".join((one.what, one.case, one.id, one.kind, one.subject if one.what in ("hand-over", "emergency") else "")),
        day=date.fromisoformat(one.due[:10]), title=f"{title}: {named}" if names and named else title,
        text=speech.say("To see what to do, type: {command}").format(command=command),
    )  # fmt: skip


def _title(what: str, speech: Language) -> str:
    say = speech.say
    match what:
        case "rotation":
            return say("Change a password")
        case "hand-over":
            return say("Hand over a new password")
        case "emergency":
            return say("Look at an emergency permission")
        case "cut":
            return say("A departure takes effect")
        case "case-item":
            return say("Something to do for a departure")
        case "drill":
            return say("Try out the recovery sheets")
        case _:
            return say("Something to do in govern")
