"""Handing an account over to another responsible person: the custody, and with it who can open what the account has."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govern.errors import Refused
from govern.holdings.custody import check_responsible
from govern.procedures import opening
from govern.register.queries import accounts, gate, people
from govern.register.queries.accounts import Account
from govern.register.queries.people import Person

if TYPE_CHECKING:
    from govern.register.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """One account. `before`: handle of the former responsible person, empty where they stay; `sealed`: the new one can open all of it."""

    account: str
    before: str
    sealed: bool
    keyholder: bool


def plan(db: sqlite3.Connection, selector: str, person: str, now: str) -> tuple[Person, list[Account]]:
    """Whom and which accounts it is about at `now` (UTC); raises NotFound, or Refused for leavers, for whoever has not acknowledged what the tier of one
    asks for, and for retired accounts."""
    who = people.find(db, person)
    check_responsible(role="responsible person", handle=who.handle, status=who.status)
    chosen = accounts.select(db, selector)
    for account in chosen:
        if account.state != "active":
            raise Refused(f"{account.handle} is retired", rule="retired", hint="govern account list shows those in use")
        if account.custodian != who.id:
            gate.must_answer(db, account.tier, (who.id,), now[:10], account=account.id, handle=account.handle)
    return who, chosen


def hand(tx: Transaction, selector: str, person: str) -> list[Handed]:
    """Record the custody; seal to the new responsible person what the actor can open, end what the former one has by custody alone."""
    who, chosen = plan(tx.register, selector, person, tx.now)
    admin = "admin" in people.by_id(tx.register, tx.actor).roles
    names = people.handles(tx.register)
    done = []
    for account in chosen:
        before = account.custodian
        if before == who.id:
            sealed = opening.open_to(tx, account.id, who.id)
        elif admin or tx.actor in (account.deputy, who.id):
            tx.record("account.custody", {"account": account.id, "custodian": who.id})
            _no_longer_deputy(tx, account, who)
            sealed = opening.open_to(tx, account.id, who.id)
            opening.close_to(tx, account.id, before)
        else:
            # Behind their own custody event the actor could record nothing more on this account.
            _no_longer_deputy(tx, account, who)
            opening.close_to(tx, account.id, before, leaves_custody=True)
            tx.record("account.custody", {"account": account.id, "custodian": who.id})
            sealed = opening.can_open(tx, account.id, who.id)
        done.append(
            Handed(
                account=account.handle, before="" if before == who.id else names.get(before, before), sealed=sealed, keyholder=who.keyholder
            )
        )  # fmt: skip
    return done


def _no_longer_deputy(tx: Transaction, account: Account, who: Person) -> None:
    if account.deputy == who.id:
        tx.record("account.edited", {"account": account.id, "cleared": ["deputy"]})
