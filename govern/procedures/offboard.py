"""A departure: what there would be to do, the case opened, and its items kept up to date. The cut stands in `govern.procedures.cut`."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from govern.errors import NotFound, Refused, Usage
from govern.offboarding import checklist
from govern.offboarding.checklist import Circumstances
from govern.offboarding.items import Item
from govern.offboarding.kinds import LEAVES, RULES, CaseKind, Scope
from govern.offboarding.wording import Say, as_written
from govern.procedures import embargo, settling
from govern.procedures.cut import Cut as Cut
from govern.procedures.cut import cut as cut
from govern.procedures.cut import left_to_others as left_to_others
from govern.procedures.cut import make_cut
from govern.procedures.cut import must_run_cases as must_run_cases
from govern.procedures.cut import run_due as run_due
from govern.procedures.cut import why_left as why_left
from govern.procedures.settling import Settled
from govern.register.queries import accounts, cases, people, policies, scopes, signers, ties
from govern.register.queries import keys as queries
from govern.register.queries.cases import Case, Entry
from govern.register.queries.people import Person

if TYPE_CHECKING:
    from govern.register.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What `open_` was asked for. `cut_at`: UTC time, empty where an embargoed case waits for whoever makes its cut; `last_day`: a date;
    `requested_by`: a handle; `evidence`: SHA-256 of a file, hex; `readers`: handles of those named for an embargoed one; `keep`: selectors of
    accounts that somebody who moves goes on holding; `keys`: of the machine that is lost, hex ids, all of the person's where none is named;
    `accounts`: selectors of those that go back to a client, all of the client whom the person belongs to where none is named."""

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
    accounts: Sequence[str] = ()


def plan(db: sqlite3.Connection, opening: Opening, now: str) -> list[tuple[Person, list[Entry]]]:
    """The items that such a departure now would have, of each whom it is about; nothing is recorded."""
    found = []
    for who in whom(db, opening):
        drawn = _drawn(db, who.id, _scope(db, who, opening), cut_at=now, now=now, last_day=opening.last_day)
        found.append((who, cases.drafted(db, drawn)))
    return found


def means(kind: CaseKind, say: Say = as_written) -> str:
    """What its cut does, in a few words."""
    if not RULES[kind].ends_grants:
        return say("revokes the keys of the machine, and opens a rotation for each secret that it could show")
    return say("ends the grants now, and opens a rotation for each secret")


def entries(db: sqlite3.Connection, case: Case, now: str) -> list[Entry]:
    """The items of a case; of an embargoed one those that a cut now would draw up."""
    if not case.embargoed:
        return cases.items(db, case.id)
    scope, cut_at = scopes.of_case(db, case.id), max(case.cut_at, now)
    return cases.drafted(db, _drawn(db, case.person, scope, cut_at=cut_at, now=now, last_day=case.last_day))


def _drawn(db: sqlite3.Connection, person: str, scope: Scope, *, cut_at: str, now: str, last_day: str) -> tuple[Item, ...]:
    return _listed(db, ties.circumstances(db, person, now, scope), scope, cut_at=cut_at, last_day=last_day)


def _listed(db: sqlite3.Connection, found: Circumstances, scope: Scope, *, cut_at: str, last_day: str) -> tuple[Item, ...]:
    return checklist.draw_up(found, policies.policy(db), cut_at=cut_at, scope=scope, last_day=last_day)


def _scope(db: sqlite3.Connection, who: Person, opening: Opening) -> Scope:
    """What the case will be about. Raises Usage or Refused for what does not go with its kind."""
    rules = RULES[opening.kind]
    if rules.joins:
        raise Usage("whoever joins has nothing to end", hint=f"govern onboard open {who.handle}")
    if opening.keep and not rules.keeps:
        raise Usage(f"nothing is kept in a case of the kind {opening.kind}", hint="--kind mover")
    if opening.keep and opening.embargo:
        raise Usage("an embargoed departure keeps nothing: its size would tell of whom it is", hint="grant again after the cut")
    if opening.accounts and not rules.of_accounts:
        raise Usage(f"a case of the kind {opening.kind} is about no accounts", hint="--kind client-ended")
    if rules.of_accounts:
        return Scope(opening.kind, accounts=_of_client(db, who, opening))
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


def _of_client(db: sqlite3.Connection, who: Person, opening: Opening) -> frozenset[str]:
    """Accounts in use of the client whom the person belongs to, or those that are named."""
    if opening.embargo or opening.keys:
        raise Usage("accounts go back to a client openly, whatever keys there are", hint="without --embargo and --key")
    if not opening.accounts and not who.agency:
        raise Usage("which accounts go back is missing: --accounts", hint="--accounts client:NAME")
    chosen = [one for selector in opening.accounts or (f"client:{who.agency}",) for one in accounts.select(db, selector)]
    found = frozenset(one.id for one in chosen if one.state == "active")
    if not found:
        raise NotFound("no account in use goes back", hint="govern account list client:NAME")
    return found


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
    busy = {row[0] for row in db.execute("SELECT person FROM cases WHERE state <> 'closed' AND kind <> 'joiner' AND compartment IS NULL")}
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
    found = ties.circumstances(db, who.id, tx.now, scope)
    items = _listed(db, found, scope, cut_at=opening.cut_at or tx.now, last_day=opening.last_day)
    known = found.known if scope.knows_all else ties.known(db, who.id)
    body = {
        "person": who.id, "kind": opening.kind.value, "cut_at": opening.cut_at or None, "items": 0 if opening.embargo else len(items),
        "frozen": checklist.frozen(known), "frozen_at": frozen_at, "last_day": opening.last_day or None,
        "requested_by": asked_by, "evidence": opening.evidence or None, "kept": sorted(scope.kept) or None, "keys": sorted(scope.keys) or None,
        "accounts": sorted(scope.accounts) or None,
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
    made = make_cut(tx, opened, items) if opening.cut_at <= tx.now else None
    return cases.by_id(db, case, reader=tx.actor), made


def _still_needed(tx: Transaction, person: str, cut_at: str) -> bool:
    """Whether only this person can name the successor that their departure begins with: then they are an admin like any other until the cut."""
    return cut_at > tx.now and "admin" in people.by_id(tx.register, person).roles and not ties.another_admin(tx.register, person, tx.now)


def _not_ones_own(tx: Transaction, who: Person) -> None:
    """Refuse one's own departure; a sole admin's begins with a successor."""
    if who.id != tx.actor:
        return
    hint = "ask another admin or HR"
    if alone(tx.register, who.id, tx.now):
        hint = "name a successor first, who opens it: govern person invite PERSON, then govern person role PERSON admin"
    raise Refused("nobody opens their own departure", rule="not-oneself", control="AC-5", hint=hint)


def alone(db: sqlite3.Connection, person: str, now: str) -> bool:
    """Whether nobody but this person (id) could open their departure: it begins with a successor."""
    return not signers.others(db, person, person, now).people


def refresh(tx: Transaction, case: Case) -> Settled:
    """End the items that the ledger shows as done, and take in what the person has come to know since."""
    must_run_cases(tx, case)
    return settling.settle(tx, case)
