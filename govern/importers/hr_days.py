"""The first and the last day of somebody's work as HR programs write them. Knows notations; no message quotes the cell, which may hold more than a day."""

from __future__ import annotations

import re
from typing import Final

from govern.errors import Malformed
from govern.holdings.dates import read_day

_NO_DAY: Final = frozenset({"", "-", "--", "n/a", "00/00/0000", "0000-00-00", "00.00.0000", "00-00-0000"})
_NO_END: Final = "9999"
"""The year of an employment without an end, as some programs write it."""
_SLASHED: Final = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4})(?:[T ].*)?\Z", re.ASCII).match


def read_last_day(text: str, place: str, dates: str) -> str | None:
    """The day (ISO 8601), empty for none, None for what is no date. Malformed: it could be two days, or contradicts what the map says."""
    text = text.strip()
    if text.casefold() in _NO_DAY or _NO_END in re.split(r"\D", text):
        return ""
    if (found := _SLASHED(text)) is not None and (found[2] == "/" or dates == "month-first"):
        first, second, year = int(found[1]), int(found[3]), found[4]
        if dates == "refuse" and first <= 12 and second <= 12 and first != second:
            raise Malformed(f"{place}: its last day could be two days", hint="a map says which: dates: day-first, or dates: month-first")
        month, day = (first, second) if dates == "month-first" or (dates == "refuse" and second > 12) else (second, first)
        if month > 12:
            raise Malformed(
                f"{place}: its last day has no such month, read {dates}", hint="say it in a map: dates: day-first, or dates: month-first"
            )
        text = f"{year}-{month:02}-{day:02}"
    try:
        return read_day(text)
    except Malformed:
        return None


def read_first_day(text: str, dates: str) -> str:
    """The day (ISO 8601); empty where none is written, where it is no date, or could be two: nothing hangs on it but when they are welcomed."""
    try:
        return read_last_day(text, "", dates) or ""
    except Malformed:
        return ""
