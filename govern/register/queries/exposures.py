"""Questions about exposures: who could know which version, since when and by what. One query each, however many rows.

A version is live until a rotation of its credential is confirmed: also one that the platform is said to have refused, which it may have taken.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple


class Exposure(NamedTuple):
    """A person (id, or `others-unknown`) could know version `n`, by one basis. `live`: that version still works, as far as is known."""

    person: str
    account: str
    handle: str
    credential: str
    kind: str
    n: int
    basis: str
    strength: str
    since: str
    live: bool


class Known(NamedTuple):
    """One live version that somebody could know."""

    account: str
    handle: str
    kind: str
    n: int


LIVE = "v.ended_at IS NULL"
"""Over `versions v`: this version still works, or may yet come to."""

_ALL = f"""
SELECT e.person, a.id, a.handle, c.id, c.kind, e.n, e.basis, e.strength, e.since, ({LIVE})
FROM {{}} JOIN versions v ON v.credential = e.credential AND v.n = e.n JOIN credentials c ON c.id = e.credential JOIN accounts a ON a.id = c.account
WHERE {{}} ORDER BY a.handle, c.kind, c.id, e.n DESC, e.entry, e.person, e.basis
"""  # noqa: S608


def _exposure(row: tuple[object, ...]) -> Exposure:
    person, account, handle, credential, kind, n, basis, strength, since, live = row
    return Exposure(
        person=str(person), account=str(account), handle=str(handle), credential=str(credential), kind=str(kind), n=int(str(n)),
        basis=str(basis), strength=str(strength), since=str(since), live=bool(live),
    )  # fmt: skip


def of_account(db: sqlite3.Connection, account: str) -> list[Exposure]:
    """Everybody who could know, or could have known, any version of the account's credentials; the newest version first."""
    query = _ALL.format("exposures e", "e.credential IN (SELECT id FROM credentials WHERE account = ?)")
    return [_exposure(row) for row in db.execute(query, (account,))]


def of_person(db: sqlite3.Connection, person: str) -> list[Exposure]:
    """Everything that a person, or `others-unknown`, could know or could have known; by account."""
    return [_exposure(row) for row in db.execute(_ALL.format("exposures e", "e.person = ?"), (person,))]


def known(db: sqlite3.Connection, person: str, accounts: Sequence[str] | None = None) -> list[Known]:
    """The live versions that a person could know, on these accounts (ids) or on all."""
    rows = db.execute(
        "SELECT DISTINCT a.id, a.handle, c.kind, e.n FROM exposures e JOIN versions v ON v.credential = e.credential AND v.n = e.n"  # noqa: S608
        f" JOIN credentials c ON c.id = e.credential JOIN accounts a ON a.id = c.account WHERE e.person = :person AND {LIVE}"
        " AND (:accounts IS NULL OR a.id IN (SELECT value FROM json_each(:accounts))) ORDER BY a.handle, c.kind, e.n",
        {"person": person, "accounts": None if accounts is None else json.dumps(list(accounts))},
    )
    return [Known(account=row[0], handle=row[1], kind=row[2], n=row[3]) for row in rows]
