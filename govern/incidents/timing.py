"""How long an incident and each of its steps took, in whole minutes. Pure."""

from __future__ import annotations

from datetime import datetime

from govern.errors import Usage


def minutes(start: str, end: str) -> int:
    """Whole minutes from one UTC time to another; 0 where the second lies before the first, as clocks that disagree may have it."""
    return max(0, int((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()) // 60)


def clock(total: int) -> str:
    """Minutes as `+h:mm`."""
    return f"+{total // 60}:{total % 60:02}"


def number_of(text: str, steps: int) -> int:
    """The number of a step as it is typed, from 1; raises Usage."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= steps:
        raise Usage(f"there is no step {text[:40]!r}", hint=f"a number from 1 to {steps}, or its name: govern incident show ID")
    return int(text)
