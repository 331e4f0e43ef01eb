"""Questions about ways into accounts that were ended by a connector, or that somebody set out to end."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple


class Ending(NamedTuple):
    """One way that somebody set out to end. `gone`: whether the platform lists it no longer, None where that was not seen yet."""

    id: str
    kind: str
    name: str
    ref: str
    actor: str
    at: str
    gone: bool | None


def of_account(db: sqlite3.Connection, account: str) -> list[Ending]:
    """All of an account (id), the newest first."""
    rows = db.execute(
        "SELECT id, kind, coalesce(name, ''), coalesce(ref, ''), actor, at, gone FROM ways WHERE account = ? ORDER BY entry DESC",
        (account,),
    )
    return [
        Ending(id=id_, kind=kind, name=name, ref=ref, actor=actor, at=at, gone=None if gone is None else bool(gone))
        for id_, kind, name, ref, actor, at, gone in rows
    ]
