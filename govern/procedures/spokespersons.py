"""Who may publish in an account's name: named once they have been trained, and ended."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govern.errors import NotFound, Refused
from govern.holdings.dates import past_day
from govern.holdings.spokespersons import SILENT
from govern.procedures.selecting import in_use
from govern.procedures.settling import after_joining
from govern.register.queries import people, spokespersons
from govern.register.queries.spokespersons import Spokesperson

if TYPE_CHECKING:
    from govern.register.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Who was named where; handles of accounts where they were already, with this training; of accounts that publish nothing."""

    spokespersons: tuple[Spokesperson, ...]
    known: tuple[str, ...]
    silent: tuple[str, ...]


def add(tx: Transaction, selector: str, person: str, *, trained_on: str, evidence: str = "") -> Named:
    """Name the person on every account of the selector that publishes; anew where their training is another one. `evidence`: SHA-256 hex, or empty."""
    db = tx.register
    who, chosen = people.find(db, person), in_use(db, selector)
    past_day(trained_on, "--trained-on", tx.now)
    speaking = [account for account in chosen if account.platform not in SILENT]
    if not speaking:
        raise Refused(
            f"{chosen[0].handle} publishes nothing: it is a {chosen[0].platform}", rule="silent", control="AC-22", hint="govern account list"
        )  # fmt: skip
    have = {one.account: one.trained_on for one in spokespersons.spokespersons(db, person=who.id)}
    made = []
    for account in speaking:
        if have.get(account.id) != trained_on:
            made.append(tx.new_id())
            tx.record(
                "spokesperson.named",
                {"spokesperson": made[-1], "account": account.id, "person": who.id, "trained_on": trained_on, "evidence": evidence or None},
            )
    after_joining(tx, who.id)
    return Named(
        spokespersons=tuple(one for one in spokespersons.spokespersons(db, person=who.id) if one.id in made),
        known=tuple(account.handle for account in speaking if have.get(account.id) == trained_on),
        silent=tuple(account.handle for account in chosen if account.platform in SILENT),
    )


def plan_end(db: sqlite3.Connection, selector: str, person: str) -> list[Spokesperson]:
    """What `end` would end. NotFound where the person is named on none of the accounts."""
    who = people.find(db, person)
    accounts = {account.id for account in in_use(db, selector, retired=True)}
    found = [one for one in spokespersons.spokespersons(db, person=who.id) if one.account in accounts]
    if not found:
        raise NotFound(f"{who.handle} is not named there", hint=f"govern spokesperson list --person {who.handle}")
    return found


def end(tx: Transaction, selector: str, person: str, *, on: str = "") -> list[Spokesperson]:
    """Record that the person publishes there no more (`on` that day), on all accounts of the selector or none."""
    if on:
        past_day(on, "--on", tx.now)
    chosen = plan_end(tx.register, selector, person)
    for one in chosen:
        tx.record("spokesperson.ended", {"spokesperson": one.id, "account": one.account, "on": on or None})
    return chosen
