"""Days as people write them: strictly in options, in the notations of spreadsheet programs in files. Pure; knows no clock.

A day that could be two (3/4/2026) is refused, never guessed.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from govern.errors import Malformed, Usage
from govern.fields import date as is_date

_EARLIEST: Final = 1980
_YEAR_FIRST: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?\Z", re.ASCII).match
_DAY_FIRST: Final = re.compile(r"(\d{1,2})\.? ?([-/.]) ?(\d{1,2})\.? ?[-/.] ?(\d{4})\Z", re.ASCII).match


def day(text: str, option: str) -> str:
    """The day itself (ISO 8601) where the calendar has it; else Usage, naming the option."""
    try:
        if is_date(text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise Usage(f"{option}: {text[:40]!r} is no date", hint="write it as 2026-11-30")


def past_day(text: str, option: str, now: str) -> str:
    """The same, for a day that has come at `now` (UTC time)."""
    if day(text, option) > now[:10]:
        raise Usage(f"{option}: {text} lies ahead", hint="record it when it has come")
    return text


def period(since: str, until: str) -> None:
    """Usage where the end comes before the beginning; either may be empty."""
    if since and until and until < since:
        raise Usage(f"{until} comes before {since}", hint="--since is the first day, --until the last")


def read_day(text: str) -> str | None:
    """The day (ISO 8601) of a spreadsheet's cell: 2026-11-30, 30.11.2026, 30-11-2026, 30/11/2026; None for what looks like no date.

    Raises Malformed for a date that does not exist, is older than 1980, or could be two days.
    """
    text = text.strip()
    found = _YEAR_FIRST(text)
    if found:
        return _checked(text, int(found[1]), int(found[2]), int(found[3]))
    found = _DAY_FIRST(text)
    if not found:
        return None
    first, second, year = int(found[1]), int(found[3]), int(found[4])
    if found[2] == "/" and second > 12:
        first, second = second, first
    elif found[2] == "/" and first <= 12 and first != second:
        raise Malformed(f"{text!r} could be two days: write it as {year:04}-{second:02}-{first:02} or {year:04}-{first:02}-{second:02}")
    return _checked(text, year, second, first)


def _checked(text: str, year: int, month: int, number: int) -> str:
    try:
        found = date(year, month, number)
    except ValueError:
        raise Malformed(f"{text[:40]!r} is no day of the calendar") from None
    if found.year < _EARLIEST:
        raise Malformed(f"{text[:40]!r} is older than any shared password")
    return found.isoformat()
