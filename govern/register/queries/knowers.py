"""Questions about who could know a version, and which holders have not been given it.

Knows people by id alone, and nothing of why a version is asked about.
"""

from __future__ import annotations

import sqlite3

from govern.holdings.handing_over import NOT_HANDED


def knowers(db: sqlite3.Connection, credential: str, n: int) -> list[str]:
    """Ids (or `others-unknown`) of everybody who could know a version."""
    return [
        row[0]
        for row in db.execute("SELECT DISTINCT person FROM exposures WHERE credential = ? AND n = ? ORDER BY person", (credential, n))
    ]


def gone(db: sqlite3.Connection, credential: str, n: int) -> list[str]:
    """Ids of those who could know a version and are leaving or have left."""
    rows = db.execute(
        "SELECT DISTINCT e.person FROM exposures e JOIN people p ON p.id = e.person WHERE e.credential = ? AND e.n = ?"
        " AND (p.leaving OR p.left_on IS NOT NULL) ORDER BY e.person",
        (credential, n),
    )
    return [row[0] for row in rows]


def outside(db: sqlite3.Connection, account: str, credential: str, kind: str, n: int) -> list[str]:
    """Ids of holders who, of a secret that is kept elsewhere, could not know this version: the place has to be opened to them."""
    rows = db.execute(
        """
        SELECT DISTINCT g.person FROM grants g JOIN people p ON p.id = g.person
        WHERE g.account = :account AND g.ended_at IS NULL AND NOT p.leaving AND p.left_on IS NULL
          AND (g.kinds IS NULL OR EXISTS (SELECT 1 FROM json_each(g.kinds) WHERE value = :kind))
          AND NOT EXISTS (SELECT 1 FROM exposures e WHERE e.person = g.person AND e.credential = :credential AND e.n = :n)
        ORDER BY p.handle
        """,
        {"account": account, "credential": credential, "kind": kind, "n": n},
    )
    return [row[0] for row in rows]


def waiting(db: sqlite3.Connection, account: str, credential: str, kind: str, n: int) -> list[str]:
    """Ids of holders without keys who have not been given this version: the hand-overs that are due."""
    if kind in NOT_HANDED:
        return []
    rows = db.execute(
        """
        SELECT DISTINCT g.person FROM grants g JOIN people p ON p.id = g.person
        WHERE g.account = :account AND g.ended_at IS NULL AND NOT p.leaving AND p.left_on IS NULL
          AND (g.kinds IS NULL OR EXISTS (SELECT 1 FROM json_each(g.kinds) WHERE value = :kind))
          AND NOT EXISTS (SELECT 1 FROM keys k WHERE k.person = g.person AND k.state = 'active')
          AND NOT EXISTS (SELECT 1 FROM exposures e WHERE e.person = g.person AND e.credential = :credential AND e.n = :n AND e.strength = 'seen')
        ORDER BY p.handle
        """,
        {"account": account, "credential": credential, "kind": kind, "n": n},
    )
    return [row[0] for row in rows]
