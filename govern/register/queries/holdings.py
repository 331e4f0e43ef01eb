"""Questions about grants: who holds an account, what a person holds, who held it once. One query each, however many rows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple


class Grant(NamedTuple):
    """One open grant. `person` and `giver` are person ids, `account` an account id; empty `kinds`: all; `until` is a UTC time or empty."""

    id: str
    account: str
    handle: str
    platform: str
    person: str
    giver: str
    since: str
    until: str
    kinds: tuple[str, ...]
    emergency: bool
    keyholder: bool


_OPEN = """
SELECT g.id, g.account, a.handle, a.platform, g.person, g.giver, g.since, g.until, g.kinds, g.emergency,
  EXISTS (SELECT 1 FROM keys k WHERE k.person = g.person AND k.state = 'active')
FROM grants g JOIN accounts a ON a.id = g.account
WHERE g.ended_at IS NULL AND
"""


def _grant(row: tuple[object, ...]) -> Grant:
    id_, account, handle, platform, person, giver, since, until, kinds, emergency, keyholder = row
    return Grant(
        id=str(id_), account=str(account), handle=str(handle), platform=str(platform), person=str(person), giver=str(giver), since=str(since),
        until=str(until or ""), kinds=tuple(json.loads(str(kinds))) if kinds else (), emergency=bool(emergency), keyholder=bool(keyholder),
    )  # fmt: skip


def of_accounts(db: sqlite3.Connection, accounts: Sequence[str]) -> list[Grant]:
    """Open grants on these accounts (ids), the oldest first."""
    where = "g.account IN (SELECT value FROM json_each(?)) ORDER BY g.entry"
    rows = db.execute(_OPEN + where, (json.dumps(list(accounts)),))
    return [_grant(row) for row in rows]


def of_person(db: sqlite3.Connection, person: str) -> list[Grant]:
    """Open grants of one person, by account handle."""
    return [_grant(row) for row in db.execute(_OPEN + "g.person = ? ORDER BY a.handle", (person,))]


def once_held(db: sqlite3.Connection, account: str) -> set[str]:
    """Ids of everybody who had a grant on the account that has ended."""
    return {row[0] for row in db.execute("SELECT person FROM grants WHERE account = ? AND ended_at IS NOT NULL", (account,))}


def lost(db: sqlite3.Connection, person: str) -> set[str]:
    """Ids of the accounts on which the person had a grant that has ended, and has none now."""
    rows = db.execute(
        "SELECT account FROM grants WHERE person = :p AND ended_at IS NOT NULL"
        " EXCEPT SELECT account FROM grants WHERE person = :p AND ended_at IS NULL",
        {"p": person},
    )
    return {row[0] for row in rows}


def answers_for(db: sqlite3.Connection, person: str) -> set[str]:
    """Ids of the accounts that the person is custodian or deputy of."""
    rows = db.execute("SELECT id FROM accounts WHERE (custodian = :p OR deputy = :p) AND state = 'active'", {"p": person})
    return {row[0] for row in rows}


def seen(db: sqlite3.Connection, person: str) -> set[tuple[str, int]]:
    """(credential id, version) of everything that the person has had before their eyes: nothing of it is left to hand over."""
    return {(row[0], row[1]) for row in db.execute("SELECT credential, n FROM exposures WHERE person = ? AND strength = 'seen'", (person,))}
