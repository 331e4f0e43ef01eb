"""What a changed password leaves alive on the platform, and until when. Pure.

A password change alone leaves sessions, app passwords and OAuth apps working on Mastodon, WordPress, Bluesky and others, so that the
confirmation of one says what was ended with it. What was not is told wherever the rotation is shown.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Final

from govern.errors import Usage
from govern.vocabulary import CUTS

ALIVE: Final = ("sessions", "app-passwords", "oauth-apps")
"""What goes on working after a password has changed, until somebody ends it there."""


def told(cut: Sequence[str], *, sessions_cut: bool | None = None) -> tuple[str, ...]:
    """What was ended, each once, in the order of the ledger's words. Raises Usage for anything else."""
    for word in cut:
        if word not in CUTS:
            raise Usage(f"there is no {word[:40]!r} to end", hint=f"one of {', '.join(CUTS)}")
    named = {*cut, *(("sessions",) if sessions_cut else ())}
    return tuple(word for word in CUTS if word in named)


def left(kind: str, cut: Collection[str], there: Collection[str] | None = None) -> tuple[str, ...]:
    """What a change of this kind leaves alive, as far as nobody said that it was ended.

    `there`: kinds of credential that the platform has; None where nothing is known of it.
    """
    if kind != "password":
        return ()
    absent = {"app-passwords"} if there is not None and "app-password" not in there else set()
    return tuple(word for word in ALIVE if word not in cut and word not in absent)


def until(text: str, now: str) -> str:
    """A UTC time until which somebody still gets in; empty for empty, and for one that has passed. Raises Usage for what is no time."""
    if not text:
        return ""
    try:
        found = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z").astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError):
        raise Usage(f"{text[:40]!r} is no UTC time", hint="write it as 2026-11-30T14:00:00Z") from None
    return found if found > now else ""
