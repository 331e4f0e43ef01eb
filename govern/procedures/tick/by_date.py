"""What a date makes due in the ledger itself: cuts, grants that run out, rotations that the calendar asks for. Each is found by a query and carried out in
a transaction of its own, where it is looked at again: what another run has done meanwhile is done.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from govern.procedures.tick.told import Done
from govern.register.queries import ledger_time, policies

if TYPE_CHECKING:
    from govern.register.queries.cases import Case
    from govern.register.queries.rotations import Rotation
    from govern.register.transaction import Transaction
    from govern.register.workspace import Workspace

OPENED_AT_ONCE: Final = 500


# --- cuts --------------------------------------------------------------------------------------------------------------------------------


def cuts(db: sqlite3.Connection, person: str, now: str) -> tuple[list[Case], list[Case]]:
    """The cuts whose time has come that this person or service (id) makes, and those that it leaves to others."""
    from govern.register.queries import cases

    found = cases.due(db, now, reader=person)
    if not found:
        return [], []
    from govern.procedures.cut import left_to_others

    left = left_to_others(db, person, now)
    others = {one.id for one in left} | {one.id for one in found if one.person == person}
    return [one for one in found if one.id not in others], left


def make_cut(tx: Transaction, case: str) -> list[Done]:
    from govern.procedures.cut import cut
    from govern.register.queries import people

    found = next((one for one in cuts(tx.register, tx.actor, tx.now)[0] if one.id == case), None)
    if found is None:
        return []
    who = people.handles(tx.register).get(found.person, "a former person")
    made = cut(tx, found)
    told = f"{_many(made.grants, 'grant')} and {_many(made.keys, 'key')} ended, {_many(made.rotations, 'rotation')} opened"
    return [Done("cut", case, person=who, told=told)]


def _many(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


# --- grants ------------------------------------------------------------------------------------------------------------------------------


class RunOut(NamedTuple):
    """A grant whose end has come. Ids; `until`: UTC."""

    id: str
    account: str
    handle: str
    person: str
    until: str


def run_out(db: sqlite3.Connection, now: str, person: str = "") -> list[RunOut]:
    """Open grants whose end has come, of everybody or of one person (id)."""
    rows = db.execute(
        "SELECT g.id, g.account, a.handle, g.person, g.until FROM grants g JOIN accounts a ON a.id = g.account"
        " WHERE g.ended_at IS NULL AND g.until IS NOT NULL AND g.until <= :now AND :person IN ('', g.person) ORDER BY g.person, g.until, g.entry",
        {"now": now, "person": person},
    )
    return [RunOut(*row) for row in rows]


def end_grants(tx: Transaction, person: str) -> list[Done]:
    """End what a person (id) was allowed until now, and what is sealed to their keys of it, unless they answer for the account; after an emergency the
    rotations that it calls for are opened."""
    from govern.procedures.emergency import follow
    from govern.procedures.sealing import end_wraps
    from govern.register.queries import people, rotations

    found = run_out(tx.register, ledger_time.elapsed(tx.register, tx.actor, tx.now), person)
    for start in range(0, len(found), 1000):
        tx.record("grant.ended", {"grants": [one.id for one in found[start : start + 1000]], "cause": "expired"})
    concerned = json.dumps(sorted({one.account for one in found}))
    query = "SELECT id FROM accounts WHERE id IN (SELECT value FROM json_each(?)) AND custodian <> ? AND deputy IS NOT ?"
    end_wraps(tx, person, [row[0] for row in tx.register.execute(query, (concerned, person, person)).fetchall()])
    who = people.handles(tx.register).get(person, "a former person")
    done = [Done("grant-ended", one.id, account=one.handle, person=who, told=f"ran out on {one.until[:10]}") for one in found]
    return done + [_told(rotations.by_id(tx.register, id_)) for id_ in follow(tx, person)]


def end_lapsed(workspace: Workspace, now: str) -> list[Done]:
    """End the grants of holders who lacked an acknowledgement or a training beyond the grace, where the policy says that they end."""
    from govern.procedures import lapsed_acknowledgements
    from govern.register.queries import people

    ended = lapsed_acknowledgements.end(workspace, now)
    names = people.handles(workspace.view())
    told = {one.grant: f"was without {one.what} since {one.last}" for one in ended}
    return [Done("grant-ended", one.grant, account=one.handle, person=names.get(one.person, ""), told=told[one.grant]) for one in ended]


# --- reviews -----------------------------------------------------------------------------------------------------------------------------


def run_reviews(workspace: Workspace, now: str) -> list[Done]:
    """Open the reviews that are due, and end what nobody decided on in time where the policy says so."""
    from govern.procedures import reviews_due

    opened = [Done("review-opened", one.id, told=f"{_lines(one.lines)}, due {one.due}") for one in reviews_due.open_due(workspace, now)]
    missed = [one for one in reviews_due.missed(workspace, now) if one.ended]
    return opened + [Done("review-ended", one.review.id, told=f"{_lines(len(one.ended))} that nobody decided on") for one in missed]


def _lines(number: int) -> str:
    return f"{number} line" if number == 1 else f"{number} lines"


def _told(one: Rotation) -> Done:
    return Done(
        "rotation-opened", one.id, account=one.handle, kind=one.kind, told=f"{one.trigger}, due {one.due[:10]}" if one.due else one.trigger
    )


# --- rotations ---------------------------------------------------------------------------------------------------------------------------


class Asked(NamedTuple):
    """A credential (id) that the calendar asks to be changed. `day`: ISO date on which it came due."""

    credential: str
    account: str
    kind: str
    day: str


def asked_for(db: sqlite3.Connection, now: str) -> list[Asked]:
    """What is due by the calendar, with no rotation open, and not put off."""
    from govern.holdings import notices
    from govern.register.queries import calendar, reminded, rotations

    today = now[:10]
    days = {one.credential: one.day for one in calendar.due_by(db, policies.policy(db), today)}
    if not days:
        return []
    away = {thing for thing, until in reminded.snoozes(db).items() if until > today}
    free = days.keys() - rotations.under_way(db, list(days))
    wanted = json.dumps([one for one in sorted(free) if not away or notices.thing("schedule", one) not in away])
    rows = db.execute(
        "SELECT c.id, c.account, c.kind FROM json_each(?) j CROSS JOIN credentials c ON c.id = j.value CROSS JOIN accounts a ON a.id = c.account"
        " WHERE a.state = 'active' ORDER BY a.handle, c.entry",
        (wanted,),
    )
    return [Asked(credential, account, kind, days[credential]) for credential, account, kind in rows]


def open_rotations(tx: Transaction, wanted: Sequence[Asked]) -> list[Done]:
    """Open a rotation of each, due on the day on which the calendar asked for it, however long ago that is."""
    from govern.procedures import together
    from govern.register.queries import rotatable, rotations
    from govern.rotation.triggers import Trigger

    still = {one.credential: one for one in asked_for(tx.register, tx.now)}
    found = [still[one.credential] for one in wanted if one.credential in still]
    if not found:
        return []
    together.open_rotations(tx, [(one.credential, f"{one.day}T00:00:00Z") for one in found], Trigger.SCHEDULE)
    among = {one.credential: one for one in rotatable.active_among(tx.register, [one.credential for one in found])}
    opened = rotations.open_among(tx.register, among)
    return [_told(opened[one.credential]) for one in found]
