"""Roles that people have on platforms under their own logins: recorded, and ended once they were removed there."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govern.errors import NotFound, Refused
from govern.holdings import inventory as rules
from govern.holdings.dates import past_day
from govern.offboarding.items import ItemKind
from govern.procedures import ending_items
from govern.procedures.selecting import in_use
from govern.procedures.settling import after_joining
from govern.register.queries import inventory, people
from govern.register.queries.cases import Case, Entry
from govern.register.queries.inventory import Entitlement
from govern.register.queries.people import Person
from govern.shell import quoted

if TYPE_CHECKING:
    from govern.register.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What was typed of a role. `since`: an ISO date or empty; `evidence`: SHA-256 of a file, hex; `admin`: it gives and takes roles."""

    name: str
    admin: bool = False
    login: str = ""
    since: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """Roles that were recorded, of whom; handles of accounts where they are recorded already; items of departures that ended with them."""

    person: Person
    entitlements: tuple[Entitlement, ...]
    known: tuple[str, ...]
    items: tuple[tuple[Case, Entry], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Roles that were ended, and the items of departures that ended with them."""

    entitlements: tuple[Entitlement, ...]
    items: tuple[tuple[Case, Entry], ...] = ()


def add(tx: Transaction, selector: str, person: str, role: Role) -> Added:
    """Record the role on every account of the selector. Whoever was the only one to give roles there is so no more."""
    db = tx.register
    who, chosen = people.find(db, person), in_use(db, selector)
    name = rules.label(role.name, "--role")
    if role.since:
        past_day(role.since, "--since", tx.now)
    recorded = {one.account: one for one in inventory.entitlements(db, person=who.id) if one.role.casefold() == name.casefold()}
    have = {account.id for account in chosen if account.id in recorded}
    for account_id in sorted(have):
        one = recorded[account_id]
        rules.same_as_recorded(
            f"{who.handle} is recorded as {one.role} on {one.handle}", f"govern entitlement end {one.handle} {who.handle} --role {quoted(one.role)}",
            {"--admin": (role.admin, one.admin), "--login": (role.login.strip(), one.login), "--since": (role.since, one.since),
             "--evidence": (role.evidence, one.evidence)},
        )  # fmt: skip
    made: list[str] = []
    items: list[tuple[Case, Entry]] = []
    for account in chosen:
        if account.id in have:
            continue
        made.append(tx.new_id())
        tx.record(
            "entitlement.recorded",
            {
                "entitlement": made[-1], "account": account.id, "person": who.id, "role": name,
                "admin": True if role.admin or rules.gives_roles(name) else None, "since": role.since or None, "evidence": role.evidence or None,
            },
            {"login": role.login.strip()},
        )  # fmt: skip
        if role.admin or rules.gives_roles(name):
            for other in sorted({one.person for one in inventory.entitlements(db, account=account.id) if one.admin}):
                items += ending_items.after(tx, other, ItemKind.NATIVE_ADMIN, account=account.id)
    after_joining(tx, who.id)
    return Added(
        person=who,
        entitlements=tuple(one for one in inventory.entitlements(db, person=who.id) if one.id in made),
        known=tuple(account.handle for account in chosen if account.id in have),
        items=tuple(items),
    )


def plan_end(db: sqlite3.Connection, selector: str, person: str, role: str = "") -> list[Entitlement]:
    """The roles that `end` would end. NotFound where the person has none there; Refused where several on one account could be meant."""
    who = people.find(db, person)
    accounts = {account.id for account in in_use(db, selector, retired=True)}
    found = [one for one in inventory.entitlements(db, person=who.id) if one.account in accounts]
    chosen = [one for one in found if not role or one.role.casefold() == " ".join(role.split()).casefold()]
    if not chosen:
        told = f", but {', '.join(sorted({one.role for one in found}))}" if found else ""
        raise NotFound(f"{who.handle} has no such role recorded there{told}", hint=f"govern entitlement list --person {who.handle}")
    several = {one.handle for one in chosen if sum(other.account == one.account for other in chosen) > 1}
    if several and not role:
        names = ", ".join(sorted({one.role for one in chosen if one.handle in several}))
        raise Refused(
            f"{who.handle} has several roles on {', '.join(sorted(several)[:3])}: {names}", rule="ambiguous", hint="name one with --role, or give --all"
        )  # fmt: skip
    return chosen


def end(tx: Transaction, selector: str, person: str, role: str = "", *, every: bool = False, on: str = "", evidence: str = "") -> Ended:
    """Record that the roles were removed on the platform (`on` that day), all or none; items of open departures end with them."""
    if on:
        past_day(on, "--on", tx.now)
    chosen = every_role(tx.register, selector, person) if every else plan_end(tx.register, selector, person, role)
    items: list[tuple[Case, Entry]] = []
    for one in chosen:
        tx.record("entitlement.ended", {"entitlement": one.id, "account": one.account, "on": on or None, "evidence": evidence or None})
        items += ending_items.after(tx, one.person, ItemKind.ENTITLEMENT, about=one.id)
    return Ended(entitlements=tuple(chosen), items=tuple(items))


def every_role(db: sqlite3.Connection, selector: str, person: str) -> list[Entitlement]:
    """All roles of the person on the accounts of the selector; NotFound where there is none."""
    who = people.find(db, person)
    accounts = {account.id for account in in_use(db, selector, retired=True)}
    found = [one for one in inventory.entitlements(db, person=who.id) if one.account in accounts]
    if not found:
        raise NotFound(f"{who.handle} has no role recorded there", hint=f"govern entitlement list --person {who.handle}")
    return found
