"""Everybody who left in a span of time: when the cut was made, when what they knew was changed, and how long that took.

A population for an audit (SOC 2 CC6.2, ISO 27001 A.5.18, NIST PS-4): nobody is left out because there was nothing to do.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from govern.offboarding.items import ItemState
from govern.offboarding.kinds import LEAVES
from govern.offboarding.wording import Say, as_written
from govern.register.queries import cases, people, ties
from govern.register.queries.cases import Case
from govern.reports import departure

HEAD: Final = (
    "person", "name", "left", "case", "kind", "state", "opened", "removed", "secrets", "rotated", "given-up", "last-rotated", "longest-lag-minutes",
    "still-knows", "result",
)  # fmt: skip


RESULTS: Final = ("not in the vault", "no case", "cut not made", "still knows", "held nothing", "closed", "open")
LEFT_OVER: Final = RESULTS[:4]
"""Where something is left to do about whoever left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaver:
    """Somebody who left. `left`: the day, by the cut, else the last day; `case`: its id, empty where there was none. `secrets`: versions that worked and
    that they could know at the opening; `rotated`, `given_up` (waived, not applicable): how many of these; `lag`: minutes from the removal to the
    last change, None without one; `still_knows`: what works and is not answered for. Times are UTC or empty."""

    person: str
    name: str
    left: str
    case: str = ""
    kind: str = ""
    state: str = ""
    opened_at: str = ""
    removed_at: str = ""
    secrets: int = 0
    rotated: int = 0
    given_up: int = 0
    last_rotated_at: str = ""
    lag: int | None = None
    still_knows: int = 0
    held_nothing: bool = False
    known: bool = True
    """Whether the vault has them at all; else an HR program does."""

    @property
    def result(self) -> str:
        """In a word or two."""
        if not self.known:
            return "not in the vault"
        if not self.case:
            return "no case"
        if not self.removed_at:
            return "cut not made"
        if self.still_knows:
            return "still knows"
        return "held nothing" if self.held_nothing else "closed" if self.state == "closed" else "open"


def collect(db: sqlite3.Connection, *, since: str, until: str, reader: str, now: str) -> list[Leaver]:
    """Those whose day is neither before `since` nor after `until` (days, inclusive), the earliest first; `reader` (person id) asks, at the UTC time `now`.

    A case stands for each departure: somebody who left twice is there twice. Before its cut nobody finds their own.
    """
    told = [one for one in cases.cases(db, reader=reader) if one.kind in LEAVES]
    found = [_of_case(db, one, now) for one in told]
    with_case = {one.person for one in told}
    found += _without(people.people(db), with_case)
    return sorted((one for one in found if since <= one.left <= until), key=lambda one: (one.left, one.person))


def _of_case(db: sqlite3.Connection, case: Case, now: str) -> Leaver:
    person = people.by_id(db, case.person)
    entries = cases.items(db, case.id)
    secrets = departure.secrets_of(db, case, entries, now)
    changed = [one.rotated_at for one in secrets if one.rotated_at]
    lags = [one.lag_minutes for one in secrets if one.lag_minutes is not None]
    given_up = sum(entry.state in (ItemState.WAIVED, ItemState.NOT_APPLICABLE) for entry in entries)
    return Leaver(
        person=person.handle, name=person.name, left=(case.cut_at or case.last_day or case.opened_at)[:10], case=case.id, kind=case.kind.value,
        state=case.state.value, opened_at=case.opened_at, removed_at=case.cut_made_at, secrets=len(secrets), rotated=len(changed), given_up=given_up,
        last_rotated_at=max(changed, default=""), lag=max(lags, default=None), still_knows=len(ties.unanswered(db, case.id, case.person)),
        held_nothing=not entries,
    )  # fmt: skip


def _without(everybody: Iterable[people.Person], with_case: set[str]) -> Iterator[Leaver]:
    for one in everybody:
        if one.status != "active" and one.id not in with_case and (one.left_on or one.last_day):
            yield Leaver(person=one.handle, name=one.name, left=one.left_on or one.last_day)


def cells(one: Leaver, say: Say = as_written) -> tuple[str, ...]:
    """As a table shows it, under HEAD."""
    kind, state = (say(one.kind, "case kind"), say(one.state, "case state")) if one.kind else ("", "")
    return (
        one.person, one.name, one.left, one.case[:8], kind, state, one.opened_at, one.removed_at, str(one.secrets), str(one.rotated),
        str(one.given_up), one.last_rotated_at, "" if one.lag is None else str(one.lag), str(one.still_knows), say(one.result, "departure result"),
    )  # fmt: skip
