"""Places outside: naming them, who was in them when, which accounts they hold, and that copies were taken out of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govern.errors import NotFound, Refused, Usage
from govern.holdings.dates import past_day, period
from govern.register.queries import accounts, people, places
from govern.register.queries.accounts import Account
from govern.register.queries.people import Person
from govern.register.queries.places import MadeKnown, Place
from govern.vocabulary import PLACE_KINDS

if TYPE_CHECKING:
    from govern.register.transaction import Transaction

_PART = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was recorded of a place: accounts by handle, and what became known by it."""

    place: Place
    accounts: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    known: tuple[MadeKnown, ...] = ()


def add(tx: Transaction, name: str, kind: str) -> Place:
    """Name a place. Raises Usage for a kind that is none, Refused for a name that is taken."""
    name = " ".join(name.split())
    if kind not in PLACE_KINDS:
        raise Usage(f"there is no kind of place {kind[:40]!r}", hint=f"one of {', '.join(PLACE_KINDS)}")
    if not name or len(name) > 200:
        raise Usage("a place's name has 1 to 200 characters")
    if any((place.name or "").casefold() == name.casefold() for place in places.places(tx.register)):
        raise Refused(f"there is a place {name!r} already", rule="name-taken", hint="govern place list")
    tx.record("place.added", {"place": tx.new_id(), "kind": kind}, {"name": name})
    return places.find(tx.register, name)


def check_days(since: str, until: str, now: str) -> None:
    """Usage for a presence whose days are no dates, lie ahead, or end before they begin; either may be empty."""
    if since:
        past_day(since, "--since", now)
    if until:
        past_day(until, "--until", now)
    period(since, until)


def member(tx: Transaction, name: str, person: str, *, since: str = "", until: str = "") -> tuple[Told, Person, bool]:
    """Record a presence, or correct or end the one that goes on; whether there was anything to record."""
    check_days(since, until, tx.now)
    place, who = places.find(tx.register, name), people.find(tx.register, person)
    own = [presence for presence in place.people if presence.person == who.id]
    if any(presence.until == until and since in ("", presence.since) for presence in own):
        return Told(place=place), who, False
    first = tx.record("place.member", {"place": place.id, "person": who.id, "since": since or None, "until": until or None})
    known = tuple(made for made in places.made_known(tx.register, first) if made.person == who.id)
    return Told(place=places.find(tx.register, name), known=known), who, True


def holds(tx: Transaction, name: str, selectors: Sequence[str]) -> Told:
    """Record that the place has copies of what these accounts use now; recorded anew also where it held them before."""
    place, chosen = _chosen(tx.register, name, selectors)
    first = tx.size
    for ids in _parts([account.id for account in chosen]):
        tx.record("place.holds", {"place": place.id, "accounts": ids})
    return Told(
        place=places.find(tx.register, name), accounts=_handles(chosen), known=tuple(places.made_known(tx.register, first))
    )  # fmt: skip


def clean(tx: Transaction, name: str, selectors: Sequence[str]) -> Told:
    """Record that the copies are gone from the place. What people know by it they still know."""
    planned = plan_clean(tx.register, name, selectors)
    held = {handle: accounts.find(tx.register, handle).id for handle in planned.accounts}
    for ids in _parts(list(held.values())):
        tx.record("place.cleaned", {"place": planned.place.id, "accounts": ids})
    return planned


def plan_holds(db: sqlite3.Connection, name: str, selectors: Sequence[str]) -> Told:
    """What `holds` would record."""
    place, chosen = _chosen(db, name, selectors)
    return Told(place=place, accounts=_handles(chosen))


def plan_clean(db: sqlite3.Connection, name: str, selectors: Sequence[str]) -> Told:
    """What `clean` would record; `left_out` are accounts of which nothing is recorded to lie there. NotFound where that is all of them."""
    place, chosen = _chosen(db, name, selectors)
    inside = [account for account in chosen if account.id in place.accounts]
    if not inside:
        kept = [account.handle for account in chosen if account.id in place.keeps]
        if kept:
            raise Refused(
                f"{place.name} is where {kept[0]} keeps its secret: no copy, and nothing to clean",
                rule="kept-there",
                hint=f"change it, and seal the new one here: govern rotate {kept[0]}",
            )
        raise NotFound(f"{place.name} is not recorded to hold any of these accounts", hint="govern place list")
    return Told(place=place, accounts=_handles(inside), left_out=_handles([account for account in chosen if account not in inside]))


def _chosen(db: sqlite3.Connection, name: str, selectors: Sequence[str]) -> tuple[Place, list[Account]]:
    found = {account.id: account for selector in selectors for account in accounts.select(db, selector)}
    return places.find(db, name), sorted(found.values(), key=lambda account: account.handle)


def _handles(chosen: Sequence[Account]) -> tuple[str, ...]:
    return tuple(account.handle for account in chosen)


def _parts(ids: list[str]) -> list[list[str]]:
    return [ids[start : start + _PART] for start in range(0, len(ids), _PART)]
