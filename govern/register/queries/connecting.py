"""Questions about rotations that a connector has in hand: which one, what was tried, until when to wait, and what can be tried."""

from __future__ import annotations

import json
import sqlite3
from typing import Final, NamedTuple

from govern.rotation.kinds import LABELLED, label
from govern.rotation.probing import Answer


class Hand(NamedTuple):
    """Who has a rotation in hand. `connector` is empty where none has; `by`: id of the credential that helps; `since`: ledger index."""

    connector: str
    by: str
    since: int


def in_hand(db: sqlite3.Connection, rotation: str) -> Hand:
    row = db.execute("SELECT connector, by, connected FROM rotations WHERE id = ?", (rotation,)).fetchone()
    return Hand(row[0] or "", row[1] or "", row[2] or 0) if row else Hand("", "", 0)


def answers(db: sqlite3.Connection, rotation: str) -> dict[int, Answer]:
    """What the platform last said to each version since the connector last set out to change it; silence is no answer."""
    rows = db.execute(
        "SELECT p.n, p.answer FROM probes p JOIN rotations r ON r.id = p.rotation AND p.entry > r.connected"
        " WHERE r.id = ? AND p.answer <> 'inconclusive' ORDER BY p.entry",
        (rotation,),
    )
    return {n: Answer(answer) for n, answer in rows}


def wait_until(db: sqlite3.Connection, account: str, now: str) -> str:
    """The UTC time until which a platform asked us to leave this account (id) alone; empty where that has passed.

    No longer than a day after it was said, and nothing that was said later than now: what an insider writes must not end all rotations.
    """
    row = db.execute(
        "SELECT max(min(p.retry_at, strftime('%Y-%m-%dT%H:%M:%SZ', p.at, '+1 day'))) FROM probes p JOIN rotations r ON r.id = p.rotation"
        " JOIN credentials c ON c.id = r.credential WHERE c.account = :account AND p.at <= :now",
        {"account": account, "now": now},
    ).fetchone()
    return str(row[0]) if row[0] and row[0] > now else ""


def last_of_another(db: sqlite3.Connection, rotation: str, key: str) -> str:
    """When another machine last did something for this rotation by a connector; empty where none has, or this one was at it since."""
    row = db.execute(
        "SELECT e.key, e.at FROM entries e WHERE e.idx = max("
        " coalesce((SELECT connected FROM rotations WHERE id = ?1), -1), coalesce((SELECT max(entry) FROM probes WHERE rotation = ?1), -1))",
        (rotation,),
    ).fetchone()
    return str(row[1]) if row is not None and row[0] != key else ""


_TRYABLE: Final = """
SELECT v.n, v.state FROM versions v WHERE v.credential = :credential AND v.manifest IS NOT NULL
  AND (v.rotation = :rotation OR v.state IN ('current', 'previous'))
  AND EXISTS (SELECT 1 FROM wraps w WHERE w.credential = v.credential AND w.n = v.n AND w.key = :key AND w.ended IS NULL)
ORDER BY v.n DESC
"""


def tryable(db: sqlite3.Connection, credential: str, rotation: str, key: str) -> tuple[list[int], list[int]]:
    """Versions that this key opens: candidates of the rotation, the newest first; then what is current and what was so before."""
    rows = db.execute(_TRYABLE, {"credential": credential, "rotation": rotation, "key": key}).fetchall()
    candidates = [n for n, state in rows if state not in ("current", "previous")]
    others = [n for wanted in ("current", "previous") for n, state in rows if state == wanted]
    return candidates, others


def current(db: sqlite3.Connection, credential: str) -> int:
    """The version that counts now; 0 where none does."""
    row = db.execute("SELECT n FROM versions WHERE credential = ? AND state = 'current'", (credential,)).fetchone()
    return row[0] if row else 0


_LEFT: Final = """
SELECT r.id, a.handle, c.kind FROM rotations r JOIN credentials c ON c.id = r.credential JOIN accounts a ON a.id = c.account
WHERE r.state = 'aborted' AND r.connected IS NOT NULL AND r.cleared IS NULL AND c.kind IN (SELECT value FROM json_each(:kinds))
"""


class Left(NamedTuple):
    """A rotation that was given up after a connector had set out to have a secret issued: one that nobody was told may work on the platform."""

    id: str
    handle: str
    kind: str


def left_behind(db: sqlite3.Connection, rotation: str = "") -> list[Left]:
    """All of them, or the one of this id, until it is known that nothing is there."""
    one = " AND r.id = :id" if rotation else ""
    rows = db.execute(f"{_LEFT}{one} ORDER BY r.entry", {"kinds": json.dumps(sorted(LABELLED)), "id": rotation})
    return [Left(*row) for row in rows]


def issued_under(db: sqlite3.Connection, credential: str) -> str:
    """The label of the rotation that brought what is current; empty where none by a connector did."""
    row = db.execute(
        "SELECT v.rotation FROM versions v JOIN rotations r ON r.id = v.rotation AND r.connector IS NOT NULL"
        " WHERE v.credential = ? AND v.state = 'current'",
        (credential,),
    ).fetchone()
    return label(row[0]) if row else ""
