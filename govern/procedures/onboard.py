"""Somebody new: what there would be to do, the case opened, and accounts added to it. Items are worked through in `govern.procedures.offboard_items`."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govern.errors import NotFound, Refused, Usage
from govern.offboarding import checklist
from govern.offboarding.items import Item
from govern.offboarding.kinds import CaseKind
from govern.procedures import joining, settling
from govern.procedures.cut import must_run_cases
from govern.register.queries import accounts, cases, people, scopes
from govern.register.queries.cases import Case, Entry
from govern.register.queries.people import Person

if TYPE_CHECKING:
    from govern.register.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What `open_` was asked for. `starts_on`: the first day, an ISO date; `accounts`: selectors; `department`: all accounts of it; `requested_by`: a
    handle; `evidence`: SHA-256 of a file, hex; `by_hand`: they will have no keys."""

    person: str
    starts_on: str
    accounts: Sequence[str] = ()
    department: str = ""
    requested_by: str = ""
    evidence: str = ""
    by_hand: bool = False


def plan(db: sqlite3.Connection, opening: Opening, now: str) -> tuple[Person, list[Entry]]:
    """The items that such a case would have, told as if there were one; nothing is recorded. Refused for whoever leaves."""
    who = people.find(db, opening.person)
    return who, cases.drafted(db, _items(db, who, opening, now))


def _items(db: sqlite3.Connection, who: Person, opening: Opening, now: str) -> tuple[Item, ...]:
    if who.status != "active":
        told = "has left" if who.status == "former" else "is leaving"
        raise Refused(f"{who.handle} {told}, and joins nothing", rule="leaver", control="PS-4", hint=f"govern person show {who.handle}")
    selectors = [*opening.accounts, *([f"department:{opening.department}"] if opening.department else [])]
    chosen = frozenset(id_ for selector in selectors for id_ in in_use(db, selector))
    return joining.draw_up(db, who.id, chosen, starts_on=opening.starts_on, now=now, by_hand=opening.by_hand)


def in_use(db: sqlite3.Connection, selector: str) -> list[str]:
    """Ids of the accounts of a selector that are in use; NotFound where none is."""
    found = [account.id for account in accounts.select(db, selector) if account.state == "active"]
    if not found:
        raise NotFound(f"no account of {selector!r} is in use", hint="govern account list")
    return found


def open_(tx: Transaction, opening: Opening) -> Case:
    """Record the case and its items. Refused for oneself, for whoever leaves, for a second open case of their joining."""
    must_run_cases(tx)
    who = people.find(tx.register, opening.person)
    if who.id == tx.actor:
        raise Refused("nobody opens their own case", rule="not-oneself", control="AC-5", hint="ask another admin or HR")
    if (known := open_case(tx.register, who.id)) is not None:
        raise Refused(
            f"{who.handle} has an open case as a joiner", rule="one-open-case", control="PS-6", hint=f"govern onboard show {known[:8]}"
        )  # fmt: skip
    items = _items(tx.register, who, opening, tx.now)
    asked_by = people.find(tx.register, opening.requested_by).id if opening.requested_by else None
    case = tx.new_id()
    tx.record(
        "case.opened",
        {
            "case": case, "person": who.id, "kind": CaseKind.JOINER.value, "items": len(items), "frozen": checklist.frozen(()),
            "frozen_at": tx.size, "starts_on": opening.starts_on, "requested_by": asked_by, "evidence": opening.evidence or None,
        },
    )  # fmt: skip
    settling.record_items(tx, case, items)
    return cases.by_id(tx.register, case, reader=tx.actor)


def open_case(db: sqlite3.Connection, person: str) -> str | None:
    """Id of the open case of somebody's joining."""
    row = db.execute("SELECT id FROM cases WHERE person = ? AND kind = 'joiner' AND state = 'open'", (person,)).fetchone()
    return None if row is None else str(row[0])


def add(tx: Transaction, case: Case, selectors: Sequence[str]) -> int:
    """Let the case be about these accounts too; how many items were added. What was given up for one of them stays so until it is opened again."""
    must_run_cases(tx, case)
    if case.state != "open":
        raise Refused("this case is closed", rule="case-open", hint=f"govern onboard open {people.by_id(tx.register, case.person).handle}")
    if not selectors:
        raise Usage("which accounts is missing", hint="govern onboard add CASE --accounts SELECTOR")
    more = frozenset(id_ for selector in selectors for id_ in in_use(tx.register, selector))
    chosen = scopes.of_case(tx.register, case.id).accounts | more
    return settling.add_new(tx, case, joining.drawn(tx.register, case, chosen, tx.now)).items
