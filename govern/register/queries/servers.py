"""Whether a connector may send secrets to the server that an account's url names, or somebody has to say first that it is theirs.

Asked by the procedure, and by the projection of `rotation.connected` in every replay. Who set the url and where a rotation was carried out
stands in bodies of facts; the url itself is personal, and decides nothing here.
"""

from __future__ import annotations

import sqlite3
from typing import Final, NamedTuple


class Doubt(NamedTuple):
    """Why a server is not known to be the account's own. `setter`: id of whoever set the url and leaves, or is the one that this rotation is to
    clear; else `before`: the server at which a rotation was carried out last."""

    setter: str = ""
    before: str = ""


_BEFORE: Final = """
SELECT r.server, r.connected FROM rotations r JOIN credentials c ON c.id = r.credential
WHERE c.account = :account AND r.server IS NOT NULL AND (r.state = 'done' OR r.id = :rotation)
ORDER BY r.connected DESC LIMIT 1
"""

_SETTERS: Final = """
SELECT s.person, s.entry FROM url_setters s WHERE s.account = :account
UNION ALL
SELECT e.actor, e.idx FROM accounts a JOIN entries e ON e.idx = a.entry
WHERE a.id = :account AND NOT EXISTS (SELECT 1 FROM url_setters WHERE account = :account)
"""

_GOES: Final = """
SELECT 1 FROM people p WHERE p.id = :person AND (p.leaving OR p.left_on IS NOT NULL
  OR p.id = (SELECT person FROM rotations WHERE id = :rotation))
"""

_CONFIRMED: Final = """
SELECT person FROM servers WHERE account = :account AND server = :server AND entry > :since
"""


def _goes(db: sqlite3.Connection, rotation: str, person: str) -> bool:
    return db.execute(_GOES, {"person": person, "rotation": rotation}).fetchone() is not None


def may_confirm(db: sqlite3.Connection, rotation: str, person: str) -> bool:
    """Whether the word of this person (id) counts for a server: of nobody who leaves or whom the rotation is to clear, and of no service."""
    return not _goes(db, rotation, person) and db.execute("SELECT 1 FROM services WHERE person = ?", (person,)).fetchone() is None


def doubt(db: sqlite3.Connection, *, account: str, rotation: str, server: str, subjects: frozenset[str] = frozenset()) -> Doubt | None:
    """Why this server of an account (id) is in doubt for a rotation (id), or None.

    `subjects`: people (ids) who are taken for leavers besides, since the reader knows a case about them.
    """
    about = {"account": account, "rotation": rotation, "server": server}

    def goes(person: str) -> bool:
        return person in subjects or _goes(db, rotation, person)

    def confirmed(since: int) -> bool:
        said = db.execute(_CONFIRMED, {**about, "since": since}).fetchall()
        return any(person not in subjects and may_confirm(db, rotation, person) for (person,) in said)

    before = db.execute(_BEFORE, about).fetchone()
    if before is not None and before[0] != server and not confirmed(before[1]):
        return Doubt(before=before[0])
    for person, entry in db.execute(_SETTERS, about).fetchall():
        if goes(person) and not confirmed(entry):
            return Doubt(setter=person)
    return None


def names_one(db: sqlite3.Connection, account: str) -> bool:
    """Whether a connector has named the server of this account (id) before: from then on each does."""
    query = "SELECT 1 FROM rotations r JOIN credentials c ON c.id = r.credential WHERE c.account = ? AND r.server IS NOT NULL LIMIT 1"
    return db.execute(query, (account,)).fetchone() is not None


def last(db: sqlite3.Connection, rotation: str) -> str:
    """The server at which a connector last had this rotation in hand; empty where none had, or did not say."""
    row = db.execute("SELECT server FROM rotations WHERE id = ?", (rotation,)).fetchone()
    return str(row[0] or "") if row else ""
