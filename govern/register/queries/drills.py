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


def findings(db: sqlite3.Connection, _policy: Policy, today: str, say: Say = as_written) -> Iterator[Finding]:
    drilled = (state(db, "recovery_drilled") or "")[:10]
    if not drilled or drilled < (date.fromisoformat(today) - EVERY).isoformat():
        said = say("nobody has tried the recovery sheets since {day}") if drilled else say("nobody has tried the recovery sheets yet")
        yield Finding(
            code="drill-due", severity="info", subject="recovery", message=said.format(day=drilled), key="drill",
            command="govern recovery drill --sheet FILE --sheet FILE",
        )  # fmt: skip
