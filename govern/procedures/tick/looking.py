"""What is due for a run, and what is for others, as the register shows it. Records nothing, and carries nothing out."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from govern.procedures.tick.told import Left

if TYPE_CHECKING:
    from govern.procedures.tick.by_date import Asked, RunOut
    from govern.procedures.tick.platforms import Ready
    from govern.register.queries.cases import Case
    from govern.register.queries.lapsed import Lapsed


_SHOW: Final = 7
"""Days before a machine is told of, from which on its runs show that it is there."""


@dataclass(slots=True, kw_only=True)
class Due:
    """What is due now and for this run, and what is for others. `shows`: this machine is to show that it is there, by the entries of the run itself;
    `later`: UTC times at which more comes due."""

    cuts: list[Case] = field(default_factory=list)
    grants: list[RunOut] = field(default_factory=list)
    lapsed: list[Lapsed] = field(default_factory=list)
    reviews: int = 0
    asked: list[Asked] = field(default_factory=list)
    ready: list[Ready] = field(default_factory=list)
    reminders: bool = False
    reports: bool = False
    shows: bool = False
    left: list[Left] = field(default_factory=list)
    later: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.cuts or self.grants or self.lapsed or self.reviews or self.asked or self.ready or self.reminders or self.shows)


def look(db: sqlite3.Connection, person: str, now: str, *, key: str = "") -> Due:
    """What is due at `now` (UTC), as the register of this person or service (id) shows it. Records nothing. `key`: id of this machine's, where
    it is to be looked at as well whether the machine has long written nothing."""
    from govern.holdings.services import Purpose
    from govern.procedures import lapsed_acknowledgements, reviews_due
    from govern.procedures.tick import by_date, duties, platforms
    from govern.register.queries import ledger_time, services

    may, due = duties.of(db, person, now), Due()
    due.cuts, others = by_date.cuts(db, person, now) if Purpose.RUN_DUE in may else ([], [])
    if others:
        due.left.append(Left("cut", len(others), "an admin or HR: govern offboard run-due"))
    due.grants, due.asked, due.lapsed = by_date.run_out(db, now), by_date.asked_for(db, now), lapsed_acknowledgements.over(db, now, person)
    if Purpose.RUN_DUE in may:
        due.grants, before = by_date.run_out(db, ledger_time.elapsed(db, person, now)), len(due.grants)
        if before > len(due.grants):
            due.left.append(
                Left(
                    "grant-ended", before - len(due.grants), "an admin, since nobody else has recorded anything for a quarter: govern tick"
                )
            )
    due.reviews = reviews_due.waiting(db, person, now)
    if due.reviews and (services.is_service(db, person) or Purpose.RUN_DUE not in may):
        due.left.append(Left("review-opened", due.reviews, "an admin: govern review run-due"))
        due.reviews = 0
    if Purpose.RUN_DUE not in may:
        to = "an admin or HR, or a service for run-due: govern tick"
        due.left += [
            Left(what, count, to)
            for what, count in (("grant-ended", len(due.grants) + len(due.lapsed)), ("rotation-opened", len(due.asked)))
            if count
        ]
        due.grants, due.asked, due.lapsed = [], [], []
        if Purpose.RECONCILE in may:
            due.asked = _entrusted(db, person, now, by_date.asked_for(db, now))
    if Purpose.RECONCILE in may:
        due.ready, left, until = platforms.ready(db, person, now)
        due.left += left
        due.later += [until] if until else []
    if Purpose.REMIND in may:
        from govern.procedures.remind import due_now

        waiting, opens = due_now(db, now, reader=person, key=key)
        later = _unreached_until(db, now)
        due.reports = any(one.thing.urgent and one.person not in later for one in waiting)
        due.reminders = due.reports or any(one.person not in later and not opens for one in waiting)
        due.later += [opens] if waiting and opens else [later[one.person] for one in waiting if one.person in later]
    due.shows = bool(may and key) and _is_silent(db, key, now)
    due.later += _coming(db, person, now)
    return due


def _is_silent(db: sqlite3.Connection, key: str, now: str) -> bool:
    """Whether this machine, which may have had nothing to record for long, is soon told of as one that is not used."""
    from govern.register.queries import machines, policies
    from govern.rotation.triggers import later

    return machines.is_silent(db, policies.policy(db), key, later(now, _SHOW)[:10])


def _entrusted(db: sqlite3.Connection, person: str, now: str, found: list[Asked]) -> list[Asked]:
    """Of these what a service for platforms opens itself: what is entrusted to it, and it can change."""
    from govern.connectors.load import that_can
    from govern.register.queries import policies, rotatable, serving

    rules = policies.policy(db)
    own = [one for one in found if serving.serves(db, person, one.account, one.kind, now)]
    platforms = {one.credential: one.platform for one in rotatable.active_among(db, [one.credential for one in own])}
    return [one for one in own if that_can(platforms.get(one.credential, ""), one.kind, rules)]


def _unreached_until(db: sqlite3.Connection, now: str) -> dict[str, str]:
    """Whom a run has not reached (person id) -> until when (UTC) no other is made for their sake alone."""
    from govern.procedures.tick import tries

    until = {id_: tries.again_at(*times, tries.LONGEST_OF_PEOPLE) for id_, times in tries.tried(db).items()}
    return {id_: time for id_, time in until.items() if time > now}


def _coming(db: sqlite3.Connection, person: str, now: str) -> Iterator[str]:
    """UTC times at which the next of each comes due, unless somebody records something."""
    from govern.procedures.remind import next_stage
    from govern.rotation.triggers import later

    yield f"{later(now, 1)[:10]}T00:00:00Z"  # the calendar goes by days
    yield next_stage(db, now)
    for query in (
        "SELECT min(until) FROM grants WHERE ended_at IS NULL AND until > :now",
        "SELECT min(cut_at) FROM cases WHERE state = 'open' AND cut_at > :now AND person <> :person",
        "SELECT min(until) FROM services WHERE ended IS NULL AND until > :now",
        "SELECT min(due) FROM rotations WHERE ended_at IS NULL AND due > :now",
    ):
        found = db.execute(query, {"now": now, "person": person}).fetchone()[0]
        if found:
            yield found
