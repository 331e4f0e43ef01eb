"""Exceptions: a rule of the house set aside for an account or a person, for a reason and until a day. Pure: what one is about, and how long it may last."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

LONGEST: Final = 366
"""Days: whoever wants more decides again within a year."""

CONTROLS: Final[Mapping[str, str]] = {"second-factor": "IA-2(1)", "acknowledgement": "PL-4", "training": "AT-3"}
"""Point -> the control of NIST SP 800-53 rev. 5 that it is an exception to."""

OF_ACCOUNT: Final = frozenset({"second-factor"})
"""Points that are about an account and nobody; the others are about a person, and where an account is named, about them on that account alone."""


def latest(at: str) -> str:
    """The last day (ISO date) until which an exception granted at `at` may last; that day itself where `at` is none of the calendar."""
    try:
        return (date.fromisoformat(at[:10]) + timedelta(days=LONGEST)).isoformat()
    except (ValueError, OverflowError):
        return at[:10]
