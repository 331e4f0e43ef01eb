"""Who could know which kinds of which account that work now: for the sheet to fill in, and for telling what is new on it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from govern.register.queries import accounts


class Row(NamedTuple):
    """One account of the sheet. `credentials`: id -> kind of each with a current version; `known`: person (id) -> ids of those they could know."""

    id: str
    handle: str
    platform: str
    login: str
    credentials: dict[str, str]
    known: dict[str, frozenset[str]]


_ROWS = """
SELECT a.id, a.handle, a.platform, coalesce(a.login, ''), v.credential, c.kind, e.person
FROM (SELECT * FROM accounts WHERE {} ORDER BY handle) a
LEFT JOIN credentials c ON c.account = a.id
LEFT JOIN versions v ON v.credential = c.id AND v.state = 'current' AND v.ended_at IS NULL
LEFT JOIN exposures e ON e.credential = v.credential AND e.n = v.n
ORDER BY a.handle, c.entry
"""


def rows(db: sqlite3.Connection, selector: str = "") -> Iterator[Row]:
    """Active accounts by handle, read as they are asked for; NotFound where the selector has none."""
    if not selector:
        where, value = "state = 'active' AND ? = ''", ""
    elif ":" in selector:
        where, value = accounts.condition(selector)
        where = f"state = 'active' AND {where}"
        if db.execute(f"SELECT 1 FROM accounts WHERE {where}", (value,)).fetchone() is None:  # noqa: S608  conditions are ours
            raise accounts.nothing(selector)
    else:
        where, value = "handle = ?", accounts.find(db, selector).handle
    found = db.execute(_ROWS.format(where), (value,))
    return (_row(list(group)) for _, group in groupby(found, key=lambda row: row[0]))


def _row(group: list[tuple[str, ...]]) -> Row:
    known: dict[str, set[str]] = {}
    for *_, credential, _kind, person in group:
        if credential and person:
            known.setdefault(person, set()).add(credential)
    id_, handle, platform, login = group[0][:4]
    return Row(
        id=id_,
        handle=handle,
        platform=platform,
        login=login,
        credentials={credential: kind for *_, credential, kind, _person in group if credential},
        known={person: frozenset(ids) for person, ids in known.items()},
    )


def declared(db: sqlite3.Connection, credentials: set[str], person: str) -> set[str]:
    """Which of these credentials (ids) the person is already declared to know, in the version that is current."""
    rows_ = db.execute(
        "SELECT v.credential FROM exposures e JOIN versions v ON v.credential = e.credential AND v.n = e.n AND v.state = 'current'"
        " WHERE e.person = ? AND e.basis = 'declared' AND v.ended_at IS NULL",
        (person,),
    )
    return {credential for (credential,) in rows_ if credential in credentials}
