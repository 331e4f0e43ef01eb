"""Questions about backup codes: which of a set are spent, how many are left, and which sets run out."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from govern.holdings.findings import Finding
from govern.policy.rules import Policy
from govern.rotation.kinds import FEW_CODES


def spent(db: sqlite3.Connection, credential: str, n: int) -> set[int]:
    """Places (from 1) of the codes of a version that were shown already."""
    return {ordinal for (ordinal,) in db.execute("SELECT ordinal FROM spent WHERE credential = ? AND n = ?", (credential, n))}


def left(db: sqlite3.Connection, credential: str, n: int) -> int | None:
    """How many codes of a version were left after the last use; None before the first, since only an opened set can be counted."""
    row = db.execute("SELECT min(remaining) FROM spent WHERE credential = ? AND n = ?", (credential, n)).fetchone()
    return None if row[0] is None else int(row[0])


def findings(db: sqlite3.Connection, _policy: Policy, _today: str) -> Iterator[Finding]:
    """Sets in use with few codes left."""
    rows = db.execute(
        """
        SELECT a.handle, c.id, min(s.remaining) AS few FROM spent s JOIN versions v ON v.credential = s.credential AND v.n = s.n AND v.state = 'current'
        JOIN credentials c ON c.id = s.credential JOIN accounts a ON a.id = c.account AND a.state = 'active'
        GROUP BY c.id HAVING few <= ? ORDER BY few, a.handle
        """,
        (FEW_CODES,),
    )
    for account, credential, count in rows:
        told = "no backup code is" if not count else "one backup code is" if count == 1 else f"{count} backup codes are"
        yield Finding(
            code="codes-few", severity="warning", subject=account, message=f"{told} left", key=f"codes:{credential}",
            command=f"govern rotate {account} --kind backup-codes", why="get new ones while somebody is logged in",
        )  # fmt: skip
