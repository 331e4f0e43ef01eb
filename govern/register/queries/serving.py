"""Questions about accounts that are entrusted to services: which, whether that stands, and what of them a service may record.

An account is entrusted under one authority of the service, and with that it ends: withdrawn, past its end, or its giver an admin no more.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any, Final

from govern.errors import Refused
from govern.holdings.services import SERVED_KINDS

STANDS: Final = """
x.ended_at IS NULL AND EXISTS (SELECT 1 FROM services s WHERE s.id = x.authority AND s.ended IS NULL AND (s.until IS NULL OR s.until > :now)
  AND EXISTS (SELECT 1 FROM keys b WHERE b.id = s.key AND b.state = 'active')
  AND EXISTS (SELECT 1 FROM roles r WHERE r.person = s.authoriser AND r.role = 'admin' AND (r.until IS NULL OR r.until > :now)))
"""
"""Of a row `x` of `served`, at the UTC time `:now`."""


def serves(db: sqlite3.Connection, person: str, account: str, kind: str, now: str) -> bool:
    """Whether this kind of secret of the account (id) is entrusted to the service (person id), now."""
    if kind not in SERVED_KINDS:
        return False
    query = f"SELECT 1 FROM served x WHERE x.person = :person AND x.account = :account AND {STANDS}"  # noqa: S608
    return db.execute(query, {"person": person, "account": account, "now": now}).fetchone() is not None


def accounts(db: sqlite3.Connection, person: str, now: str) -> list[str]:
    """Ids of the accounts that are entrusted to the service, now."""
    query = f"SELECT x.account FROM served x WHERE x.person = :person AND {STANDS} ORDER BY x.account"  # noqa: S608
    return [row[0] for row in db.execute(query, {"person": person, "now": now})]


def by_account(db: sqlite3.Connection, now: str) -> dict[str, list[str]]:
    """Account id -> person ids of the services to which it is entrusted, now."""
    found: dict[str, list[str]] = {}
    for account, person in db.execute(f"SELECT x.account, x.person FROM served x WHERE {STANDS} ORDER BY x.person", {"now": now}):  # noqa: S608
        found.setdefault(account, []).append(person)
    return found


def of_account(db: sqlite3.Connection, account: str, now: str) -> list[str]:
    """Person ids of the services to which the account is entrusted, now."""
    query = f"SELECT x.person FROM served x WHERE x.account = :account AND {STANDS} ORDER BY x.person"  # noqa: S608
    return [row[0] for row in db.execute(query, {"account": account, "now": now})]


_BY_CREDENTIAL: Final = "SELECT c.account, c.kind FROM credentials c WHERE c.id = ?"
_BY_ROTATION: Final = "SELECT c.account, c.kind FROM rotations r JOIN credentials c ON c.id = r.credential WHERE r.id = ?"
_DEAD: Final = "SELECT 1 FROM versions WHERE credential = ? AND n = ? AND state IN ('previous', 'retired', 'rejected')"


def must_be_entrusted(db: sqlite3.Connection, person: str, body: Mapping[str, Any], now: str) -> None:
    """Refuse (AC-6) a service's fact about anything that is not entrusted to it, and an end of wraps of what may still be in force."""
    asked = [(_BY_CREDENTIAL, body[name]) for name in ("credential", "by") if name in body]
    if "rotation" in body and "credential" not in body:
        asked.append((_BY_ROTATION, body["rotation"]))
    for credential, n, _, _ in body.get("wraps", ()) if isinstance(body.get("wraps"), list) else ():
        asked.append((_BY_CREDENTIAL, credential))
        if db.execute(_DEAD, (credential, n)).fetchone() is None:
            raise _refused("a service ends no wrap of a secret that may be in force")
    if not asked:
        raise _refused("a service for entrusted accounts records nothing that is about none of them")
    for query, id_ in asked:
        row = db.execute(query, (id_,)).fetchone()
        if row is None or not serves(db, person, row[0], row[1], now):
            raise _refused("this account, or this kind of secret, is not entrusted to the service")
    if "recipients" in body and not _recoverable(db, body["recipients"]):
        raise _refused("what a service stages is sealed to recovery as well")


def _recoverable(db: sqlite3.Connection, keys: list[str]) -> bool:
    query = "SELECT 1 FROM keys WHERE state = 'recovery' AND id IN (SELECT value FROM json_each(?))"
    return db.execute(query, (json.dumps(keys),)).fetchone() is not None


def _refused(message: str) -> Refused:
    return Refused(
        message, rule="service-entrusted", control="AC-6", hint="an admin entrusts it: govern key add-service NAME --purpose reconcile --accounts SELECTOR"
    )  # fmt: skip
