"""Devices of the company: given to somebody, signed in to accounts, returned, lost or wiped."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govern.errors import NotFound, Refused, Usage
from govern.holdings import inventory as rules
from govern.holdings.dates import past_day
from govern.holdings.near import near_matches
from govern.offboarding.items import ItemKind
from govern.procedures import ending_items
from govern.procedures.selecting import in_use
from govern.register.queries import accounts, inventory, people
from govern.register.queries.cases import Case, Entry
from govern.register.queries.inventory import Device
from govern.vocabulary import DEVICE_ENDS

if TYPE_CHECKING:
    from govern.register.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What was typed of a device. `signed_in`: selectors of the accounts that it is signed in to."""

    kind: str
    name: str = ""
    signed_in: Sequence[str] = ()
    since: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A device as it stands after its end, and the items of departures that ended with it."""

    device: Device
    items: tuple[tuple[Case, Entry], ...] = ()


def add(tx: Transaction, person: str, given: Given) -> Device:
    """Record that somebody has a device. Raises Refused for a name that another device in use has."""
    db, who = tx.register, people.find(tx.register, person)
    kind, name = rules.device_kind(given.kind), " ".join(given.name.split())
    if len(name) > 200:
        raise Usage("a device's name has 200 characters at most")
    if name and any(one.name.casefold() == name.casefold() for one in inventory.devices(db)):
        raise Refused(f"there is a device {name!r} in use already", rule="name-taken", hint="govern device list")
    if given.since:
        past_day(given.since, "--since", tx.now)
    chosen = _accounts(db, given.signed_in)
    device = tx.new_id()
    tx.record(
        "device.given",
        {
            "device": device, "person": who.id, "kind": kind, "accounts": sorted(chosen) or None, "since": given.since or None,
            "evidence": given.evidence or None,
        },
        {"name": name},
    )  # fmt: skip
    return _by_id(db, device)


def _accounts(db: sqlite3.Connection, selectors: Sequence[str]) -> set[str]:
    found = {account.id for selector in selectors for account in in_use(db, selector)}
    if len(found) > rules.MOST_ACCOUNTS:
        raise Usage(f"{len(found)} accounts, and {rules.MOST_ACCOUNTS} at most are kept for one device")
    return found


def find(db: sqlite3.Connection, text: str, *, ended: bool = False) -> Device:
    """The device of this name, of the only id that begins so (six hex digits at least), or of the person who has no other."""
    known = inventory.devices(db, ended=ended)
    wanted = text.strip().casefold()
    for chosen in (
        [one for one in known if one.called.casefold() == wanted],
        [one for one in known if len(wanted) >= 6 and one.id.startswith(wanted)],
    ):
        if len(chosen) == 1:
            return chosen[0]
        if chosen:
            raise Refused(f"{text!r} could be {len(chosen)} devices", rule="ambiguous", hint="name it by its id: govern device list --json")
    near = near_matches(wanted, [one.called for one in known], n=3)
    raise NotFound(f"no device {text[:60]!r} is in use", hint=f"did you mean {', '.join(near)}?" if near else "govern device list")


def _by_id(db: sqlite3.Connection, id_: str) -> Device:
    return next(one for one in inventory.devices(db, ended=True) if one.id == id_)


def plan_sign_in(db: sqlite3.Connection, text: str, selectors: Sequence[str], *, out: bool) -> tuple[Device, tuple[str, ...]]:
    """The device, and handles of the accounts that it would be signed in to."""
    device = find(db, text)
    named = {account.handle for selector in selectors for account in in_use(db, selector, retired=out)}
    return device, tuple(sorted(set(device.accounts) - named if out else set(device.accounts) | named))


def sign_in(tx: Transaction, text: str, selectors: Sequence[str], *, out: bool = False) -> tuple[Device, bool, list[tuple[Case, Entry]]]:
    """Record that these accounts are signed in on the device, or, with `out`, are so no more; whether there was anything to record, and which items
    of departures ended with it."""
    db = tx.register
    device, handles = plan_sign_in(db, text, selectors, out=out)
    if handles == device.accounts:
        return device, False, []
    if len(handles) > rules.MOST_ACCOUNTS:
        raise Usage(f"{len(handles)} accounts, and {rules.MOST_ACCOUNTS} at most are kept for one device")
    tx.record("device.signed_in", {"device": device.id, "accounts": sorted(accounts.find(db, handle).id for handle in handles)})
    return _by_id(db, device.id), True, ending_items.after(tx, device.person, ItemKind.SESSION, about=device.id)


def end(tx: Transaction, text: str, how: str, *, on: str = "", evidence: str = "") -> Ended:
    """Record that the device came back, was lost, or was wiped from afar; what is lost is still open in a departure."""
    if how not in DEVICE_ENDS:
        raise Usage(f"a device is no {how[:20]!r}", hint=f"one of {', '.join(DEVICE_ENDS)}")
    if on:
        past_day(on, "--on", tx.now)
    device = find(tx.register, text)
    tx.record("device.ended", {"device": device.id, "how": how, "on": on or None, "evidence": evidence or None})
    items = ending_items.after(tx, device.person, ItemKind.SESSION, about=device.id)
    items += ending_items.after(tx, device.person, ItemKind.DEVICE, about=device.id)
    return Ended(device=_by_id(tx.register, device.id), items=tuple(items))
