"""Which entries of the ledger bear out what is said of a departure: by item, index for index. Reads the register alone, and opens no entry.

What only an event says (of which case an entry is, which grants one ended) is left to whoever opens it: of these the entries that may be it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from govern.offboarding import beside
from govern.offboarding.items import ItemKind
from govern.register.queries import proven, scopes
from govern.register.queries.cases import Case, Entry


class Known(NamedTuple):
    """By what the person could know a version; `entry` is None where the entry counts for nothing, and made them exposed all the same."""

    basis: str
    entry: int | None


class Revoked(NamedTuple):
    """The last of the person's grants on the account that ended; `ends`: entries of which one ended it."""

    grant: str
    issued: int
    ends: tuple[int, ...]


class Rotated(NamedTuple):
    """The first rotation by somebody else that left nothing of the version. `staged`: where it says when the platform was changed, else None."""

    confirmed: int
    opened: int
    staged: int | None


class Cited(NamedTuple):
    """Of one item. `ended` is the entry about a role, tool, device, or where codes go, that ended it; `key` the end of the key it is about."""

    account: int | None
    credential: int | None
    known: tuple[Known, ...]
    revoked: Revoked | None
    rotated: Rotated | None
    ended: int | None
    key: int | None


def of_case(db: sqlite3.Connection, case: Case) -> list[int]:
    """Entries of the case's compartment from its opening on that count: its own, and where it is in that of all cases those of others too."""
    rows = db.execute(
        "SELECT idx FROM entries WHERE idx >= ?1 AND type LIKE 'case.%' AND compartment = (SELECT compartment FROM entries WHERE idx = ?1) ORDER BY idx",
        (case.entry,),
    )
    return [index for (index,) in rows]


def of_items(db: sqlite3.Connection, case: Case, entries: Iterable[Entry]) -> dict[str, Cited]:
    """By id of the item."""
    scope = scopes.of_case(db, case.id)
    ends: dict[str, list[int]] = {}
    for index, at in db.execute("SELECT idx, at FROM entries WHERE type = 'grant.ended' ORDER BY idx"):
        ends.setdefault(at, []).append(index)

    def one(query: str, *values: object) -> int | None:
        row = db.execute(query, values).fetchone()
        return None if row is None else int(row[0])

    found = {}
    for entry in entries:
        item = entry.item
        rotated = item.kind is ItemKind.ROTATE
        by = proven.ended_by(db, item.credential, item.version, case.person, scope) if rotated else None
        confirmed = by[2] if by else _of_type(db, entry.cites, "rotation.confirmed") if item.kind is ItemKind.RECOVERY_CHANNEL else None
        found[entry.id] = Cited(
            account=one("SELECT entry FROM accounts WHERE id = ?", item.account),
            credential=one("SELECT entry FROM credentials WHERE id = ?", item.credential),
            known=_known(db, case.person, entry) if rotated else (),
            revoked=_revoked(db, case.person, item.account, ends) if item.kind in (ItemKind.ROTATE, ItemKind.END_GRANT) else None,
            rotated=_rotated(db, item.credential, confirmed) if confirmed is not None else None,
            ended=_of_type(db, entry.cites, "%.%") if item.kind in beside.KINDS and confirmed is None else None,
            key=one("SELECT entry FROM revocations WHERE key = ?", item.about) if item.kind is ItemKind.REVOKE_KEY else None,
        )
    return found


def _of_type(db: sqlite3.Connection, index: int | None, type_: str) -> int | None:
    """The index where its entry counts and is of this type (`%` for any)."""
    row = db.execute("SELECT idx FROM entries WHERE idx = ? AND type LIKE ?", (index, type_)).fetchone()
    return None if row is None else int(row[0])


def _known(db: sqlite3.Connection, person: str, entry: Entry) -> tuple[Known, ...]:
    rows = db.execute(
        "SELECT x.basis, iif(e.type IN ('void', 'sealed'), NULL, x.entry) FROM exposures x LEFT JOIN entries e ON e.idx = x.entry"
        " WHERE x.person = ? AND x.credential = ? AND x.n = ? ORDER BY x.entry, x.basis",
        (person, entry.item.credential, entry.item.version),
    )
    return tuple(Known(basis, index) for basis, index in rows)


def _revoked(db: sqlite3.Connection, person: str, account: str, ends: Mapping[str, Sequence[int]]) -> Revoked | None:
    row = db.execute(
        "SELECT id, entry, ended_at FROM grants WHERE person = ? AND account = ? AND ended_at IS NOT NULL ORDER BY ended_at DESC, entry DESC LIMIT 1",
        (person, account),
    ).fetchone()
    return None if row is None else Revoked(row[0], row[1], tuple(index for index in ends.get(row[2], ()) if index > row[1]))


def _rotated(db: sqlite3.Connection, credential: str, confirmed: int) -> Rotated | None:
    row = db.execute(
        "SELECT r.entry, iif(v.changed_at IS NULL, NULL, v.entry) FROM rotations r"
        " LEFT JOIN versions v ON v.credential = r.credential AND v.n = r.candidate WHERE r.credential = ? AND r.ended_entry = ?",
        (credential, confirmed),
    ).fetchone()
    return None if row is None else Rotated(confirmed, row[0], row[1])
