"""When a change is due by the calendar. Pure; knows ages and dates, no rotation that is under way and no membership.

The calendar is a back-stop for sharing that nobody recorded (NIST SP 800-53 IA-5 f); what really calls for a change is a membership
change.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

from govern.errors import Malformed
from govern.policy.rules import Policy


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


def _day(text: str) -> date:
    """The day of a time; a 31st that its month does not have, which a foreign file may claim, is the month's last."""
    try:
        year, month, day = max(int(text[:4]), 1), int(text[5:7]), int(text[8:10])
        return date(year, month, min(day, monthrange(year, month)[1]))
    except ValueError:
        raise Malformed(f"{text[:30]!r} is no date") from None
