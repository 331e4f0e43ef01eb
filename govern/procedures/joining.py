"""What there is to do for somebody new, drawn up from the register and from what platforms offer; nothing is recorded here."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable

from govern.offboarding import joining
from govern.offboarding.items import Item, ItemKind, ItemState
from govern.register.queries import cases, item_steps, policies
from govern.register.queries import joining as queries
from govern.register.queries.cases import Case, Entry

_GIVEN_UP = (ItemState.WAIVED, ItemState.NOT_APPLICABLE)


def drawn(db: sqlite3.Connection, case: Case, accounts: Iterable[str], now: str) -> tuple[Item, ...]:
    """The items that the case would have by now (UTC) if it were about these accounts (ids)."""
    entries = cases.items(db, case.id)
    waived = {entry.item.account for entry in entries if entry.item.kind is ItemKind.NATIVE_ROLE and entry.state in _GIVEN_UP}
    return draw_up(db, case.person, accounts, starts_on=case.starts_on, now=now, shared=waived, by_hand=by_hand(entries))


def draw_up(
    db: sqlite3.Connection,
    person: str,
    accounts: Iterable[str],
    *,
    starts_on: str,
    now: str,
    shared: Collection[str] = (),
    by_hand: bool = False,
) -> tuple[Item, ...]:
    """The items for a person (id) who begins that day (ISO date). `shared`: accounts of which they get the password though there are roles there;
    `by_hand`: they will have no keys."""
    chosen = frozenset(accounts)
    native = {account for account in chosen - frozenset(shared) if offers_roles(db, account)}
    found = queries.arriving(db, person, chosen, at=now, native=native, by_hand=by_hand)
    return joining.draw_up(found, policies.policy(db).later.joiners, starts_on=starts_on, today=now[:10])


def by_hand(entries: Iterable[Entry]) -> bool:
    """Whether the case says that the person will have no keys: it hands something over, or gave the keys up."""
    return any(
        entry.item.kind is ItemKind.HAND_OVER or (entry.item.kind is ItemKind.ENROL_KEY and entry.state in _GIVEN_UP) for entry in entries
    )


def offers_roles(db: sqlite3.Connection, account: str) -> bool:
    """Whether people can be given a role of their own on the platform of this account (id), wholly or in part, as far as is known."""
    row = db.execute("SELECT platform FROM accounts WHERE id = ?", (account,)).fetchone()
    about = item_steps.known(row[0]) if row else None
    return about is not None and about.delegation != "none"
