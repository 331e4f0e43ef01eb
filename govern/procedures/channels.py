"""Recovery channels: whose the mail address or phone number is by which an account is recovered."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from govern.errors import NotFound, Usage
from govern.offboarding.items import ItemKind
from govern.procedures import ending_items
from govern.procedures.selecting import in_use
from govern.register.queries import inventory, people
from govern.register.queries.inventory import Channel
from govern.vocabulary import REACHES

if TYPE_CHECKING:
    from govern.register.transaction import Transaction

KINDS = ("recovery-email", "recovery-phone")


def plan(db: sqlite3.Connection, selector: str, kind: str) -> list[Channel]:
    """The channels of this kind that count now, on the accounts of the selector. NotFound where there is none."""
    if kind not in KINDS:
        raise Usage(f"a {kind[:40] or 'credential'} reaches nobody", hint="--kind recovery-email, or --kind recovery-phone")
    chosen = {account.id: account.handle for account in in_use(db, selector)}
    found = [one for one in inventory.channels(db) if one.kind == kind and one.account in chosen]
    if not found:
        first = next(iter(chosen.values()))
        raise NotFound(f"no {kind} of {selector} is recorded", hint=f"govern credential add {first} --kind {kind}")
    return found


def reaches(tx: Transaction, selector: str, kind: str, reach: str, person: str = "") -> tuple[list[Channel], list[str]]:
    """Say whose it is: the company's, or somebody's own; `person`: who has it in their hands. Also handles of accounts of which it was said already."""
    if reach not in REACHES:
        raise Usage("whose it is is missing", hint="--company, or --personal")
    if reach == "personal" and not person:
        raise Usage("whose own it is is missing", hint="--person PERSON; if nobody knows: change it, govern rotate ACCOUNT --kind KIND")
    db = tx.register
    who = people.find(db, person).id if person else ""
    known = []
    for one in plan(db, selector, kind):
        if (one.reach, one.person) == (reach, who):
            known.append(one.handle)
            continue
        tx.record("channel.reaches", {"credential": one.credential, "version": one.version, "reach": reach, "person": who or None})
        if one.person and one.person != who:
            ending_items.after(tx, one.person, ItemKind.RECOVERY_CHANNEL, account=one.account)
    return plan(db, selector, kind), known
