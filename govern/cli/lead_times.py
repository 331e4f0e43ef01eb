"""Telling how long platforms make a successor wait, and plainly where that is too late."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from govern.cli import render

if TYPE_CHECKING:
    from govern.languages import Language
    from govern.procedures.succession import Wait


def tell_waits(waits: Sequence[Wait], last_day: str, language: Language) -> None:
    """A line for each account; `last_day` is a date, or empty where the cut is the last moment."""
    from govern.cli.telling_platform import spoken

    say = language.say
    for one in waits:
        if not one.late:
            text = say("{account} ({platform}): name a successor there by {by}: {what}")
        elif last_day:
            text = say(
                "too late for the last day {day}: {account} ({platform}): whoever is named today takes over there on {earliest} at the earliest: {what}"
            )
        else:
            text = say(
                "too late for this cut: {account} ({platform}): whoever is named today takes over there on {earliest} at the earliest: {what}"
            )
        told = text.format(
            account=one.account, platform=one.platform, day=language.day(last_day), by=language.day(one.by),
            earliest=language.day(one.earliest), what=spoken(one.said, one.profile_grade, language),
        )  # fmt: skip
        render.note(render.safe(told))


def wait_rows(waits: Sequence[Wait]) -> list[dict[str, object]]:
    """The same for JSON."""
    return [
        {
            "account": one.account, "platform": one.platform, "days": one.days, "by": one.by, "late": one.late, "earliest": one.earliest,
            "text": one.said.text, "grade": one.said.grade, "checked_on": one.said.checked_on, "source": one.said.source,
        }
        for one in waits
    ]  # fmt: skip
