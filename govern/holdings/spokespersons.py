"""Who may publish in whose name (NIST SP 800-53 rev. 5 AC-22 a): when a training is too old, and which accounts publish nothing. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

SILENT: Final = ("mailbox", "domain")
"""Platforms whose accounts speak to nobody in public: no spokesperson is asked for there."""


def trained_until(trained_on: str, days: int) -> str:
    """The last day on which a training of `trained_on` (ISO date) counts; the end of the calendar where it has no such day."""
    try:
        return (date.fromisoformat(trained_on) + timedelta(days=days)).isoformat()
    except (OverflowError, ValueError):  # others' programs may have recorded a day that no calendar has
        return date.max.isoformat()
