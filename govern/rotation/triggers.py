"""Why a secret must change, and by when. Pure; the calendar's own due dates are in `govern.rotation.schedule`.

Controls: NIST SP 800-53 AC-2 k and IA-5 i (membership), IA-5 d (compromise, breach), IA-5 f (schedule).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import assert_never

from govern.errors import Usage
from govern.policy.rules import Policy
from govern.rotation.schedule import first_due


class Trigger(StrEnum):
    """The reason codes of a rotation; nothing else about its reason is stored."""

    MEMBERSHIP = "membership"
    COMPROMISE = "compromise"
    FIRST_IMPORT = "first-import"
    BREACH = "breach"
    SCHEDULE = "schedule"
    MANUAL = "manual"


def read(text: str) -> Trigger:
    """The trigger of that name; raises Usage."""
    try:
        return Trigger(text)
    except ValueError:
        raise Usage(f"there is no trigger {text[:40]!r}", hint=f"one of {', '.join(Trigger)}") from None


def due(policy: Policy, trigger: Trigger, tier: str, now: str, *, kind: str = "", credential: str = "", imported: str = "") -> str | None:
    """The UTC time by which a rotation opened `now` for this reason must be done; None where the policy names none.

    A suspected compromise is due at once; a changed membership and a platform's breach within the policy's days for the tier. Where nothing has
    happened that presses, after an import (`imported`: when) or by somebody's decision, it is due within the time that the policy gives for first
    changes, spread over it, worst first, by kind and id of the `credential`: of a thousand begun together a few come due each day.
    """
    match trigger:
        case Trigger.COMPROMISE | Trigger.SCHEDULE:
            return now
        case Trigger.MEMBERSHIP | Trigger.BREACH:
            return later(now, policy.membership_deadline_days[tier])
        case Trigger.FIRST_IMPORT | Trigger.MANUAL:
            day = first_due(policy, tier, kind, imported or now, credential) if credential else None
            return f"{day}T23:59:59Z" if day else None
        case _:
            assert_never(trigger)


@lru_cache(maxsize=256)
def later(time: str, days: int) -> str:
    """A UTC time so many days of 24 hours later. Raises Usage for what is no time, and past the year 9999.

    Remembered: of a departure's thousand items nearly all are due on the same few days.
    """
    try:
        found = datetime.strptime(time, "%Y-%m-%dT%H:%M:%S%z") + timedelta(days=days)
    except (OverflowError, ValueError):
        raise Usage(f"{time[:40]} and {days} days are beyond the calendar", hint="name an earlier time") from None
    return found.strftime("%Y-%m-%dT%H:%M:%SZ")


def later_by(time: str, seconds: int) -> str:
    """A UTC time so many seconds later. Raises Usage as `later` does."""
    try:
        found = datetime.strptime(time, "%Y-%m-%dT%H:%M:%S%z") + timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        raise Usage(f"{time[:40]} and {seconds} seconds are beyond the calendar") from None
    return found.strftime("%Y-%m-%dT%H:%M:%SZ")
