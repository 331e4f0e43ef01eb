"""Whether the recovery sheets were tried lately: once a year, and first as soon as there are any."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from govern.holdings.findings import Finding
from govern.offboarding.wording import Say, as_written
from govern.policy.rules import Policy
from govern.register.connection import state

EVERY: Final = timedelta(days=365)


def last(db: sqlite3.Connection, today: str) -> str:
    """The day (ISO date) of the last drill by `today`, or nothing. One whose time has not come was none: a clock that is ahead puts no drill off for years."""
    drilled = (state(db, "recovery_drilled") or "")[:10]
    return drilled if drilled <= (date.fromisoformat(today) + timedelta(days=1)).isoformat() else ""


def findings(db: sqlite3.Connection, _policy: Policy, today: str, say: Say = as_written) -> Iterator[Finding]:
    drilled = last(db, today)
    if not drilled or drilled < (date.fromisoformat(today) - EVERY).isoformat():
        said = say("nobody has tried the recovery sheets since {day}") if drilled else say("nobody has tried the recovery sheets yet")
        yield Finding(
            code="drill-due", severity="info", subject="recovery", message=said.format(day=drilled), key="drill",
            command="govern recovery drill --sheet FILE --sheet FILE",
        )  # fmt: skip
