"""The list of accounts with how many hold and could know each, in one query however long; and all about one account."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

from govern.register.queries import accounts


class Listed(NamedTuple):
    """One line of the list. `custodian` is a handle; `exposed` counts everybody who could know what works, holders and others-unknown too."""

    handle: str
    platform: str
    login: str
    tier: str
    custodian: str
    department: str
    client: str
    state: str
    holders: int
    exposed: int


class Around(NamedTuple):
    """What surrounds one account. Handles of accounts, names of places."""

    tags: tuple[str, ...]
    depends_on: tuple[str, ...]
    needed_by: tuple[str, ...]
    places: tuple[str, ...]


# CROSS JOIN keeps the order in which the tables are read: the planner, which has no statistics here, would look up a version per exposure.
# A person has one open grant on an account at most, so grants need no DISTINCT.
_LIST = """
SELECT handle, platform, coalesce(login, ''), tier,
  coalesce((SELECT coalesce(p.handle, 'former.' || substr(p.id, 1, 4)) FROM people p WHERE p.id = a.custodian), ''),
  coalesce(department, ''), coalesce(client, ''), state,
  (SELECT count(*) FROM grants g WHERE g.account = a.id AND g.ended_at IS NULL),
  (SELECT count(DISTINCT e.person) FROM credentials c CROSS JOIN versions v ON v.credential = c.id AND v.ended_at IS NULL
   CROSS JOIN exposures e ON e.credential = v.credential AND e.n = v.n WHERE c.account = a.id)
FROM accounts a WHERE {} ORDER BY handle
"""


def listed(db: sqlite3.Connection, selector: str = "", *, retired: bool = False) -> Iterator[Listed]:
    """Accounts by handle, read as they are asked for; retired ones where wanted, or named. NotFound where the selector has none."""
    if not selector:
        where, value = "? = ''", ""
    elif ":" in selector:
        where, value = accounts.condition(selector)
    else:
        where, value, retired = "handle = ?", accounts.find(db, selector).handle, True
    rows = db.execute(_LIST.format(where if retired else f"{where} AND state = 'active'"), (value,))
    first = rows.fetchone()
    if first is None:
        if selector:
            raise accounts.nothing(selector)
        return iter(())
    return _rows(first, rows)


def _rows(first: Any, rest: sqlite3.Cursor) -> Iterator[Listed]:
    yield _listed(first)
    yield from map(_listed, rest)


def _listed(row: Any) -> Listed:
    return Listed(
        handle=row[0], platform=row[1], login=row[2], tier=row[3], custodian=row[4], department=row[5], client=row[6], state=row[7],
        holders=row[8], exposed=row[9],
    )  # fmt: skip


def around(db: sqlite3.Connection, account: str) -> Around:
    """Tags, dependencies both ways, and the places that hold the account or keep a credential of it."""

    def texts(query: str) -> tuple[str, ...]:
        return tuple(str(row[0]) for row in db.execute(query, {"account": account}))

    return Around(
        tags=texts("SELECT tag FROM tags WHERE account = :account ORDER BY tag"),
        depends_on=texts("SELECT a.handle FROM depends d JOIN accounts a ON a.id = d.needs WHERE d.account = :account ORDER BY a.handle"),
        needed_by=texts(
            "SELECT a.handle FROM depends d CROSS JOIN accounts a ON a.id = d.account WHERE d.needs = :account AND a.state = 'active'"
            " ORDER BY a.handle"
        ),
        places=texts(
            "SELECT coalesce(p.name, 'place ' || substr(p.id, 1, 4)) FROM places p WHERE p.id IN ("
            " SELECT place FROM place_accounts WHERE account = :account AND cleaned_at IS NULL"
            " UNION SELECT kept_in FROM credentials WHERE account = :account) ORDER BY 1"
        ),
    )
