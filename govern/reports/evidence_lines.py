"""Where the line of each secret runs: from the end of the permission to the change, all on one scale. Pure geometry; knows no text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

WIDTH: Final = 120
"""Of a drawing, in its own units; its height is a tenth."""
_EDGE: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """`start` and `end` in units from the left; None where one of them has not come. `begin` and `until`: what the edges stand for, UTC."""

    start: float | None
    end: float | None
    begin: str
    until: str
    title: str = ""
    told: str = ""

    def titled(self, title: str, told: str) -> Bar:
        """The same with what it is, and what it shows, in words."""
        return replace(self, title=title, told=told)


def bars(lines: Sequence[tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]], *, begin: str, until: str) -> list[Bar]:
    """One for each (revoked, rotated), of which each may be missing; `until` is where a line ends that has not."""
    times = [step["at"] for line in lines for step in line if step]
    first, last = min([begin, *times]), max([until, *times])
    span = (_seconds(last) - _seconds(first)) or 1.0

    def place(step: Mapping[str, Any] | None) -> float | None:
        return None if step is None else round(_EDGE + (WIDTH - 2 * _EDGE) * (_seconds(step["at"]) - _seconds(first)) / span, 1)

    return [Bar(start=place(revoked), end=place(rotated), begin=first, until=last) for revoked, rotated in lines]


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()
