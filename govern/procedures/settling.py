"""Bringing the items of a case up to what the ledger shows: those that came true end, what the person has come to know since is added.

Called by whatever may have changed either: a confirmed rotation, the cut, and on request. A case is only worked on by those who run
departures, and never by its subject; for anybody else nothing happens here, and the next one who may carries it on.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from govern.offboarding import checklist, deadlines
from govern.offboarding.case import CaseState
from govern.offboarding.items import Item, ItemKind
from govern.offboarding.kinds import RULES, Scope
from govern.procedures import joining, together
from govern.register.queries import cases, people, policies, proven, rotations, scopes, services, signers, ties, ties_beside
from govern.register.queries import joining as queries
from govern.register.queries.cases import Case, Entry
from govern.rotation.triggers import Trigger
from govern.vault.chance import ahead

if TYPE_CHECKING:
    from govern.register.transaction import Transaction

PART: Final = 180
"""Items in one `case.items`: an event holds 64 KiB, and the longest item is 330 bytes long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What changed in one case: items that ended, and how many were added."""

    case: Case
    ended: tuple[Entry, ...]
    added: int


class Added(NamedTuple):
    """How many items were added to a case, and how many rotations opened for them."""

    items: int
    rotations: int


def reads_cases(tx: Transaction) -> bool:
    """Whether the actor runs departures and has the key to their compartment."""
    compartment = tx.workspace.epochs.compartment("case")
    reads = compartment is not None and tx.workspace.epochs.reads(compartment)
    return reads and signers.may_work_on_cases(tx.register, tx.actor, tx.now)


def after_rotation(tx: Transaction, credential: str) -> list[Settled]:
    """Settle every case that this credential concerns."""
    if not reads_cases(tx):
        return []
    found = [case for case in cases.concerned(tx.register, credential, reader=tx.actor) if case.person != tx.actor]
    settled = [settle(tx, case, credential=credential) for case in found]
    return [one for one in settled if one.ended or one.added]


def after_joining(tx: Transaction, person: str) -> list[Entry]:
    """End what the ledger now shows as done in the case of somebody new (id), where the actor works on cases; whoever does not leaves it to the next
    one who does."""
    row = tx.register.execute("SELECT id FROM cases WHERE person = ? AND kind = 'joiner' AND state = 'open'", (person,)).fetchone()
    if row is None or person == tx.actor or not reads_cases(tx):
        return []
    return list(settle(tx, cases.by_id(tx.register, row[0], reader=tx.actor), adds=False).ended)


def settle(tx: Transaction, case: Case, *, credential: str = "", adds: bool = True) -> Settled:
    """End the items (of one credential, or all) that the ledger shows as done, then add what came to be known (`adds`); before the cut only end."""
    ended, scope = [], scopes.of_case(tx.register, case.id)
    found = _address_found(tx, case)
    for entry in cases.items(tx.register, case.id):
        concerns = not credential or entry.item.credential == credential
        if (
            entry.state == "open"
            and concerns
            and (_done(tx.register, case, entry, scope, tx.now) or (found and entry.item.kind is ItemKind.ADDRESS))
        ):
            grade, cites = proof(tx.register, case, entry.item)
            tx.record(
                "case.item_ended",
                {"case": case.id, "item": entry.id, "state": "done", "grade": grade, "entry": cites},
            )
            ended.append(entry)
    added = take_in(tx, case).items if adds and _takes_in(case) else 0
    return Settled(case=case, ended=tuple(ended), added=added)


def _address_found(tx: Transaction, case: Case) -> bool:
    """Whether the mail address of somebody new is known by now; a person says so, since the ledger keeps none of whoever is forgotten."""
    return case.joins and bool(people.by_id(tx.register, case.person).mail) and not services.is_service(tx.register, tx.actor)


def _takes_in(case: Case) -> bool:
    """What came up since is added after the cut, and of somebody new as long as the case is open."""
    return case.state is (CaseState.OPEN if case.joins else CaseState.CUT)


def take_in(tx: Transaction, case: Case) -> Added:
    """Add an item for everything that ties the person to the company by now and that no item of the case is about."""
    return add_new(tx, case, _drawn(tx.register, case, tx.now))


def add_new(tx: Transaction, case: Case, drawn: Sequence[Item]) -> Added:
    """Add those of the items that the case does not have, and open their rotations."""
    listed = {_about(entry.item) for entry in cases.items(tx.register, case.id)}
    items = [item for item in drawn if _about(item) not in listed]
    record_items(tx, case.id, items)
    return Added(len(items), open_rotations(tx, case, brought_forward(tx, case, items)))


def _drawn(db: sqlite3.Connection, case: Case, now: str) -> tuple[Item, ...]:
    """The items that the case would have if it were drawn up now."""
    scope = scopes.of_case(db, case.id)
    if case.joins:
        return joining.drawn(db, case, scope.accounts, now)
    found = ties.circumstances(db, case.person, now, scope)
    return checklist.draw_up(found, policies.policy(db), cut_at=max(case.cut_at, now), scope=scope, last_day=case.last_day)


def brought_forward(tx: Transaction, case: Case, items: Sequence[Item]) -> list[Item]:
    """The items as the cut leaves them that is made now: where it was planned for later, due earlier by as much."""
    if case.joins or case.state is not CaseState.OPEN or tx.now >= case.cut_planned:
        return list(items)
    return [item._replace(due=deadlines.brought_forward(item.due, planned=case.cut_planned, made=tx.now)) for item in items]


def shown_done(db: sqlite3.Connection, case: Case, entries: Sequence[Entry], now: str) -> frozenset[str]:
    """Ids of open items that the ledger shows as done by now and nobody has noted yet. Reads only."""
    if not _takes_in(case):
        return frozenset()
    scope = scopes.of_case(db, case.id)
    return frozenset(entry.id for entry in entries if entry.state == "open" and _done(db, case, entry, scope, now))


def stale(db: sqlite3.Connection, case: Case, now: str) -> bool:
    """Whether a refresh would change something: an open item that the ledger shows as done, or something that no item is about. Reads only."""
    if not _takes_in(case):
        return False
    entries = cases.items(db, case.id)
    if shown_done(db, case, entries, now):
        return True
    listed = {_about(entry.item) for entry in entries}
    return any(_about(item) not in listed for item in _drawn(db, case, now))


def _about(item: Item) -> tuple[str, str, str, int, str]:
    return (item.kind, item.account, item.credential, item.version, item.about)


def record_items(tx: Transaction, case: str, items: Sequence[Item]) -> None:
    """Record items, each under a fresh id, in as many parts as they need."""
    parts = [items[start : start + PART] for start in range(0, len(items), PART)]
    draw = ahead(tx.workspace.random, 16 * len(items))
    for number, part in enumerate(parts, start=1):
        tx.record(
            "case.items",
            {"case": case, "part": number, "of": len(parts), "items": [item.record(draw(16).hex()) for item in part]},
        )


def open_rotations(tx: Transaction, case: Case, items: Sequence[Item]) -> int:
    """Open a rotation of every credential among the items that has none open, for the change of membership or the lost machine; how many."""
    due: dict[str, str] = {}
    for item in items:
        if item.kind is ItemKind.ROTATE:
            due[item.credential] = min(item.due, due.get(item.credential, item.due))
    under_way = rotations.under_way(tx.register, list(due))
    wanted = [(credential, by) for credential, by in due.items() if credential not in under_way]
    trigger = Trigger.MEMBERSHIP if RULES[case.kind].of_the_person else Trigger.COMPROMISE
    together.open_rotations(tx, wanted, trigger, person=case.person)
    return len(wanted)


def _done(db: sqlite3.Connection, case: Case, entry: Entry, scope: Scope, now: str) -> bool:
    return proven.shows(db, case.id, case.person, entry.item, scope, at=now)


def proof(db: sqlite3.Connection, case: Case, item: Item) -> tuple[str | None, int | None]:
    """Grade and ledger index of what ended a version, role, tool or device; of other items the ledger's own rows are the proof."""
    if (shown := queries.ended_by(db, case.person, item)) is not None:
        return "one-person", shown.entry
    beside = ties_beside.ended_by(db, case.person, item) if ties_beside.is_beside(item) else None
    if beside is not None:
        return beside.grade, beside.entry
    if item.kind is not ItemKind.ROTATE:
        return "one-person", None
    ended = proven.ended_by(db, item.credential, item.version, case.person, scopes.of_case(db, case.id))
    return (None, None) if ended is None else ended[1:]
