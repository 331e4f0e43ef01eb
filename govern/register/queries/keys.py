"""Questions about keys, invites, and who reads which compartment."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

from govern.errors import NotFound, Refused
from govern.holdings.services import Purpose
from govern.register.connection import state
from govern.register.queries import services

READING_ROLES = ("admin", "hr", "auditor")


class Key(NamedTuple):
    """One enrolled key. `person` is empty for recovery's; `cause` and `revoked_at` where it was revoked."""

    id: str
    person: str
    handle: str
    state: str
    custody: str
    enrolled_at: str
    revoked_at: str
    cause: str


class Invite(NamedTuple):
    """One invite. `key`: id of the key that issued it; `token`: digest, hex."""

    id: str
    person: str
    purpose: str
    token: str
    expires: str
    inviter: str
    key: str
    state: str
    ended: int | None = None
    """Index of the entry that has used, withdrawn, replaced or voided it."""


_KEYS = """
SELECT k.id, coalesce(k.person, ''), coalesce(p.handle, ''), k.state, coalesce(k.custody, ''), coalesce(e.at, ''), coalesce(r.at, ''),
  coalesce(r.cause, '')
FROM keys k LEFT JOIN people p ON p.id = k.person LEFT JOIN entries e ON e.idx = k.entry LEFT JOIN revocations r ON r.key = k.id
"""


def keys(db: sqlite3.Connection) -> list[Key]:
    """All keys there ever were, in the order of their enrolment; recovery's last."""
    rows = db.execute(f"{_KEYS} ORDER BY k.state = 'recovery', k.entry, k.id")
    return [_key(row) for row in rows]


def find(db: sqlite3.Connection, text: str) -> Key:
    """The key whose id begins so; NotFound, or Refused where several do."""
    wanted = text.casefold()
    found = [key for key in keys(db) if len(wanted) >= 4 and key.id.startswith(wanted)]
    if not found:
        raise NotFound(f"there is no key {text[:40]!r}", hint="govern key list")
    if len(found) > 1:
        raise Refused(f"{text[:40]!r} could be {len(found)} keys", rule="ambiguous", hint="type more of it: govern key list")
    return found[0]


def active(db: sqlite3.Connection, person: str) -> list[Key]:
    """The active keys of a person (id)."""
    return [_key(row) for row in db.execute(f"{_KEYS} WHERE k.person = ? AND k.state = 'active' ORDER BY k.entry, k.id", (person,))]


def _key(row: Sequence[str]) -> Key:
    id_, person, handle, state, custody, enrolled_at, revoked_at, cause = row
    return Key(
        id=id_, person=person, handle=handle, state=state, custody=custody, enrolled_at=enrolled_at, revoked_at=revoked_at, cause=cause
    )  # fmt: skip


def open_invites(db: sqlite3.Connection, person: str) -> list[Invite]:
    """Invites of a person (id) that were not used, withdrawn, replaced or voided; they may have expired."""
    rows = db.execute(
        "SELECT id, person, purpose, token, expires, inviter, key, state, ended FROM invites WHERE person = ? AND state = 'open' ORDER BY entry DESC",
        (person,),
    )
    return [_invite(row) for row in rows]


def answerable(db: sqlite3.Connection, inviter: str, today: str) -> list[tuple[str, str, str]]:
    """(id, handle, expiry) of each open invite that this person (id) has issued and that is good on `today`, newest first."""
    return db.execute(
        "SELECT i.id, p.handle, i.expires FROM invites i JOIN people p ON p.id = i.person"
        " WHERE i.inviter = ? AND i.state = 'open' AND i.expires >= ? ORDER BY i.entry DESC",
        (inviter, today),
    ).fetchall()


def invite(db: sqlite3.Connection, id_: str) -> Invite | None:
    row = db.execute(
        "SELECT id, person, purpose, token, expires, inviter, key, state, ended FROM invites WHERE id = ?", (id_,)
    ).fetchone()  # fmt: skip
    return None if row is None else _invite(row)


def _invite(row: Sequence[Any]) -> Invite:
    id_, person, purpose, token, expires, inviter, key, state, ended = row
    return Invite(
        id=id_, person=person, purpose=purpose, token=token, expires=expires, inviter=inviter, key=key, state=state, ended=ended
    )  # fmt: skip


# --- compartments ------------------------------------------------------------------------------------------------------------------


def entitled(db: sqlite3.Connection, person: str, at: str) -> bool:
    """Whether one of the person's roles reads the cases at this time (UTC), or they are a service that makes cuts."""
    rows = db.execute("SELECT role FROM roles WHERE person = ? AND (until IS NULL OR until > ?)", (person, at))
    return any(role in READING_ROLES for (role,) in rows) or services.serves(db, person, Purpose.RUN_DUE, at)


def entitled_keys(db: sqlite3.Connection, at: str) -> list[tuple[str, str, bytes]]:
    """(person, key id, sealing key) of everybody who stays and may read the cases at this time (UTC): the members of `case`."""
    rows = db.execute(
        "SELECT k.person, k.id, k.seal FROM keys k JOIN people p ON p.id = k.person WHERE k.state = 'active' AND NOT p.leaving"
        " AND p.left_on IS NULL ORDER BY k.id"
    ).fetchall()
    people = {person for person, _, _ in rows if entitled(db, person, at)}
    return [(person, key, seal) for person, key, seal in rows if person in people]


