"""Questions that an import and an export ask: which accounts are here, what lies in them, which exports still lie open on this machine."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple


class Row(NamedTuple):
    """One account as an import compares it. `state`: active or retired."""

    id: str
    handle: str
    platform: str
    login: str
    url: str
    title: str
    department: str
    state: str


class Held(NamedTuple):
    """One credential with its current version. `manifest`: 64 hex digits, empty where the secret is kept outside; n 0: no version."""

    id: str
    kind: str
    n: int
    manifest: str


class Sealed(NamedTuple):
    """One current version of the vault, as an export meets it. `opens`: it is sealed to the key that was asked about."""

    account: str
    credential: str
    kind: str
    n: int
    manifest: str
    opens: bool


class LyingExport(NamedTuple):
    """A file with secrets in the clear that was imported, or that `govern export` wrote, and that still lies on this machine."""

    entry: int
    path: str
    ours: bool
    at: str
    recorder: str
    """Id of the member who recorded it: of what others recorded this machine knows a path alone, which may be any file's."""


def accounts(db: sqlite3.Connection) -> Iterator[Row]:
    """Every account, retired ones last, the older ones first."""
    query = "SELECT id, handle, platform, login, url, title, department, state FROM accounts ORDER BY state = 'retired', entry"
    for id_, handle, platform, login, url, title, department, state in db.execute(query):
        yield Row(
            id=id_, handle=handle, platform=platform, login=login or "", url=url or "", title=title or "", department=department or "",
            state=state,
        )  # fmt: skip


def credentials(db: sqlite3.Connection, account: str) -> list[Held]:
    """The credentials of one account (id), the older ones first."""
    rows = db.execute(
        "SELECT c.id, c.kind, v.n, v.manifest FROM credentials c LEFT JOIN versions v ON v.credential = c.id AND v.state = 'current'"
        " WHERE c.account = ? ORDER BY c.entry",
        (account,),
    )
    return [Held(id=id_, kind=kind, n=n or 0, manifest=manifest or "") for id_, kind, n, manifest in rows]


def last_version(db: sqlite3.Connection, credential: str) -> int:
    """Number of the credential's newest version, whatever became of it; 0 where it has none."""
    return int(db.execute("SELECT coalesce(max(n), 0) FROM versions WHERE credential = ?", (credential,)).fetchone()[0])


def is_declared(db: sqlite3.Connection, credential: str, n: int, person: str) -> bool:
    """Whether the person was declared to know this very version."""
    query = "SELECT 1 FROM exposures WHERE person = ? AND credential = ? AND n = ? AND basis = 'declared'"
    return db.execute(query, (person, credential, n)).fetchone() is not None


def place(db: sqlite3.Connection, kind: str, name: str) -> str:
    """Id of the first place of that kind and name, empty where there is none."""
    row = db.execute("SELECT id FROM places WHERE kind = ? AND name = ? ORDER BY entry LIMIT 1", (kind, name)).fetchone()
    return str(row[0]) if row else ""


def currents(db: sqlite3.Connection, key: str) -> Iterator[Sealed]:
    """Every current version, by the handle of its account; `key` is the hex id of the key that is to open it."""
    rows = db.execute(
        "SELECT c.account, c.id, c.kind, v.n, v.manifest,"
        " EXISTS (SELECT 1 FROM wraps w WHERE w.credential = v.credential AND w.n = v.n AND w.key = ? AND w.ended IS NULL)"
        " FROM accounts a JOIN credentials c ON c.account = a.id JOIN versions v ON v.credential = c.id AND v.state = 'current'"
        " ORDER BY a.handle, c.entry",
        (key,),
    )
    for account, credential, kind, n, manifest, opens in rows:
        yield Sealed(account=account, credential=credential, kind=kind, n=n, manifest=manifest or "", opens=bool(opens))


def opens(db: sqlite3.Connection, held: Held, key: str) -> bool:
    """Whether the credential's current version is sealed to the key (hex id)."""
    query = "SELECT 1 FROM wraps WHERE credential = ? AND n = ? AND key = ? AND ended IS NULL"
    return db.execute(query, (held.id, held.n, key)).fetchone() is not None


def with_open_rotation(db: sqlite3.Connection, credentials: Sequence[str]) -> set[str]:
    """Which of these credentials (ids) have a rotation under way."""
    rows = db.execute(
        "SELECT credential FROM rotations WHERE ended_at IS NULL AND credential IN (SELECT value FROM json_each(?))",
        (json.dumps(list(credentials)),),
    )
    return {credential for (credential,) in rows}


def lying_exports(db: sqlite3.Connection) -> list[LyingExport]:
    """Files that hold secrets in the clear and are still there, once for each who recorded them. Asks this machine's file system for each."""
    rows = db.execute(
        "SELECT max(f.entry), f.path, max(f.ours), max(f.at), e.actor FROM ("
        " SELECT entry, path, 0 AS ours, at FROM imports WHERE sealed = 0 UNION ALL SELECT entry, path, 1, at FROM exports) f"
        " JOIN entries e ON e.idx = f.entry WHERE f.path IS NOT NULL GROUP BY f.path, e.actor ORDER BY 1"
    )
    return [
        LyingExport(entry=entry, path=path, ours=bool(ours), at=at, recorder=recorder)
        for entry, path, ours, at, recorder in rows.fetchall()
        if _is_there(path)
    ]


def _is_there(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False
