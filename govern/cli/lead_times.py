"""Telling how long platforms make a successor wait, and plainly where that is too late."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from govern.cli import render

if TYPE_CHECKING:
    from govern.procedures.succession import Wait


def tell_waits(waits: Sequence[Wait], last_day: str) -> None:
    """A line for each account; `last_day` is a date, or empty where the cut is the last moment."""
    from govern.cli.telling_platform import graded

    for one in waits:
        where, said = f"{render.safe(one.account)} ({one.platform})", graded(one.said, one.profile_grade)
        if one.late:
            when = f"for the last day {last_day}" if last_day else "for this cut"
            render.note(f"too late {when}: {where}: whoever is named today takes over there on {one.earliest} at the earliest: {said}")
        else:
            render.note(f"{where}: name a successor there by {one.by}: {said}")


def wait_rows(waits: Sequence[Wait]) -> list[dict[str, object]]:
    """The same for JSON."""
    return [
        {
            "account": one.account, "platform": one.platform, "days": one.days, "by": one.by, "late": one.late, "earliest": one.earliest,
            "text": one.said.text, "grade": one.said.grade, "checked_on": one.said.checked_on, "source": one.said.source,
        }
        for one in waits
    ]  # fmt: skip
