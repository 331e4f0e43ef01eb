"""When a change is due, by the calendar or after an import, and how far past it is. Pure; knows no rotation that is under way.

The calendar is a back-stop for sharing that nobody recorded (NIST SP 800-53 IA-5 f); what really calls for a change is an event, a holder
who left above all (AC-2 k). So the two are told apart wherever something is due.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final

from govern.errors import Malformed
from govern.policy.rules import Policy

URGENCY: Final[Mapping[str, int]] = {
    "password": 0,
    "totp": 1, "backup-codes": 1, "api-token": 1, "app-password": 1,
    "passkey": 2, "recovery-email": 2, "recovery-phone": 2,
}  # fmt: skip
"""Kind -> which third of the time after an import its first change falls into: passwords first, what lies with persons last."""

_THIRDS: Final = 3


class Cause(StrEnum):
    """Why something is due."""

    EVENT = "event"
    CALENDAR = "calendar"


class Standing(StrEnum):
    """How a due date stands to a day."""

    UNRULED = "unruled"
    """There is no due date."""
    AHEAD = "ahead"
    DUE = "due"
    """On that very day."""
    OVERDUE = "overdue"
    """Past it, within the grace of the tier."""
    PAST_GRACE = "past-grace"
    """Past the grace too: the policy's consequences hold."""


def next_due(policy: Policy, tier: str, kind: str, since: str) -> str | None:
    """The date (ISO 8601) on which a secret that is unchanged `since` a UTC time or date is due; None where the calendar asks for nothing.

    None also where the policy has no rule for this tier and kind. Raises Malformed for a `since` that starts with no year, month and day.
    """
    days = policy.rotation.get((tier, kind))
    if days is None:
        return None
    try:
        return (_day(since) + timedelta(days=days)).isoformat()
    except OverflowError:
        return None


def first_due(policy: Policy, tier: str, kind: str, imported: str, credential: str) -> str | None:
    """The date by which a secret that came with an import on a UTC time or date is changed for the first time; None without such a rule.

    Spread, worst first, and the same wherever and whenever it is asked: the tier gives the time, the kind the third of it, and the
    credential's id (hex digits of a random number) the day within that third, so that of a thousand logins a few come due each day,
    whatever else is added, changed or retired meanwhile. A kind that never changes by the policy has no due date.
    """
    rule = policy.later.first_import
    if rule is None or policy.rotation.get((tier, kind), 1) is None:
        return None
    within = rule.within[tier]
    try:
        return (_day(imported) + timedelta(days=spread(within, kind, credential))).isoformat()
    except OverflowError:
        return None


def spread(within: int, kind: str, credential: str) -> int:
    """After how many of the days `within` a secret is due where many are begun together: 1 at least, worst first by kind, then by id."""
    place = URGENCY.get(kind, _THIRDS - 1) * within + int(credential[:8], 16) * within // 2**32
    return 1 + place // _THIRDS


IDS: Final = 2**32
"""What the first eight hex digits of an id count to."""


def brought_before(policy: Policy, tier: str, kind: str, days: int) -> int:
    """Of what an import brought so many days ago: ids whose first eight hex digits count less than this are due by `first_due`; 0: none, 2**32: all."""
    rule = policy.later.first_import
    if rule is None or policy.rotation.get((tier, kind), 1) is None:
        return 0
    within = rule.within[tier]
    most = 3 * days - 1 - URGENCY.get(kind, _THIRDS - 1) * within
    if within == 0:
        return IDS if most >= 0 else 0
    return min(max(-(-(most + 1) * IDS // within), 0), IDS)


def due_on(policy: Policy, tier: str, kind: str, since: str, *, imported: str = "", credential: str = "") -> str | None:
    """When a secret is due: after an import (`imported`: when, empty for one that did not come with one) by the rule for that, where the
    policy has one; else its age after it last changed."""
    if imported and policy.later.first_import is not None:
        return first_due(policy, tier, kind, imported, credential)
    return next_due(policy, tier, kind, since) if since else None


def is_ruled(policy: Policy, tier: str, kind: str) -> bool:
    """Whether the policy says anything of this kind on this tier, be it that it never changes; nothing said is a finding."""
    return (tier, kind) in policy.rotation


def standing(policy: Policy, tier: str, due: str | None, today: str) -> Standing:
    """How a due date or UTC time stands to a day (ISO date), by the grace of the tier."""
    if not due:
        return Standing.UNRULED
    by, now = _day(due), _day(today)
    if by > now:
        return Standing.AHEAD
    if by == now:
        return Standing.DUE
    return Standing.PAST_GRACE if (now - by).days > policy.grace_days[tier] else Standing.OVERDUE


def days_between(since: str, until: str) -> int:
    """From a UTC time or date to another. Raises Malformed as `next_due` does."""
    return (_day(until) - _day(since)).days


def days_before(day: str, days: int) -> str:
    """The latest date, as text, that lies so many days before `day` (ISO date) or earlier; empty before the calendar begins.

    At the end of a month that is its 31st, whether there is one: a foreign file may claim it, and it counts as the month's last.
    """
    try:
        found = _day(day) - timedelta(days=days)
    except OverflowError:
        return ""
    return found.isoformat() if found.day < monthrange(found.year, found.month)[1] else f"{found.isoformat()[:8]}31"


@lru_cache(maxsize=4096)
def _day(text: str) -> date:
    """The day of a time; a 31st that its month does not have, which a foreign file may claim, is the month's last."""
    try:
        year, month, day = max(int(text[:4]), 1), int(text[5:7]), int(text[8:10])
        return date(year, month, min(day, monthrange(year, month)[1]))
    except ValueError:
        raise Malformed(f"{text[:30]!r} is no date") from None
