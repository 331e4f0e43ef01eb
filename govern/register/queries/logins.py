"""Accounts that have one login between them, since their platforms share it: what is changed on one is changed on all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from govern.register.queries.accounts import Account, by_id


def same_login(db: sqlite3.Connection, account: Account, platforms: Sequence[str]) -> list[Account]:
    """Accounts in use on one of these platforms whose login is that of the account, by handle."""
    wanted = _plain(account.login)
    if not wanted:
        return []
    found = [
        id_
        for platform in platforms
        for id_, login in db.execute("SELECT id, login FROM accounts WHERE platform = ? AND state = 'active'", (platform,))
        if id_ != account.id and _plain(login or "") == wanted
    ]
    return sorted((by_id(db, id_) for id_ in found), key=lambda one: one.handle)


class Stale(NamedTuple):
    """A credential whose login was changed elsewhere since. `day`: when (ISO date), on the account `by`."""

    account: str
    credential: str
    kind: str
    by: str
    day: str


def stale(db: sqlite3.Connection, pairs: Iterable[tuple[str, str]]) -> Iterator[Stale]:
    """Credentials on the first platform of a pair whose login has been rotated on the second since they last changed: on a later day, or on the same
    one by a later entry. What somebody says to have changed that day may be that very rotation, recorded once more: it makes nothing stale that was
    itself rotated then."""
    for here, there in pairs:
        yield from (
            Stale(*row)
            for row in db.execute(
                """
                SELECT a.handle, c.id, c.kind, b.handle, substr(w.changed, 1, 10) AS day
                FROM accounts a JOIN accounts b ON b.platform = ? AND b.state = 'active' AND ltrim(lower(b.login), '@') = ltrim(lower(a.login), '@')
                JOIN credentials c ON c.account = a.id JOIN credentials d ON d.account = b.id AND d.kind = c.kind
                JOIN versions v ON v.credential = c.id AND v.state = 'current'
                JOIN (SELECT credential, rotation, coalesce(changed_at, current_at) AS changed FROM versions
                  WHERE state = 'current' AND rotation IS NOT NULL) w ON w.credential = d.id
                JOIN rotations r ON r.id = w.rotation LEFT JOIN rotations own ON own.id = v.rotation
                WHERE a.platform = ? AND a.state = 'active' AND a.login <> ''
                  AND (substr(coalesce(v.changed_at, v.current_at), 1, 10) < day OR (substr(coalesce(v.changed_at, v.current_at), 1, 10) = day
                    AND coalesce(own.ended_entry, v.entry) < r.ended_entry AND (v.rotation IS NULL OR r.grade <> 'claimed')))
                ORDER BY a.handle, c.kind
                """,
                (there, here),
            )
        )


def _plain(login: str) -> str:
    return login.strip().casefold().removeprefix("@")
