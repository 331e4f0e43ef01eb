"""Secrets that the database lost and only somebody's journal has: remembered on this machine after a refill, and told until they are back.

The list names digests and key ids alone, never an account or a person: those are read from the register when it is told.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from govern.bounded import contents
from govern.holdings.findings import Finding
from govern.vault.custody.files import write_private

if TYPE_CHECKING:
    import sqlite3

    from govern.register.workspace import Workspace

LIST: Final = "lacking"
"""File in the state folder: a JSON list of [manifest digest or epoch id, recipient's key id or nothing], in hex."""

_MOST: Final = 16 << 20
_MOST_TOLD: Final = 500


def remember(home: Path, rows: Sequence[tuple[bytes, bytes]]) -> None:
    """Keep the rows that are lacking now, instead of those of before; raises Failed."""
    if rows or (home / LIST).exists():
        write_private(home / LIST, json.dumps([[one.hex() for one in row] for row in rows]).encode(), f"the list of {LIST}", replace=True)


def findings(workspace: Workspace, db: sqlite3.Connection) -> list[Finding]:
    """What of it the database lacks still, of secrets that have not been replaced since. Costs nothing where nothing was lacking."""
    rows = _remembered(workspace.home)
    if not rows:
        return []
    with workspace.store.reading() as reading:
        gone = [
            (target, key)
            for target, key in rows[:_MOST_TOLD]
            if (reading.wrap(target, key) if key else reading.version(target)) is None
        ]  # fmt: skip
    versions = {target for target, key in gone if not key}
    found: dict[str, Finding] = {}
    for target, key in gone:
        if not (key and target in versions):
            told = _told(db, target.hex(), key.hex())
            if told is not None:
                found[told.key] = told
    return list(found.values())


def _remembered(home: Path) -> list[tuple[bytes, bytes]]:
    """Whatever bytes lie there, what is no such list is none."""
    if not (home / LIST).exists():
        return []
    try:
        return [(bytes.fromhex(target), bytes.fromhex(key)) for target, key in json.loads(contents(home / LIST, _MOST))]
    except (ValueError, TypeError, RecursionError):
        return []


_LIVE: Final = """
SELECT a.handle, c.kind, v.n, v.state = 'current', p.handle
FROM versions v JOIN credentials c ON c.id = v.credential JOIN accounts a ON a.id = c.account AND a.state = 'active'
LEFT JOIN wraps w ON w.credential = v.credential AND w.n = v.n AND w.key = :key AND w.ended IS NULL
LEFT JOIN entries e ON e.idx = CASE WHEN :key = '' THEN v.entry ELSE w.added END LEFT JOIN people p ON p.id = e.actor
WHERE v.manifest = :manifest AND v.ended_at IS NULL AND (:key = '' OR w.added IS NOT NULL)
"""


def _told(db: sqlite3.Connection, target: str, key: str) -> Finding | None:
    """None for what needs no one any more: a version that was replaced, a wrap that was ended."""
    if len(target) == 32:
        row = db.execute(
            "SELECT p.handle FROM epoch_wraps w LEFT JOIN entries e ON e.idx = w.entry LEFT JOIN people p ON p.id = e.actor"
            " WHERE w.epoch = ? AND w.key = ?", (target, key),
        ).fetchone()  # fmt: skip
        if row is None:
            return None
        return _finding(row[0], subject="the ledger", what="a key that reads a part of the ledger", key=f"lacking:{target}", critical=False)
    row = db.execute(_LIVE, {"manifest": target, "key": key}).fetchone()
    if row is None:
        return None
    account, kind, n, current, by = row
    what = f"somebody's way to open version {n} of its {kind}" if key else f"version {n} of its {kind}"
    return _finding(
        by, subject=account, what=what, key=f"lacking:{target[:32]}", critical=bool(current) and not key,
        otherwise=f"govern rotate {account} --kind {kind}",
    )  # fmt: skip


def _finding(by: str | None, *, subject: str, what: str, key: str, critical: bool, otherwise: str = "") -> Finding:
    where = f"the journal of {by}" if by else "the journal of whoever wrote it"
    after = f"; where that is gone: {otherwise}" if otherwise else ""
    return Finding(
        code="secret-lacking", severity="critical" if critical else "warning", subject=subject, key=key,
        message=f"the database lost {what}: it is in {where} alone", command="govern vault restore --refill",
        why=f"on the machine of {by or 'whoever wrote it'}{after}",
    )  # fmt: skip