def theirs(db: sqlite3.Connection, person: str) -> set[str]:
    """Ids of all keys that a person (id) has or could have: their own, revoked ones too, and those of services whose key they have made."""
    return {row[0] for row in db.execute(_THEIRS, {"person": person})}


_THEIRS: Final = """
SELECT id FROM keys WHERE person = :person
UNION SELECT k.id FROM keys k JOIN sponsors s ON s.what = 'key' AND s.id = k.id JOIN keys b ON b.id = s.signer
  WHERE b.person = :person AND k.person IN (SELECT person FROM services)
"""


def own_compartments(db: sqlite3.Connection, person: str) -> list[str]:
    """Compartments of single cases that a person (id) is to read who reads cases: each after its cut, and before it where a key of theirs
    was given it; never that of the case about them. As far as this member reads them."""
    rows = db.execute(
        """
        SELECT c.compartment FROM cases c WHERE c.compartment IS NOT NULL AND c.person <> :person AND (c.state <> 'open' OR EXISTS (
          SELECT 1 FROM epochs e JOIN epoch_wraps w ON w.epoch = e.id JOIN keys k ON k.id = w.key
          WHERE e.compartment = c.compartment AND k.person = :person))
        ORDER BY c.entry
        """,
        {"person": person},
    )
    return [row[0] for row in rows]


def newest_epoch(db: sqlite3.Connection, compartment: str) -> tuple[str, int]:
    """Id and number of a compartment's newest epoch."""
    row = db.execute("SELECT id, number FROM epochs WHERE compartment = ? ORDER BY number DESC LIMIT 1", (compartment,)).fetchone()
    return str(row[0]), int(row[1])


def compartments(db: sqlite3.Connection) -> list[str]:
    """Ids of all compartments of which this member knows an epoch, in the order of their beginning."""
    return [row[0] for row in db.execute("SELECT compartment FROM epochs GROUP BY compartment ORDER BY min(entry), compartment")]


def links(db: sqlite3.Connection, compartment: str) -> list[tuple[str, str]]:
    """(epoch, the one before) of a compartment, the oldest first."""
    query = "SELECT id, previous FROM epochs WHERE compartment = ? AND previous IS NOT NULL ORDER BY number"
    return db.execute(query, (compartment,)).fetchall()


def readers(db: sqlite3.Connection, compartment: str, *, without: Collection[str] = ()) -> list[tuple[str, bytes]]:
    """(key id, sealing key) of every active key with a wrap of the newest epoch, and recovery's; of `base` every active key. `without` some.

    Never one of the person whom a case is about that has this compartment to itself, nor of a service whose key they have made.
    """
    about = db.execute("SELECT person FROM cases WHERE compartment = ?", (compartment,)).fetchone()
    without = {*without, *(theirs(db, about[0]) if about else ())}
    rows = db.execute(
        """
        SELECT k.id, k.seal FROM keys k WHERE k.state = 'recovery' OR (k.state = 'active'
          AND k.id NOT IN (SELECT value FROM json_each(:without))
          AND (:base OR EXISTS (SELECT 1 FROM epoch_wraps w WHERE w.epoch = :epoch AND w.key = k.id)))
        ORDER BY k.id
        """,
        {
            "epoch": newest_epoch(db, compartment)[0],
            "base": json.loads(state(db, "founding"))["base"] == compartment,
            "without": json.dumps(sorted(without)),
        },
    )
    return [(key, seal) for key, seal in rows]


def read_by(db: sqlite3.Connection, keys: Collection[str]) -> list[str]:
    """Ids of the compartments, as far as this member reads them, whose newest epoch is wrapped to one of these keys."""
    rows = db.execute(
        """
        SELECT DISTINCT e.compartment FROM epochs e JOIN epoch_wraps w ON w.epoch = e.id
        WHERE w.key IN (SELECT value FROM json_each(:keys))
          AND e.number = (SELECT max(number) FROM epochs n WHERE n.compartment = e.compartment)
        ORDER BY e.compartment
        """,
        {"keys": json.dumps(sorted(keys))},
    )
    return [row[0] for row in rows]


def stale(db: sqlite3.Connection, at: str) -> dict[str, list[str]]:
    """Compartment -> keys that have a wrap of its newest epoch and should read no further at this time (UTC): revoked ones, and of the cases,
    embargoed ones included, those of people without a role that reads them."""
    base = json.loads(state(db, "founding"))["base"]
    rows = db.execute(
        """
        SELECT e.compartment, k.id, k.person, k.state FROM epochs e JOIN epoch_wraps w ON w.epoch = e.id JOIN keys k ON k.id = w.key
        WHERE k.state <> 'recovery' AND e.number = (SELECT max(number) FROM epochs n WHERE n.compartment = e.compartment)
        ORDER BY e.compartment, k.id
        """
    ).fetchall()
    found: dict[str, list[str]] = {}
    for compartment, key, person, key_state in rows:
        if key_state == "revoked" or (compartment != base and not entitled(db, person, at)):
            found.setdefault(compartment, []).append(key)
    return found
