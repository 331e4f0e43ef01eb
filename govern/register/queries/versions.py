"""Questions about versions of secrets: which is current, which are live, who can open them. Knows digests, no secret."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from govern.errors import NotFound, Refused


class Version(NamedTuple):
    """One version. `manifest`: 64 hex digits, empty where the secret is kept outside; `place`: the name of where, empty when sealed here."""

    account: str
    handle: str
    credential: str
    kind: str
    n: int
    state: str
    manifest: str
    place: str


_ALL = """
SELECT c.account, a.handle, v.credential, c.kind, v.n, v.state, v.manifest, coalesce(p.name, CASE WHEN c.kept_in IS NULL THEN '' ELSE 'a place' END)
FROM credentials c JOIN versions v ON v.credential = c.id JOIN accounts a ON a.id = c.account LEFT JOIN places p ON p.id = c.kept_in
WHERE c.account IN (SELECT value FROM json_each(?)) AND v.ended_at IS NULL AND v.state {}
ORDER BY a.handle, c.kind, c.entry, v.n
"""


def _versions(db: sqlite3.Connection, accounts: Sequence[str], states: str) -> list[Version]:
    rows = db.execute(_ALL.format(states), (json.dumps(list(accounts)),))
    return [
        Version(account=row[0], handle=row[1], credential=row[2], kind=row[3], n=row[4], state=row[5], manifest=row[6] or "", place=row[7])
        for row in rows
    ]


def live(db: sqlite3.Connection, accounts: Sequence[str]) -> list[Version]:
    """Current versions and candidates of these accounts (ids): everything that works, or may yet."""
    return _versions(db, accounts, "<> 'rejected'")


def current(db: sqlite3.Connection, accounts: Sequence[str]) -> list[Version]:
    """The current versions of these accounts (ids)."""
    return _versions(db, accounts, "= 'current'")


def the(db: sqlite3.Connection, account: str, handle: str, kind: str, credential: str = "") -> Version:
    """The sealed current version of this kind; where an account has several such credentials, of the one whose id begins with `credential`.

    NotFound says where it is kept, or which kinds there are; Refused which ids there are to choose from.
    """
    found = [version for version in current(db, [account]) if version.kind == kind]
    if found and credential:
        found = [version for version in found if version.credential.startswith(credential.strip().casefold())]
        if not found:
            raise NotFound(f"{handle} has no {kind} whose id begins with {credential[:40]!r}", hint=f"govern credential list {handle}")
    sealed = [version for version in found if version.manifest]
    if len(sealed) > 1:
        choices = " or ".join(f"--credential {version.credential[:8]}" for version in sealed[:4])
        raise Refused(f"{handle} has {len(sealed)} credentials of the kind {kind}", rule="ambiguous", hint=f"say which: {choices}")
    if sealed:
        return sealed[0]
    if found and db.execute("SELECT 1 FROM accounts WHERE id = ? AND erased", (account,)).fetchone():
        raise NotFound(f"the {kind} of {handle} was erased: the account was handed back", hint=f"govern account show {handle}")
    if found:
        where = f"it is kept in {found[0].place}" if found[0].place else "it is kept elsewhere"
        raise NotFound(f"the {kind} of {handle} is not in this vault: {where}", hint=f"govern credential list {handle}")
    kinds = sorted({version.kind for version in current(db, [account])})
    add = f"govern credential add {handle} --kind {kind}"
    there = f"it has {', '.join(kinds)} (--kind); to add one: {add}" if kinds and kind != "totp" else add
    raise NotFound(f"{handle} has no {kind}", hint=there)


def openers(
    db: sqlite3.Connection, accounts: Sequence[str], *, without: tuple[str, Collection[str]] = ("", ())
) -> dict[tuple[str, str, int], int]:
    """(account id, kind, version) of every live sealed version -> how many people besides recovery can open it.

    `without` leaves one person (id) out on those accounts (ids): what it would be if their wraps there had ended.
    """
    rows = db.execute(
        """
        SELECT c.account, c.kind, v.n, count(DISTINCT k.person) FROM credentials c JOIN versions v ON v.credential = c.id
        LEFT JOIN wraps w ON w.credential = v.credential AND w.n = v.n AND w.ended IS NULL
        LEFT JOIN keys k ON k.id = w.key AND k.state = 'active' AND k.person NOT IN (SELECT person FROM services)
          AND NOT (k.person = :person AND c.account IN (SELECT value FROM json_each(:cut)))
        WHERE c.account IN (SELECT value FROM json_each(:accounts)) AND v.manifest IS NOT NULL AND v.ended_at IS NULL AND v.state <> 'rejected'
        GROUP BY c.account, c.id, v.n
        """,
        {"accounts": json.dumps(list(accounts)), "person": without[0], "cut": json.dumps(list(without[1]))},
    )
    return {(row[0], row[1], row[2]): row[3] for row in rows}


def sealed_to(db: sqlite3.Connection, person: str, accounts: Sequence[str]) -> set[str]:
    """Which of these accounts (ids) have a version, of whatever age, that is sealed to a key of the person."""
    rows = db.execute(
        "SELECT DISTINCT c.account FROM keys k JOIN wraps w ON w.key = k.id AND w.ended IS NULL JOIN credentials c ON c.id = w.credential"
        " WHERE k.person = ? AND c.account IN (SELECT value FROM json_each(?))",
        (person, json.dumps(list(accounts))),
    )
    return {row[0] for row in rows}


def open_rotation(db: sqlite3.Connection, credential: str) -> str:
    """The id of the credential's open rotation once it has a candidate; empty where there is none."""
    row = db.execute(
        "SELECT id FROM rotations WHERE credential = ? AND ended_at IS NULL AND candidate IS NOT NULL", (credential,)
    ).fetchone()
    return row[0] if row else ""


class Last(NamedTuple):
    """A secret in force that these keys alone can open. `changing`: a rotation of it is open."""

    credential: str
    tier: str
    handle: str
    kind: str
    changing: bool


_LAST: Final = """
SELECT DISTINCT c.id, a.tier, a.handle, c.kind, EXISTS (SELECT 1 FROM rotations r WHERE r.credential = c.id AND r.ended_at IS NULL)
FROM wraps w JOIN versions v ON v.credential = w.credential AND v.n = w.n AND v.ended_at IS NULL AND v.state <> 'rejected'
JOIN credentials c ON c.id = w.credential JOIN accounts a ON a.id = c.account AND a.state = 'active'
WHERE w.ended IS NULL AND w.key IN (SELECT value FROM json_each(?1)) AND NOT EXISTS (
  SELECT 1 FROM wraps o JOIN keys k ON k.id = o.key AND k.state IN ('active', 'recovery')
  WHERE o.credential = w.credential AND o.n = w.n AND o.ended IS NULL AND o.key NOT IN (SELECT value FROM json_each(?1)))
ORDER BY a.handle, c.kind, c.id
"""


def only_for(db: sqlite3.Connection, keys: Sequence[str]) -> list[Last]:
    """Secrets in force, of accounts in use, that no key but these (hex ids) can open: no other that is active, and not recovery."""
    return [Last._make((*row[:4], bool(row[4]))) for row in db.execute(_LAST, (json.dumps(list(keys)),))]
