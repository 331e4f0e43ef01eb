"""A departure: what there would be to do, the case opened, and the cut, which ends every grant and wrap of the person in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from govern.errors import NotFound, Refused, Usage
from govern.holdings.services import Purpose
from govern.offboarding import checklist
from govern.offboarding.case import CaseState
from govern.offboarding.items import Item
from govern.offboarding.kinds import LEAVES, RULES, CaseKind, Scope
from govern.procedures import embargo, settling
from govern.procedures.settling import Settled
from govern.register.queries import accounts, cases, people, policies, scopes, services, signers, ties
from govern.register.queries import keys as queries
from govern.register.queries.cases import Case, Entry
from govern.register.queries.people import Person

if TYPE_CHECKING:
    from govern.procedures.keys import Revoked
    from govern.register.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What `open_` was asked for. `cut_at`: UTC time, empty where an embargoed case waits for whoever makes its cut; `last_day`: a date;
    `requested_by`: a handle; `evidence`: SHA-256 of a file, hex; `readers`: handles of those named for an embargoed one; `keep`: selectors of
    accounts that somebody who moves goes on holding; `keys`: of the machine that is lost, hex ids, all of the person's where none is named."""

    person: str
    kind: CaseKind
    cut_at: str
    last_day: str = ""
    requested_by: str = ""
    evidence: str = ""
    embargo: bool = False
    readers: Sequence[str] = ()
    keep: Sequence[str] = ()
    keys: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What the cut has ended and opened."""

    case: Case
    grants: int
    wraps: int
    rotations: int
    keys: int


def plan(db: sqlite3.Connection, opening: Opening, now: str) -> list[tuple[Person, list[Entry]]]:
    """The items that such a departure now would have, of each whom it is about; nothing is recorded."""
    found = []
    for who in whom(db, opening):
        drawn = _drawn(db, who.id, _scope(db, who, opening), cut_at=now, now=now, last_day=opening.last_day)
        found.append((who, cases.drafted(db, drawn)))
    return found


def means(kind: CaseKind) -> str:
    """What its cut does, in a few words."""
    if not RULES[kind].ends_grants:
        return "revokes the keys of the machine, and opens a rotation for each secret that it could show"
    return "ends the grants now, and opens a rotation for each secret"


def entries(db: sqlite3.Connection, case: Case, now: str) -> list[Entry]:
    """The items of a case; of an embargoed one those that a cut now would draw up."""
    if not case.embargoed:
        return cases.items(db, case.id)
    scope, cut_at = scopes.of_case(db, case.id), max(case.cut_at, now)
    return cases.drafted(db, _drawn(db, case.person, scope, cut_at=cut_at, now=now, last_day=case.last_day))


def _drawn(db: sqlite3.Connection, person: str, scope: Scope, *, cut_at: str, now: str, last_day: str) -> tuple[Item, ...]:
    found = ties.circumstances(db, person, now, scope)
    return checklist.draw_up(found, policies.policy(db), cut_at=cut_at, scope=scope, last_day=last_day)


def _scope(db: sqlite3.Connection, who: Person, opening: Opening) -> Scope:
    """What the case will be about. Raises Usage or Refused for what does not go with its kind."""
    rules = RULES[opening.kind]
    if opening.keep and not rules.keeps:
        raise Usage(f"nothing is kept in a case of the kind {opening.kind}", hint="--kind mover")
    if opening.keep and opening.embargo:
        raise Usage("an embargoed departure keeps nothing: its size would tell of whom it is", hint="grant again after the cut")
    if rules.of_the_person:
        if opening.keys:
            raise Usage(f"a case of the kind {opening.kind} names no keys", hint="--kind device-lost")
        kept = frozenset(account.id for selector in opening.keep for account in accounts.select(db, selector))
        return Scope(opening.kind, kept)
    if opening.embargo:
        raise Usage("a lost machine waits for nothing", hint="without --embargo")
    active = {key.id for key in queries.active(db, who.id)}
    named = {_key(active, text, who.handle) for text in opening.keys}
    return Scope(opening.kind, keys=frozenset(named or active))


def _key(active: Collection[str], text: str, handle: str) -> str:
    found = [key for key in active if len(text) >= 6 and key.startswith(text.casefold())]
    if len(found) != 1:
        raise NotFound(f"{handle} has no active key {text[:40]!r}", hint="govern key list")
    return found[0]


def whom(db: sqlite3.Connection, opening: Opening) -> list[Person]:
    """The people whom an opening is about, the one who was named first: of an agency whose contract has ended everybody who is not gone.

    An agency is named by its name or by one of its people. Those who have an open case already are left out where others have none.
    """
    if opening.kind is not CaseKind.AGENCY_ENDED:
        return [people.find(db, opening.person)]
    first = [] if (found := people.of_agency(db, opening.person)) else [people.find(db, opening.person)]
    found = [*first, *(one for one in found or people.of_agency(db, first[0].agency) if one not in first)]
    busy = {row[0] for row in db.execute("SELECT person FROM cases WHERE state <> 'closed' AND compartment IS NULL")}
    return [one for one in found if one.id not in busy] or found


def open_all(tx: Transaction, opening: Opening) -> list[tuple[Case, Cut | None]]:
    """Open a case for each of those whom the opening is about, all or none."""
    return [open_(tx, replace(opening, person=one.handle)) for one in whom(tx.register, opening)]


def open_(tx: Transaction, opening: Opening) -> tuple[Case, Cut | None]:
    """Freeze what the person could know, draw up the items, and make the cut where its time has come.

    Under embargo nothing is written that others could read, and the items are drawn up at the cut.
    Raises Refused for one's own departure, for a second open case of one person, and for those who do not run departures.
    """
    must_run_cases(tx)
    db = tx.register
    who = people.find(db, opening.person)
    _not_ones_own(tx, who)
    asked_by = people.find(db, opening.requested_by).id if opening.requested_by else None
    frozen_at, scope = tx.size, _scope(db, who, opening)
    if opening.cut_at > tx.now and not scope.rules.of_the_person:
        raise Usage("a lost machine waits for nothing", hint="without --cut-at")
    items = _drawn(db, who.id, scope, cut_at=opening.cut_at or tx.now, now=tx.now, last_day=opening.last_day)
    body = {
        "person": who.id, "kind": opening.kind.value, "cut_at": opening.cut_at or None, "items": 0 if opening.embargo else len(items),
        "frozen": checklist.frozen(ties.known(db, who.id)), "frozen_at": frozen_at, "last_day": opening.last_day or None,
        "requested_by": asked_by, "evidence": opening.evidence or None, "kept": sorted(scope.kept) or None, "keys": sorted(scope.keys) or None,
    }  # fmt: skip
    if opening.embargo:
        sealed = cases.by_id(db, embargo.open_(tx, body, opening.readers), reader=tx.actor)
        done = cut(tx, sealed) if opening.cut_at and opening.cut_at <= tx.now else None
        return cases.by_id(db, sealed.id, reader=tx.actor), done
    if row := db.execute("SELECT id FROM cases WHERE person = ? AND state = 'open' AND compartment IS NOT NULL", (who.id,)).fetchone():
        hint = f"make its cut: govern offboard cut {row[0][:8]}"
        raise Refused("this person has an open case, under embargo", rule="one-open-case", hint=hint)
    if opening.kind in LEAVES and not _still_needed(tx, who.id, opening.cut_at):
        tx.record("person.leaving", {"person": who.id, "last_day": opening.last_day or None})
    case = tx.new_id()
    tx.record("case.opened", {"case": case, **body})
    settling.record_items(tx, case, items)
    opened = cases.by_id(db, case, reader=tx.actor)
    made = _cut(tx, opened, items) if opening.cut_at <= tx.now else None
    return cases.by_id(db, case, reader=tx.actor), made


def _still_needed(tx: Transaction, person: str, cut_at: str) -> bool:
    """Whether only this person can name the successor that their departure begins with: then they are an admin like any other until the cut."""
    return cut_at > tx.now and "admin" in people.by_id(tx.register, person).roles and not ties.another_admin(tx.register, person, tx.now)


def _not_ones_own(tx: Transaction, who: Person) -> None:
    """Refuse one's own departure; a sole admin's begins with a successor."""
    if who.id != tx.actor:
        return
    hint = "ask another admin or HR"
    if not signers.others(tx.register, tx.actor, who.id, tx.now).people:
        hint = "name a successor first, who opens it: govern person invite PERSON, then govern person role PERSON admin"
    raise Refused("nobody opens their own departure", rule="not-oneself", control="AC-5", hint=hint)


def cut(tx: Transaction, case: Case) -> Cut:
    """Make the cut of a case, whatever time was planned for it: first what has changed since its opening is taken in."""
    must_run_cases(tx, case)
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
    settling.take_in(tx, case)
    items = [entry.item for entry in cases.items(tx.register, case.id) if entry.state == "open"]
    return _cut(tx, case, items)


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


def why_left(db: sqlite3.Connection, actor: str, case: Case, now: str) -> str:
    """Why this service leaves a due cut to a person."""
    if _untold(db, case):
        return "who was the only admin when it was opened"
    if services.serves(db, actor, Purpose.RUN_DUE, now, but=case.person):
        return "since whoever opened it is no admin or HR any more"
    return "who authorised this service; or let another admin authorise it too"


def _cut(tx: Transaction, case: Case, items: Sequence[Item]) -> Cut:
    from govern.procedures import sealing

    db, scope = tx.register, scopes.of_case(tx.register, case.id)
    gone = _revoke(tx, case, scope)
    grants, wraps = [], 0
    if scope.rules.ends_grants:
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


def refresh(tx: Transaction, case: Case) -> Settled:
    """End the items that the ledger shows as done, and take in what the person has come to know since."""
    must_run_cases(tx, case)
    return settling.settle(tx, case)


def must_run_cases(tx: Transaction, case: Case | None = None) -> None:
    """Refuse whoever has no part in departures, since they have no key to the cases either, and everybody their own case."""
    if not settling.reads_cases(tx):
        raise Refused("departures are run by admins and HR", rule="authority", control="AC-3", hint="ask an admin or HR")
    if case is not None and case.person == tx.actor:
        raise Refused("nobody works on their own departure", rule="own-case", control="AC-5", hint="ask another admin or HR")
