"""What names a due thing, and what may be put off. Pure; ids in, ids out.

A thing is named by what it is about, never by when it is due: its due day may move, and then the same thing is due anew.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date, timedelta
from typing import Final

from govern.canonical import canonical
from govern.errors import Refused
from govern.policy.reminder_rules import ReminderRule

_LABEL: Final = b"govern/thing/v1\0"

_CALENDAR: Final = b"govern/calendar/v1\0"

_STAGE: Final = re.compile(r"(?:0|[+-][1-9][0-9]{0,4})\Z").match

CONFIDENTIAL: Final = ("cut", "case-item")
"""Kinds that stand in a case, and are recorded in its compartment."""


def thing(kind: str, of: str, about: str = "") -> str:
    """Id (32 hex digits) of the thing of this kind (`govern.vocabulary.NOTICES`) about an id, and a second one: who, or which item of a case."""
    return hashlib.sha256(_LABEL + f"{kind}\0{of}\0{about}".encode()).hexdigest()[:32]


def calendar_id(vault: str, person: str, key: str = "") -> str:
    """Id (40 hex digits) of an appointment of a person about a thing; of the calendar itself with an empty key. Hex ids; nothing follows from it."""
    return hashlib.sha256(_CALENDAR + canonical({"key": key, "person": person, "vault": vault})).hexdigest()[:40]


def stage(point: int) -> str:
    """A number of days from the due day as events spell it: -14, 0, +3."""
    return f"{point:+d}" if point else "0"


def point(spelled: str) -> int:
    """The same read; raises Refused for anything that `stage` would not have written."""
    if not _STAGE(spelled):
        raise Refused("a digest names a stage that is none", rule="stage", control="AC-2 h", hint="upgrade govern")
    return int(spelled)


def reached(spelled: str, *, due: str, today: str) -> int:
    """The stage of a line of a digest, of a thing that is due that day, where the stage has come on `today` (ISO dates in UTC); else raise Refused.

    Else whoever may send could keep somebody from ever hearing of a thing, by one entry. One day more covers every zone in which days are counted.
    """
    days = point(spelled)
    try:
        ahead = (date.fromisoformat(due) - date.fromisoformat(today)).days + days
    except ValueError:
        raise Refused(f"a digest names {due}, which is no day", rule="stage", control="AC-2 h", hint="upgrade govern") from None
    if ahead > 1:
        raise Refused(
            f"a digest says that somebody was told of what has not come: {spelled} days from {due}", rule="stage-ahead", control="AC-2 h",
            hint="nothing is told ahead of its stage: govern remind --explain PERSON",
        )  # fmt: skip
    return days


CHANGE: Final = "govern rotate ACCOUNT"
"""What a hint says where the account is not known."""


def may_snooze(rule: ReminderRule, *, until: str, today: str, due: str, pressing: bool, times: int, report: str = "") -> None:
    """Return where a thing may be put off until that day (ISO date) on `today`; else raise Refused. `times`: how often it was before.

    What is `pressing`, a secret that somebody who is gone still knows, is never put off beyond its due day. A `report` (first digits of its id) that nobody
    has answered is never put off at all: it may be about whoever answers for the account, and putting off silences everybody.
    """
    if report:
        raise Refused(
            "a report is not put off: everybody hears of it until somebody answers", rule="snooze-report", control="IR-6",
            hint=f"govern incident answer {report}, or: govern incident open {report}",
        )  # fmt: skip
    try:
        date.fromisoformat(until)
    except ValueError:
        raise _refused(f"{until} is no day", "snooze-past", "write it as 2026-11-30") from None
    if until <= today:
        raise _refused(f"{until} is not in the future", "snooze-past", "name a later date")
    latest = (date.fromisoformat(today) + timedelta(days=rule.snooze)).isoformat()
    if latest < until:
        raise _refused(f"nothing is put off for more than {rule.snooze} days", "snooze-most", f"--until {latest} at the latest")
    if times >= rule.snoozes:
        raise _refused(f"this was put off {times} times", "snooze-times", "do it, or hand it on: govern todo")
    if pressing and until > due:
        raise _overdue("put off", f"--until {due} at the latest, or " if today < due else "")


def may_acknowledge(*, today: str, due: str, pressing: bool) -> None:
    """Return where a thing may be acknowledged, so that it is not repeated for a while; else raise Refused."""
    if pressing and today > due:
        raise _overdue("acknowledged")


def _overdue(what: str, instead: str = "") -> Refused:
    return Refused(
        f"a secret that somebody who is gone still knows is not {what} once it is overdue", rule="snooze-membership", control="AC-2 k",
        hint=f"{instead}change it: {CHANGE}",
    )  # fmt: skip


def _refused(message: str, rule: str, hint: str) -> Refused:
    return Refused(message, rule=rule, control="AC-2 h", hint=hint)
