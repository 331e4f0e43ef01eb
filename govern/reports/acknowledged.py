"""The population of documents: everybody, with which version of which document they acknowledged when, and how; also whoever acknowledged none."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from govern.register.queries import documents, people

HEAD: Final = (
    "person", "name", "department", "here since", "status", "document", "version", "number", "acknowledged", "how", "recorded by", "verified by", "state",
)  # fmt: skip


class Line(NamedTuple):
    """One person and one version that they acknowledged, or one document of which they acknowledged none. `state`: current, earlier, outstanding, waits,
    not asked. Days are ISO dates; texts are empty for nothing."""

    person: str
    name: str
    department: str
    since: str
    status: str
    document: str
    version: str
    number: str
    on: str
    how: str
    recorder: str
    verifier: str
    state: str


def collect(db: sqlite3.Connection, name: str = "") -> list[Line]:
    """Everybody who is here and was not a service, and whoever acknowledged something and left, by person and document; of one document (name) or all."""
    force = {one.name: one for one in sorted(documents.versions(db, name), key=lambda each: each.place) if one.place}
    asked = {(one.person, one.name) for one in documents.outstanding(db)}
    signed: dict[tuple[str, str], list[documents.Acknowledgement]] = {}
    for one in documents.acknowledgements(db, name=name):
        signed.setdefault((one.person, one.name), []).append(one)
    services = {id_ for (id_,) in db.execute("SELECT person FROM services")}
    since = dict(db.execute("SELECT id, coalesce(substr(added_at, 1, 10), '') FROM people").fetchall())
    names, lines = people.handles(db), []
    for person in people.people(db):
        if person.id in services:
            continue
        for document, current in force.items():
            about = (person.handle, person.name, person.department, since[person.id], person.status, document)
            some = signed.get((person.id, document), [])
            for one in some:
                state = "waits" if not one.counts else "current" if one.version == current.version else "earlier"
                lines.append(
                    Line(
                        *about,
                        one.version,
                        str(one.n),
                        one.on,
                        one.how,
                        names[one.recorder],
                        names[one.verifier] if one.verifier else "",
                        state,
                    )
                )
            if person.status != "former" and not any(one.version == current.version for one in some):
                state = "outstanding" if (person.id, document) in asked else "not asked"
                lines.append(Line(*about, current.version, str(current.n), "", "", "", "", state))
    return lines


def cells(one: Line) -> Sequence[str]:
    """For a table; of the hash its first digits."""
    return tuple(one._replace(version=one.version[:16]))


def html(lines: Sequence[Line], locale: str, *, now: str) -> str:
    """One page that loads nothing, in one of `govern.languages.LOCALES`; `now` UTC ISO 8601."""
    from govern.languages import language
    from govern.reports import page

    return page.environment(language(locale)).get_template("acknowledged.html.j2").render(lines=lines, now=now)


def record(one: Line) -> dict[str, Any]:
    """For JSON."""
    return {key: value or None for key, value in one._asdict().items()} | {"number": int(one.number)}
