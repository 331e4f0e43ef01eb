"""By when each secret that a leaver could know must have changed. Pure.

NIST SP 800-53 AC-2 k and IA-5 i: what a group shares is changed when its membership changes. The policy gives days per tier, and says on which
bases a secret comes first: what the person has seen, set, taken out or is said to know. What merely lay where they could have taken it has
a longer time of its own, and is never dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from govern.policy.later_rules import departures
from govern.policy.rules import Policy
from govern.rotation.triggers import later

_FORM: Final = "%Y-%m-%dT%H:%M:%SZ"


def rotation_due(policy: Policy, tier: str, bases: Iterable[str], cut_at: str) -> str:
    """UTC time by which a version known on these bases must have been rotated."""
    rule = departures(policy.later, policy.membership_deadline_days)
    first = not set(rule.first).isdisjoint(bases)
    return later(cut_at, policy.membership_deadline_days[tier] if first else rule.possible[tier])


def duty_due(policy: Policy, tier: str, cut_at: str) -> str:
    """UTC time by which somebody else must answer for an account of this tier."""
    return later(cut_at, policy.membership_deadline_days[tier])


def ahead(time: str, days: int) -> str:
    """A UTC time so many days earlier; the same where no such time is."""
    try:
        moved = _parsed(time) - timedelta(days=days)
    except (OverflowError, ValueError):
        return time
    return moved.strftime(_FORM) if moved.year > 999 else time


def brought_forward(due: str, *, planned: str, made: str) -> str:
    """A due time (UTC) that was reckoned from the planned cut, by the cut as it was made: earlier by as much, and never later."""
    if made >= planned:
        return due
    try:
        moved = _parsed(due) - (_parsed(planned) - _parsed(made))
    except (OverflowError, ValueError):  # whatever somebody wrote as a time: nothing lies before the year 1
        return min(due, made)
    return moved.strftime(_FORM) if moved.year > 999 else min(due, made)


def _parsed(time: str) -> datetime:
    return datetime.strptime(time, "%Y-%m-%dT%H:%M:%S%z")


def needed_first(due: Mapping[str, str], needs: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """Account -> due time, brought forward for accounts that others need: a mailbox is due no later than what recovers through it.

    `due` holds each account's own time; `needs` account -> accounts it depends on, which may form circles.
    """
    found = dict(due)
    waiting = sorted(found)
    while waiting:
        account = waiting.pop()
        for needed in needs.get(account, ()):
            if needed in found and found[needed] > found[account]:
                found[needed] = found[account]
                waiting.append(needed)
    return found
