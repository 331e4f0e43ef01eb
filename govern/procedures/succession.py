"""How long platforms make a successor wait, reckoned backwards from somebody's last day. Reads only; names nobody, and starts nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from govern.offboarding.checklist import SUCCESSION
from govern.offboarding.deadlines import ahead
from govern.offboarding.items import ItemState
from govern.policy.platforms import profile
from govern.policy.profile import Statement
from govern.register.queries import accounts, ties
from govern.register.queries.cases import Entry
from govern.rotation.triggers import later


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """One account whose platform makes a successor wait. `by`: the last day (date) on which one can be named in time; `late`: that is over; then
    one who is named now takes over on `earliest` (date)."""

    account: str
    platform: str
    days: int
    by: str
    late: bool
    earliest: str
    said: Statement
    profile_grade: str


def waits(db: sqlite3.Connection, entries: Sequence[Entry], *, last: str, now: str) -> list[Wait]:
    """Of every account for which an open item asks for a successor. `last`: the last day (a date), or the time of the cut (UTC)."""
    found: dict[str, Wait] = {}
    end = last if len(last) > 10 else f"{last}T00:00:00Z"
    for entry in entries:
        account = entry.item.account
        if entry.item.kind not in SUCCESSION or entry.state is not ItemState.OPEN or account in found:
            continue
        platform = accounts.by_id(db, account).platform
        if not ties.lead_days(platform):
            continue
        about = profile(platform)
        longest = max(about.lead_times, key=lambda one: one.days)
        by = ahead(end, longest.days)[:10]
        found[account] = Wait(
            account=entry.handle, platform=about.name, days=longest.days, by=by, late=by < now[:10],
            earliest=later(now, longest.days)[:10], said=longest.said, profile_grade=about.grade,
        )  # fmt: skip
    return list(found.values())
