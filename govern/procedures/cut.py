"""The cut of a departure: what it ends, in one transaction; now, or when its time has come."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from govern.errors import Refused
from govern.holdings.services import Purpose
from govern.offboarding.case import CaseState
from govern.offboarding.items import Item
from govern.offboarding.kinds import LEAVES, Scope
from govern.offboarding.wording import Say, as_written
from govern.procedures import embargo, settling
from govern.register.queries import cases, people, scopes, services, ties
from govern.register.queries import keys as queries
from govern.register.queries.cases import Case

if TYPE_CHECKING:
    from govern.procedures.keys import Revoked
    from govern.register.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What the cut has ended and opened."""

    case: Case
    grants: int
    wraps: int
    rotations: int
    keys: int


def cut(tx: Transaction, case: Case) -> Cut:
    """Make the cut of a case, whatever time was planned for it: first what has changed since its opening is taken in."""
    must_run_cases(tx, case)
    if case.joins:
        raise Refused("a joiner's case has no cut", rule="case-scope", control="PS-6", hint=f"govern onboard close {case.id[:8]}")
    if case.state is not CaseState.OPEN:
        told = "is closed" if case.state is CaseState.CLOSED else "was cut already"
        raise Refused(f"this case {told}", rule="case-open", hint=f"govern offboard show {case.id[:8]}")
    if case.embargoed:
        embargo.unseal(tx, case)
        if case.kind in LEAVES:
            embargo.leaving(tx, case)
    elif case.kind in LEAVES and people.by_id(tx.register, case.person).status == "active":
        tx.record("person.leaving", {"person": case.person, "last_day": case.last_day or None})
    settling.settle(tx, case)
    added = settling.take_in(tx, case)
    items = [entry.item for entry in cases.items(tx.register, case.id) if entry.state == "open"]
    made = make_cut(tx, case, items)
    return replace(made, rotations=made.rotations + added.rotations)


def run_due(tx: Transaction) -> list[Cut]:
    """Make every cut whose time has come; nobody makes their own, and no service that of whoever authorised it."""
    must_run_cases(tx)
    left = {case.id for case in left_to_others(tx.register, tx.actor, tx.now)}
    return [cut(tx, case) for case in cases.due(tx.register, tx.now, reader=tx.actor) if case.id not in left]


def left_to_others(db: sqlite3.Connection, actor: str, now: str) -> list[Case]:
    """Due cuts that a service can't make: with the keys of whoever leaves, the only authority that it has would end halfway; or whoever opened
    an embargoed case may order none any more."""
    if not services.is_service(db, actor):
        return []
    return [
        case
        for case in cases.due(db, now, reader=actor)
        if not services.serves(db, actor, Purpose.RUN_DUE, now, but=case.person)
        or (case.embargoed and case.kind in LEAVES and not embargo.ordered(db, case, now))
        or _untold(db, case)
    ]


def _untold(db: sqlite3.Connection, case: Case) -> bool:
    """Whether the cut will have to say of an only admin that they leave, which no service says without an order."""
    return not case.embargoed and case.kind in LEAVES and people.by_id(db, case.person).status == "active"


def why_left(db: sqlite3.Connection, actor: str, case: Case, now: str, say: Say = as_written) -> str:
    """That this service leaves a due cut to a person, and why; in braces `person`, whose it is."""
    if _untold(db, case):
        return say("left to a person: the cut of {person}, who was the only admin when it was opened")
    if services.serves(db, actor, Purpose.RUN_DUE, now, but=case.person):
        return say("left to a person: the cut of {person}, since whoever opened it is no admin or HR any more")
    return say("left to a person: the cut of {person}, who authorised this service; or let another admin authorise it too")


def make_cut(tx: Transaction, case: Case, items: Sequence[Item]) -> Cut:
    """End what the kind of the case says, open the rotations of these items, and record the cut."""
    from govern.procedures import sealing

    db, scope = tx.register, scopes.of_case(tx.register, case.id)
    gone = _revoke(tx, case, scope)
    grants: list[str] = []
    wraps = 0
    if scope.rules.of_accounts:
        grants, wraps = _end_of_accounts(tx, scope)
    elif scope.rules.ends_grants:
        rows = db.execute("SELECT id, account FROM grants WHERE person = ? AND ended_at IS NULL ORDER BY entry", (case.person,))
        grants = [grant for grant, account in rows if account not in scope.kept]
        for start in range(0, len(grants), 1000):
            tx.record("grant.ended", {"grants": grants[start : start + 1000], "cause": "departure"})
        sealed = [account for account in ties.sealed_accounts(db, case.person) if account not in scope.kept]
        wraps = sealing.end_wraps(tx, case.person, sealed) if sealed else 0
    wraps += gone.wraps if gone else 0
    rotations = settling.open_rotations(tx, case, settling.brought_forward(tx, case, items))
    rotations += gone.rotations if gone else 0
    tx.record("case.cut", {"case": case.id})
    return Cut(
        case=cases.by_id(db, case.id, reader=tx.actor),
        grants=len(grants),
        wraps=wraps,
        rotations=rotations,
        keys=len(gone.keys) if gone else 0,
    )


def _end_of_accounts(tx: Transaction, scope: Scope) -> tuple[list[str], int]:
    """End everybody's grants on a client's accounts, and what they could open by them; whoever answers for one hands it back."""
    from govern.procedures.opening import close_to

    held = tx.register.execute(
        "SELECT id, account, person FROM grants WHERE ended_at IS NULL AND account IN (SELECT value FROM json_each(?)) ORDER BY entry",
        (json.dumps(sorted(scope.accounts)),),
    ).fetchall()
    grants = [grant for grant, _, _ in held]
    for start in range(0, len(grants), 1000):
        tx.record("grant.ended", {"grants": grants[start : start + 1000], "cause": "departure"})
    return grants, sum(close_to(tx, account, person) for _, account, person in held)


def _revoke(tx: Transaction, case: Case, scope: Scope) -> Revoked | None:
    """End the active keys of somebody who leaves, or of a lost machine: they sign no more, and read nothing that is recorded from here on.

    A lost machine's are an admin's to revoke: where HR makes the cut, the item stays open.
    """
    from govern.procedures import keys

    if not scope.rules.cause:
        return None
    held = [key.id for key in queries.active(tx.register, case.person) if not scope.keys or key.id in scope.keys]
    try:
        return keys.revoke(tx, held, scope.rules.cause, spare_last=True) if held else None
    except Refused as refused:
        if refused.rule != "authority":
            raise
        return None


def must_run_cases(tx: Transaction, case: Case | None = None) -> None:
    """Refuse whoever has no part in departures, since they have no key to the cases either, and everybody their own case."""
    if not settling.reads_cases(tx):
        raise Refused("cases are run by admins and HR", rule="authority", control="AC-3", hint="ask an admin or HR")
    if case is not None and case.person == tx.actor:
        what = "case as a joiner" if case.joins else "departure"
        raise Refused(f"nobody works on their own {what}", rule="own-case", control="AC-5", hint="ask another admin or HR")
