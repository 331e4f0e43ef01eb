"""Questions about people: by handle, mail or name; lists; who has keys."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from govern.errors import NotFound, Refused
from govern.holdings.near import near_matches


class Person(NamedTuple):
    """One person as the register has them. `status`: active, leaving or former."""

    id: str
    handle: str
    name: str
    mail: str
    department: str
    locale: str
    agency: str
    external: bool
    status: str
    left_on: str
    last_day: str
    keyholder: bool
    roles: tuple[str, ...]


_COLUMNS = """
  p.id, p.handle, p.name, p.mail, p.department, p.locale, p.agency, p.external, p.leaving, p.left_on, p.last_day,
  EXISTS (SELECT 1 FROM keys k WHERE k.person = p.id AND k.state = 'active'),
  (SELECT group_concat(role) FROM roles r WHERE r.person = p.id)
"""


def _person(row: tuple[object, ...]) -> Person:
    id_, handle, name, mail, department, locale, agency, external, leaving, left_on, last_day, keyholder, roles = row
    return Person(
        id=str(id_), handle=str(handle or f"former.{str(id_)[:4]}"), name=str(name or f"former person {str(id_)[:4]}"), mail=str(mail or ""),
        department=str(department or ""), locale=str(locale or ""), agency=str(agency or ""), external=bool(external),
        status="former" if left_on else "leaving" if leaving else "active", left_on=str(left_on or ""), last_day=str(last_day or ""),
        keyholder=bool(keyholder), roles=tuple(sorted(str(roles).split(","))) if roles else (),
    )  # fmt: skip


def people(db: sqlite3.Connection) -> list[Person]:
    """Everybody, by handle."""
    return [_person(row) for row in db.execute(f"SELECT {_COLUMNS} FROM people p ORDER BY p.handle, p.id")]  # noqa: S608


def by_id(db: sqlite3.Connection, id_: str) -> Person:
    row = db.execute(f"SELECT {_COLUMNS} FROM people p WHERE p.id = ?", (id_,)).fetchone()  # noqa: S608
    if row is None:
        raise NotFound(f"there is no person of id {id_}")
    return _person(row)


def find(db: sqlite3.Connection, text: str) -> Person:
    """The person of this handle, mail address or full name. NotFound names near ones; Refused where a name is two people's."""
    query = f"SELECT {_COLUMNS} FROM people p WHERE "  # noqa: S608
    for where in ("p.handle = ?", "p.mail = ? COLLATE NOCASE", "p.name = ? COLLATE NOCASE"):
        rows = db.execute(query + where, (text.casefold() if where.startswith("p.handle") else text,)).fetchall()
        if len(rows) == 1:
            return _person(rows[0])
        if rows:
            names = ", ".join(sorted(str(row[1] or row[0]) for row in rows))
            raise Refused(f"{text!r} could be {names}", rule="ambiguous", hint="name the person by handle")
    rows = db.execute(f"{query}p.erased AND 'former.' || substr(p.id, 1, 4) = ?", (text.casefold(),)).fetchall()
    if len(rows) == 1:
        return _person(rows[0])
    if rows:
        raise Refused(f"{text!r} could be {len(rows)} people", rule="ambiguous")
    known = [row[0] for row in db.execute("SELECT handle FROM people WHERE handle IS NOT NULL")]
    near = near_matches(text.casefold(), known, n=3)
    hint = f"did you mean {', '.join(near)}?" if near else "govern person list, or: govern person add 'Name <mail>'"
    raise NotFound(f"there is no person {text!r}", hint=hint)


def of_agency(db: sqlite3.Connection, agency: str) -> list[Person]:
    """Everybody of an agency of this name, whatever its case, who has not left; by handle."""
    wanted = agency.strip().casefold()
    return [one for one in people(db) if wanted and one.agency.casefold() == wanted and one.status != "former"]


def handle_taken(db: sqlite3.Connection, handle: str) -> bool:
    return db.execute("SELECT 1 FROM people WHERE handle = ?", (handle,)).fetchone() is not None


def handles(db: sqlite3.Connection) -> dict[str, str]:
    """Person id -> handle; `others-unknown` stands for itself."""
    found = {id_: handle or f"former.{id_[:4]}" for id_, handle in db.execute("SELECT id, handle FROM people")}
    found["others-unknown"] = "others-unknown"
    return found


def left(db: sqlite3.Connection) -> set[str]:
    """Ids of everybody who has left."""
    return {id_ for (id_,) in db.execute("SELECT id FROM people WHERE left_on IS NOT NULL")}
