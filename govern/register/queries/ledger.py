"""Questions about the ledger as it was replayed: entries, findings, head."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from govern.register.connection import state


@dataclass(frozen=True, slots=True)
class Line:
    """One entry: `type` is `void` where it was judged so, `sealed` where this member does not read its compartment.

    `actor`: id of the person who signed it, or of the recovery key; empty where this member can't tell.
    """

    index: int
    at: str
    type: str
    actor: str
    key: str


def entries(db: sqlite3.Connection, since: int) -> list[Line]:
    rows = db.execute(
        "SELECT e.idx, e.at, e.type, coalesce(e.actor, k.person, e.key), e.key FROM entries e LEFT JOIN keys k ON k.id = e.key"
        " WHERE e.idx >= ? ORDER BY e.idx", (since,),
    )  # fmt: skip
    return [Line(index, at or "", type_, actor or "", key or "") for index, at, type_, actor, key in rows]


def findings(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """What replay found against signers: void entries and odd times, as `ledger verify --json` gives them."""
    rows = db.execute("SELECT entry, code, signer, message FROM findings ORDER BY entry, code")
    return [{"index": index, "code": code, "expected": "", "found": message, "signer": signer} for index, code, signer, message in rows]


def head(db: sqlite3.Connection) -> tuple[int, str]:
    """Size and root (hex), as the newest checkpoint states them."""
    import base64

    note = state(db, "note") or b""
    lines = note.split(b"\n")
    return int(lines[1]), base64.b64decode(lines[2]).hex()
