"""Exceptions from the rules of the house: granted for a reason and until a day, and ended."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from govern.errors import NotFound, Refused, Usage
from govern.holdings.dates import day
from govern.holdings.exceptions import OF_ACCOUNT
from govern.procedures.selecting import in_use
from govern.register.queries import exceptions, people
from govern.register.queries.exceptions import Granted
from govern.vocabulary import EXCEPTIONS

if TYPE_CHECKING:
    from govern.register.transaction import Transaction


def add(tx: Transaction, selector: str, *, point: str, person: str = "", until: str, reason: str) -> list[Granted]:
    """Set one rule aside until that day (ISO date), on each account of the selector, for a person, or for a person on each of them.

    Raises Usage for a point that is none, Refused where it is not about what is named, and beyond what may be granted.
    """
    if point not in EXCEPTIONS:
        raise Usage(f"{point[:40]!r} is nothing that an exception is made from", hint=f"--point {', '.join(EXCEPTIONS)}")
    if not selector and not person:
        raise Usage("whom or what the exception is for is missing", hint="name an account, or --person PERSON")
    if not reason.strip():
        raise Usage("why is missing", hint="say it with --reason; it is kept with the exception, and erasable")
    day(until, "--until")
    db = tx.register
    who = people.find(db, person).id if person else None
    accounts = [account.id for account in in_use(db, selector)] if selector else [None]
    if point in OF_ACCOUNT and who:
        raise Usage(f"an exception from {point} is for an account and nobody", hint="leave out --person")
    made = []
    for account in accounts:
        made.append(tx.new_id())
        body = {"exception": made[-1], "point": point, "account": account, "person": who, "until": until}
        tx.record("exception.granted", body, {"reason": reason.strip()})
    return [one for one in exceptions.exceptions(db, point=point) if one.id in made]


def find(db: sqlite3.Connection, text: str) -> Granted:
    """The exception whose id begins so, or that of the account of this handle where it has one alone; NotFound, or Refused for several."""
    wanted, found = text.strip().casefold(), exceptions.exceptions(db)
    chosen = [one for one in found if one.handle == wanted] or [one for one in found if len(wanted) >= 6 and one.id.startswith(wanted)]
    if not chosen:
        raise NotFound(f"no exception {wanted[:40]!r} stands", hint="govern exception list")
    if len(chosen) > 1:
        raise Refused(
            f"{wanted[:40]!r} could be {len(chosen)} exceptions", rule="ambiguous", hint="type more of its id: govern exception list"
        )
    return chosen[0]


def end(tx: Transaction, text: str) -> Granted:
    """Record that the rule counts again."""
    found = find(tx.register, text)
    tx.record("exception.ended", {"exception": found.id})
    return found
