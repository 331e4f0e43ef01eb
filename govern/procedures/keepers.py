"""Who keeps which sheet of the recovery key: noted when the sheets are given out, asked when somebody leaves."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govern.register.queries import people

if TYPE_CHECKING:
    from govern.register.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """One sheet of the recovery key in force. `now`: nobody else was given it since; whoever gave it on may still have read it."""

    sheet: int
    person: str
    since: str
    now: bool


def give(tx: Transaction, sheet: int, person: str) -> list[Keeper]:
    """Record that a person (handle) keeps this sheet (from 1) of the recovery key in force."""
    who = people.find(tx.register, person)
    key = tx.register.execute("SELECT id FROM keys WHERE state = 'recovery'").fetchone()[0]
    tx.record("recovery.entrusted", {"key": key, "sheet": sheet, "person": who.id})
    return keepers(tx.register)


def keepers(db: sqlite3.Connection) -> list[Keeper]:
    """Everybody who keeps, or kept, a sheet of the recovery key in force; by sheet, the latest first. `person` is a handle."""
    names = people.handles(db)
    rows = db.execute(
        "SELECT s.sheet, s.person, s.at FROM keepers s JOIN keys k ON k.id = s.key AND k.state = 'recovery' ORDER BY s.sheet, s.entry DESC"
    ).fetchall()
    last = {sheet: person for sheet, person, _ in reversed(rows)}
    return [Keeper(sheet=sheet, person=names.get(person, person), since=at, now=last[sheet] == person) for sheet, person, at in rows]
