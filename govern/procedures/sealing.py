"""Sealing a version to its recipients, opening one, and adding or ending wraps: the steps that several procedures share.

Recipients come only from the register. What is put here is named by a fact that the caller records in the same transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from govern.errors import IntegrityError, Locked, NotFound
from govern.register.transaction import Transaction
from govern.vault import seal as seal_of
from govern.vault.chance import ahead
from govern.vault.keys import Recipient
from govern.vault.seal import (
    Context,
    DataKey,
    SealedVersion,
    seal_version,
    set_digest,
    unwrap_version,
    wrap_digest,
    wrap_digests,
    wrap_each,
    wrap_version,
)

AT_ONCE: Final = 500
"""Versions or wraps that are asked for together."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One sealed version as the register knows it: what it takes to open it."""

    account: str
    credential: str
    kind: str
    n: int
    manifest: bytes

    def context(self, vault: bytes) -> Context:
        return Context(vault, bytes.fromhex(self.account), bytes.fromhex(self.credential), self.kind, self.n)


def recipients(db: sqlite3.Connection, account: str, *also: str, kind: str = "") -> list[Recipient]:
    """Keys that a version of this account is sealed to: its holders', custodian's and deputy's active keys, recovery's, and `also` (person ids).

    `kind` is the credential's: whoever holds only some kinds is no recipient of the others (of any, where none is named).
    """
    rows = db.execute(
        """
        SELECT id, seal FROM keys WHERE state = 'recovery' OR (state = 'active' AND person IN (
          SELECT custodian FROM accounts WHERE id = :account UNION SELECT deputy FROM accounts WHERE id = :account
          UNION SELECT person FROM grants WHERE account = :account AND ended_at IS NULL
            AND (kinds IS NULL OR EXISTS (SELECT 1 FROM json_each(kinds) WHERE value = :kind))
          UNION SELECT value FROM json_each(:also)))
        ORDER BY id
        """,
        {"account": account, "also": json.dumps(also), "kind": kind},
    ).fetchall()
    return [Recipient(bytes.fromhex(key), public) for key, public in rows]


def seal(tx: Transaction, context: Context, fields: Mapping[str, Any], to: Sequence[Recipient]) -> dict[str, Any]:
    """Seal `fields` once, wrap to each recipient, put both; the fields of the `version.staged` body that name them."""
    [manifest], wraps = seal_all(tx, [(context, fields)], to)
    return {"manifest": manifest, "recipients": keys_of(to), "wraps": wraps}


def seal_all(tx: Transaction, versions: Sequence[tuple[Context, Mapping[str, Any]]], to: Sequence[Recipient]) -> tuple[list[str], str]:
    """The same for a fact of several versions: their manifest digests in order, and the digest of all of their wraps (hex)."""
    random = ahead(tx.workspace.random, seal_of.CHANCE * len(versions))
    sealed = [(context, *seal_version(context, fields, random=random)) for context, fields in versions]
    wraps = wrap_each(sealed, to)
    tx.put([(version.digest, version.commitment, version.sealed) for _, version, _ in sealed], wraps)
    return [version.digest.hex() for _, version, _ in sealed], set_digest(wrap_digests(wraps)).hex()


def keys_of(to: Sequence[Recipient]) -> list[str]:
    """As an event names them."""
    return sorted(recipient.key.hex() for recipient in to)


def stored(db: sqlite3.Connection, credential: str, n: int) -> Stored:
    """What the register knows of a sealed version; NotFound where its secret is kept elsewhere."""
    row = db.execute(
        "SELECT c.account, c.kind, v.manifest FROM versions v JOIN credentials c ON c.id = v.credential WHERE v.credential = ? AND v.n = ?",
        (credential, n),
    ).fetchone()
    if row is None or row[2] is None:
        raise NotFound("the secret is not kept in this vault", hint="govern credential list ACCOUNT says where it is kept")
    return Stored(row[0], credential, row[1], n, bytes.fromhex(row[2]))


def open_fields(tx: Transaction, version: Stored) -> dict[str, Any]:
    """Fetch, check and open a version with this member's key. Locked without a wrap; IntegrityError for anything altered."""
    return open_with_key(tx, version)[0]


def open_with_key(tx: Transaction, version: Stored) -> tuple[dict[str, Any], DataKey]:
    """The same, and the version's data key."""
    sealed, wrapped = _fetch(tx, version)
    return seal_of.open_with_key(sealed, version.context(tx.workspace.vault), tx.workspace.keys, wrapped, expected=version.manifest)


def _fetch(tx: Transaction, version: Stored) -> tuple[SealedVersion, bytes]:
    found = tx.read_version(version.manifest)
    if found is None:
        raise IntegrityError(
            f"version {version.n} of this {version.kind} is gone from the store", code="missing", hint="govern vault restore --from-journal"
        )
    own = tx.workspace.keys.id
    wrapped = tx.read_wrap(version.manifest, own)
    if wrapped is None:
        live = tx.register.execute(
            "SELECT 1 FROM wraps WHERE credential = ? AND n = ? AND key = ? AND ended IS NULL", (version.credential, version.n, own.hex())
        ).fetchone()
        if live:
            raise IntegrityError(f"the wrap of version {version.n} of this {version.kind} is gone from the store", code="missing")
        raise Locked(
            "this secret is not sealed to your key", code="no-wrap", hint="ask the responsible person for a grant: govern who ACCOUNT"
        )
    return SealedVersion(digest=version.manifest, commitment=found[0], sealed=found[1]), wrapped


