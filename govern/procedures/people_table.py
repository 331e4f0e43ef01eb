"""Taking in a table of people: whoever is new is added, whoever is there already stays as they are."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from govern.fields import handle as is_handle
from govern.holdings.likeness import Alike
from govern.holdings.names import free, slug
from govern.importers.login import Skipped
from govern.importers.people_table import People, Row
from govern.procedures import people as procedure
from govern.procedures.people import NewPerson
from govern.register.queries import people

if TYPE_CHECKING:
    from govern.register.transaction import Transaction


@dataclass(slots=True)
class Outcome:
    """What comes of a table. `unchanged`: handles; `alike`: handle of somebody new -> handles of people of a like name; `ahead`: handles of
    those whose last day lies ahead, who are added as people who are here."""

    created: list[NewPerson] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    alike: dict[str, list[str]] = field(default_factory=dict)
    ahead: list[str] = field(default_factory=list)


def take_in(tx: Transaction, table: People) -> Outcome:
    """Add everybody of the table who is not there, all or, where a rule refuses it, nobody."""
    outcome = plan(tx.register, table, tx.now)
    for person in outcome.created:
        procedure.add(tx, person)
    return outcome


def plan(db: sqlite3.Connection, table: People, now: str) -> Outcome:
    """Who would be added at `now` (UTC). People are known by mail address or handle, and by name where the table gives neither."""
    outcome = Outcome(skipped=list(table.skipped))
    known: dict[str, str] = {}
    added: set[str] = set()
    alike = Alike()
    for person in people.people(db):
        _remember(known, alike, person.handle, person.name, person.mail)
    for row in table.rows:
        handle = next((known[key] for key in _keys(row) if key in known), None)
        if handle is not None:
            if handle not in added:  # somebody whom the table has twice is new all the same, and listed once
                outcome.unchanged.append(handle)
            continue
        ahead = row.left > now[:10]
        new = NewPerson(
            name=row.name, mail=row.mail, handle=_handle(known, row), department=row.department, locale=row.locale, agency=row.agency,
            left="" if ahead else row.left,
        )  # fmt: skip
        near = alike.near(new.name)
        outcome.created.append(new)
        added.add(new.handle)
        if near:
            outcome.alike[new.handle] = near
        if ahead:
            outcome.ahead.append(new.handle)
        _remember(known, alike, new.handle, new.name, new.mail)
    outcome.unchanged = list(dict.fromkeys(outcome.unchanged))
    return outcome


def _keys(row: Row) -> list[str]:
    keys = [f"mail {row.mail.casefold()}"] if row.mail else []
    if row.handle:
        keys.append(f"handle {row.handle.casefold()}")
    return keys or [f"name {row.name.casefold()}"]


def _handle(known: dict[str, str], row: Row) -> str:
    wanted = row.handle.casefold()
    return free(wanted if is_handle(wanted) else slug(row.handle or row.name), lambda handle: f"handle {handle}" in known)


def _remember(known: dict[str, str], alike: Alike, handle: str, name: str, mail: str) -> None:
    if mail:
        known.setdefault(f"mail {mail.casefold()}", handle)
    known.setdefault(f"handle {handle}", handle)
    known.setdefault(f"name {name.casefold()}", handle)
    alike.add(name, handle)
