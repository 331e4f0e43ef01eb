"""Questions about what could be rotated: the credentials of an account, these ones, or all in use, each with what its version in force is.

Knows no rotation; those are asked for in `rotations`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from govern.errors import NotFound


class Rotatable(NamedTuple):
    """A credential that could be rotated. `since`: when it last changed, as far as known; `current`: its version, 0 where none is;
    `imported`: when, where it came with an import and has not changed since."""

    credential: str
    account: str
    handle: str
    platform: str
    tier: str
    kind: str
    kept_in: str
    since: str
    current: int
    place: str
    imported: str


def place_called(kept_in: str, name: str) -> str:
    """What a place is called; one whose name was erased by the beginning of its id."""
    return (name or f"place {kept_in[:4]}") if kept_in else ""


_ROTATABLE: Final = """
SELECT c.id, a.id, a.handle, a.platform, a.tier, c.kind, c.kept_in, coalesce(v.changed_at, v.current_at), v.n, p.name,
  CASE WHEN v.others_unknown THEN v.current_at END
FROM credentials c JOIN accounts a ON a.id = c.account LEFT JOIN places p ON p.id = c.kept_in
  LEFT JOIN versions v ON v.credential = c.id AND v.state = 'current'
"""


def _rotatable(row: Sequence[Any]) -> Rotatable:
    credential, account, handle, platform, tier, kind, kept_in, since, n, place, imported = row
    return Rotatable(
        credential, account, handle, platform, tier, kind, kept_in or "", since or "", n or 0, place_called(kept_in, place) if kept_in else "", imported or "",
    )  # fmt: skip


def of_account(db: sqlite3.Connection, account: str, kind: str = "") -> list[Rotatable]:
    """The credentials of an account (id), or those of one kind, in the order in which they were added."""
    rows = db.execute(_ROTATABLE + "WHERE a.id = ? AND (? = '' OR c.kind = ?) ORDER BY c.entry", (account, kind, kind))
    return [_rotatable(row) for row in rows]


def of_credentials(db: sqlite3.Connection, credentials: Sequence[str]) -> list[Rotatable]:
    """These (ids), in this order; NotFound where one is none."""
    wanted = "WHERE c.id IN (SELECT value FROM json_each(?))"
    rows = db.execute(_ROTATABLE + wanted, (json.dumps(list(credentials)),))
    found = {row[0]: _rotatable(row) for row in rows}
    return [found[credential] if credential in found else of_credential(db, credential) for credential in credentials]


def of_credential(db: sqlite3.Connection, credential: str) -> Rotatable:
    row = db.execute(_ROTATABLE + "WHERE c.id = ?", (credential,)).fetchone()
    if row is None:
        raise NotFound("there is no such credential", hint="govern account list")
    return _rotatable(row)


def of_active(db: sqlite3.Connection) -> list[Rotatable]:
    """Every credential of every account in use, by handle."""
    return [_rotatable(row) for row in db.execute(_ROTATABLE + "WHERE a.state = 'active' ORDER BY a.handle, c.entry")]


def active_among(db: sqlite3.Connection, credentials: Sequence[str]) -> list[Rotatable]:
    """Those of these credentials (ids) whose account is in use, by handle."""
    wanted = "WHERE a.state = 'active' AND c.id IN (SELECT value FROM json_each(?)) ORDER BY a.handle, c.entry"
    return [_rotatable(row) for row in db.execute(_ROTATABLE + wanted, (json.dumps(list(credentials)),))]
