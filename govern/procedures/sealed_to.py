"""What a person's keys should open by their grants and duties, and sealing to them what of it this member can open."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from govern.holdings.services import SERVED_KINDS
from govern.register.queries import serving, versions
from govern.register.queries.versions import Version

if TYPE_CHECKING:
    from govern.register.transaction import Transaction


_SERVED: Final = json.dumps(SERVED_KINDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A live secret that a key of the person's can't open yet. `ask`: handles of those who can seal it; nobody: it has to be rotated."""

    account: str
    kind: str
    version: int
    ask: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """How many wraps were added, and what others have to seal."""

    added: int
    missing: tuple[Missing, ...]


def due(db: sqlite3.Connection, person: str, now: str) -> list[Version]:
    """Live sealed versions that the person (id) holds or answers for, of the kinds granted; of a service those that are entrusted to it."""
    kinds: dict[str, str | None] = {}
    for account, granted in db.execute(
        "SELECT account, kinds FROM grants WHERE person = :p AND ended_at IS NULL AND (until IS NULL OR until > :now)"
        " UNION ALL SELECT id, NULL FROM accounts WHERE :p IN (custodian, deputy)",
        {"p": person, "now": now},
    ):
        kinds[account] = None if kinds.get(account, "") is None else granted
    for account in serving.accounts(db, person, now):
        kinds[account] = _SERVED
    return [
        version
        for version in versions.live(db, list(kinds))
        if version.manifest and (kinds[version.account] is None or f'"{version.kind}"' in str(kinds[version.account]))
    ]


def seal_to(tx: Transaction, person: str) -> Sealed:
    """Seal to every active key of the person whatever they should open and this member can and may seal; tell what is left."""
    from govern.procedures.sealing import Stored, add_wraps
    from govern.vault.keys import Recipient

    db, wanted = tx.register, due(tx.register, person, tx.now)
    rows = db.execute("SELECT id, seal FROM keys WHERE person = ? AND state = 'active' ORDER BY id", (person,)).fetchall()
    to = [Recipient(bytes.fromhex(key), seal) for key, seal in rows]
    opens = _opens(db, tx.workspace.keys.id.hex())
    added = 0
    for account in dict.fromkeys(version.account for version in wanted):
        if not _may_seal(tx, account, person):
            continue
        mine = [v for v in wanted if v.account == account and (v.credential, v.n) in opens]
        added += add_wraps(tx, [Stored(v.account, v.credential, v.kind, v.n, bytes.fromhex(v.manifest)) for v in mine], to)
    return Sealed(added=added, missing=tuple(_missing(db, wanted, [key for key, _ in rows], person, tx.now)))


def _opens(db: sqlite3.Connection, key: str) -> set[tuple[str, int]]:
    return {(credential, n) for credential, n in db.execute("SELECT credential, n FROM wraps WHERE key = ? AND ended IS NULL", (key,))}


def _may_seal(tx: Transaction, account: str, person: str) -> bool:
    """An admin, whoever answers for the account, and to machines of their own its holders."""
    row = tx.register.execute(
        "SELECT EXISTS (SELECT 1 FROM roles WHERE person = :a AND role = 'admin' AND (until IS NULL OR until > :now))"
        " OR EXISTS (SELECT 1 FROM accounts WHERE id = :account AND :a IN (custodian, deputy))"
        " OR (:a = :p AND EXISTS (SELECT 1 FROM grants WHERE account = :account AND person = :a AND ended_at IS NULL))",
        {"a": tx.actor, "p": person, "account": account, "now": tx.now},
    ).fetchone()
    return bool(row[0])


def _missing(db: sqlite3.Connection, wanted: Sequence[Version], keys: Sequence[str], person: str, now: str) -> list[Missing]:
    found = []
    for version in wanted:
        have = {
            key
            for (key,) in db.execute(
                "SELECT key FROM wraps WHERE credential = ? AND n = ? AND ended IS NULL", (version.credential, version.n)
            )
        }
        if set(keys) <= have:
            continue
        found.append(Missing(account=version.handle, kind=version.kind, version=version.n, ask=_sealers(db, version, person, now)))
    return found


def _sealers(db: sqlite3.Connection, version: Version, person: str, now: str) -> tuple[str, ...]:
    rows = db.execute(
        """
        SELECT DISTINCT p.handle FROM wraps w JOIN keys k ON k.id = w.key AND k.state = 'active'
        JOIN people p ON p.id = k.person AND NOT p.leaving AND p.left_on IS NULL JOIN accounts a ON a.id = :account
        WHERE w.credential = :credential AND w.n = :n AND w.ended IS NULL AND (p.id IN (a.custodian, a.deputy, :person)
          OR p.id IN (SELECT person FROM roles WHERE role = 'admin' AND (until IS NULL OR until > :now)))
        ORDER BY p.handle
        """,
        {"account": version.account, "credential": version.credential, "n": version.n, "person": person, "now": now},
    )
    return tuple(handle or "" for (handle,) in rows)
