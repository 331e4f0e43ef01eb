"""Questions about places outside: which there are, who was in them when, what they hold, and what a fact about them made known."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from govern.errors import NotFound
from govern.holdings.near import near_matches


class Presence(NamedTuple):
    """One person (id) in a place, from and until a day; empty where nobody said."""

    person: str
    since: str
    until: str


class Place(NamedTuple):
    """One place. `accounts`: ids of those that it is recorded to hold; `keeps`: ids of those with a credential kept there."""

    id: str
    name: str
    kind: str
    people: tuple[Presence, ...]
    accounts: frozenset[str]
    keeps: frozenset[str]


class MadeKnown(NamedTuple):
    """One exposure that a fact made: person (id), account handle, kind, version."""

    person: str
    account: str
    kind: str
    n: int


_KEPT = (
    "SELECT c.account FROM credentials c WHERE c.kept_in = ?"
    " AND NOT EXISTS (SELECT 1 FROM versions v WHERE v.credential = c.id AND v.state = 'current' AND v.manifest IS NOT NULL)"
)


def names(db: sqlite3.Connection) -> set[str]:
    """What places are called, folded."""
    return {(name or "").casefold() for (name,) in db.execute("SELECT name FROM places")}


def places(db: sqlite3.Connection) -> list[Place]:
    """All places, by name."""
    return [_place(db, row) for row in db.execute("SELECT id, name, kind FROM places ORDER BY name COLLATE NOCASE, id").fetchall()]


def find(db: sqlite3.Connection, name: str) -> Place:
    """The place of this name, whatever its case; NotFound names near ones."""
    rows = db.execute("SELECT id, name, kind FROM places").fetchall()
    wanted = name.strip().casefold()
    for row in rows:
        if (row[1] or "").casefold() == wanted:
            return _place(db, row)
    near = near_matches(wanted, [str(row[1]) for row in rows if row[1]], n=3)
    hint = f"did you mean {', '.join(near)}?" if near else "govern place list, or: govern place add NAME --kind sheet"
    raise NotFound(f"there is no place {name!r}", hint=hint)


def _place(db: sqlite3.Connection, row: tuple[str, str | None, str]) -> Place:
    id_, name, kind = row
    people = db.execute("SELECT person, since, until FROM place_people WHERE place = ? ORDER BY since, until, entry", (id_,))
    held = db.execute(
        "SELECT account FROM place_accounts WHERE place = ?1 AND cleaned_at IS NULL UNION SELECT c.account FROM place_versions h"
        " JOIN credentials c ON c.id = h.credential WHERE h.place = ?1 AND h.cleaned_at IS NULL",
        (id_,),
    )
    return Place(
        id=id_,
        name=name or f"place {id_[:4]}",
        kind=kind,
        people=tuple(Presence(person=person, since=since or "", until=until or "") for person, since, until in people),
        accounts=frozenset(account for (account,) in held),
        keeps=frozenset(account for (account,) in db.execute(_KEPT, (id_,))),
    )


def made_known(db: sqlite3.Connection, first: int) -> list[MadeKnown]:
    """What became known by places since the entry `first`, as far as it still works."""
    rows = db.execute(
        "SELECT e.person, a.handle, c.kind, e.n FROM exposures e JOIN versions v ON v.credential = e.credential AND v.n = e.n AND v.ended_at IS NULL"
        " JOIN credentials c ON c.id = e.credential JOIN accounts a ON a.id = c.account"
        " WHERE e.entry >= ? AND e.basis = 'place' ORDER BY a.handle, c.kind, e.n, e.person",
        (first,),
    )
    return [MadeKnown(person=row[0], account=row[1], kind=row[2], n=row[3]) for row in rows]


def handles_of(db: sqlite3.Connection, ids: frozenset[str]) -> list[str]:
    """Handles of these accounts, sorted."""
    if not ids:
        return []
    known = {id_: handle for id_, handle in db.execute("SELECT id, handle FROM accounts") if id_ in ids}
    return sorted(known.values())