def add_wraps(tx: Transaction, versions: Sequence[Stored], to: Sequence[Recipient]) -> int:
    """Wrap versions that this member can open to more keys, and record it; the number of wraps added."""
    rows: list[list[Any]] = []
    digests: list[bytes] = []
    added = 0
    for version in versions:
        context = version.context(tx.workspace.vault)
        have = {
            key
            for (key,) in tx.register.execute(
                "SELECT key FROM wraps WHERE credential = ? AND n = ? AND ended IS NULL", (version.credential, version.n)
            )
        }
        missing = [recipient for recipient in to if recipient.key.hex() not in have]
        if not missing:
            continue
        sealed, wrapped = _fetch(tx, version)
        key = unwrap_version(wrapped, context, tx.workspace.keys, sealed, expected=version.manifest)
        for recipient in missing:
            new = wrap_version(key, context, recipient)
            tx.put_wrap(version.manifest, recipient.key, new)
            digests.append(wrap_digest(version.manifest, recipient.key, new))
            rows.append([version.credential, version.n, recipient.key.hex()])
            added += 1
            if len(rows) == 500:
                tx.record("wraps.added", {"wraps": rows, "digest": set_digest(digests).hex()})
                rows, digests = [], []
    if rows:
        tx.record("wraps.added", {"wraps": rows, "digest": set_digest(digests).hex()})
    return added


def end_wraps(tx: Transaction, person: str, accounts: Sequence[str]) -> int:
    """End every wrap that a person's keys have on these accounts and remove the rows; the number ended.

    A version's last wrap besides recovery may end here: recovery can still open it, and nothing is lost. Where recovery can't, it stays.
    """
    rows = tx.register.execute(
        """
        SELECT w.credential, w.n, w.key, v.manifest FROM wraps w JOIN keys k ON k.id = w.key JOIN versions v ON v.credential = w.credential AND v.n = w.n
        JOIN credentials c ON c.id = w.credential
        WHERE k.person = ? AND w.ended IS NULL AND c.account IN (SELECT value FROM json_each(?))
        """,
        (person, json.dumps(list(accounts))),
    ).fetchall()
    return end_each(tx, rows)


def end_each(tx: Transaction, wraps: Iterable[tuple[str, int, str, str]]) -> int:
    """End these wraps (credential, version, key, manifest) and remove their rows; the number ended.

    Those of a live version that nobody else could open stay: neither recovery, which may have been replaced since, nor another key in force. No
    secret is ever lost, and whose wrap it is could know the secret anyway.
    """
    ended = []
    wraps = list(wraps)
    alone = _nobody_else(tx.register, wraps)
    ordered = sorted((wrap for wrap in wraps if (wrap[0], wrap[1]) not in alone), key=lambda wrap: wrap[2])
    for number, (credential, n, key, manifest) in enumerate(ordered):
        target, recipient = bytes.fromhex(manifest), bytes.fromhex(key)
        if number % AT_ONCE == 0 or key != ordered[number - 1][2]:
            near = ordered[number : number + AT_ONCE]
            tx.read_ahead(recipient, [bytes.fromhex(wrap[3]) for wrap in near if wrap[2] == key])
        wrapped = tx.read_wrap(target, recipient)
        if wrapped is None:
            raise IntegrityError(f"a wrap of version {n} is gone from the store", code="missing")
        ended.append([credential, n, key, wrap_digest(target, recipient, wrapped).hex()])
        tx.drop_wrap(target, recipient)
    for start in range(0, len(ended), 300):
        tx.record("wraps.ended", {"wraps": ended[start : start + 300]})
    return len(ended)


def _nobody_else(db: sqlite3.Connection, ending: Sequence[tuple[str, int, str, str]]) -> set[tuple[str, int]]:
    """Live versions (credential, version) of which no key in force would have a wrap once these had ended."""
    concerned = {(credential, n) for credential, n, _, _ in ending}
    gone = {(credential, n, key) for credential, n, key, _ in ending}
    concerned -= _of_others(db, concerned, {key for _, _, key in gone})
    rows = db.execute(
        """
        SELECT v.credential, v.n, CASE WHEN k.state IN ('active', 'recovery') THEN w.key END FROM json_each(?) j
        JOIN versions v ON v.credential = json_extract(j.value, '$[0]') AND v.n = json_extract(j.value, '$[1]') AND v.ended_at IS NULL
        LEFT JOIN wraps w ON w.credential = v.credential AND w.n = v.n AND w.ended IS NULL LEFT JOIN keys k ON k.id = w.key
        """,
        (json.dumps(sorted(concerned)),),
    ).fetchall()
    return {(credential, n) for credential, n, _ in rows} - {
        (credential, n) for credential, n, key in rows if key is not None and (credential, n, key) not in gone
    }


def _of_others(db: sqlite3.Connection, versions: Iterable[tuple[str, int]], but: Iterable[str]) -> set[tuple[str, int]]:
    """Those of these versions that a key in force besides these keys has a wrap of."""
    rows = db.execute(
        """
        SELECT json_extract(j.value, '$[0]') AS of, json_extract(j.value, '$[1]') AS number FROM json_each(?) j WHERE EXISTS (
          SELECT 1 FROM wraps w JOIN keys k ON k.id = w.key AND k.state IN ('active', 'recovery')
          WHERE w.credential = of AND w.n = number AND w.ended IS NULL AND w.key NOT IN (SELECT value FROM json_each(?)))
        """,
        (json.dumps(sorted(versions)), json.dumps(sorted(but))),
    )
    return set(rows.fetchall())
