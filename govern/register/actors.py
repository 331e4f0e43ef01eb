"""Who signs, and what they are to the accounts that a fact concerns, as the register has it at this point of a replay. Judges nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from functools import lru_cache
from itertools import compress
from typing import Any, Final, NamedTuple

from govern.errors import Refused
from govern.events import Event
from govern.holdings import authority
from govern.register.queries import services


class Signer(NamedTuple):
    """One key: its Ed25519 public key, whose it is (person id; nobody's: recovery), and its state."""

    sign: bytes
    person: str | None
    state: str
    is_service: bool = False

    @property
    def is_recovery(self) -> bool:
        return self.state == "recovery"


_SIGNER: Final = "SELECT sign, person, state, person IN (SELECT person FROM services) FROM keys WHERE id = ?"


class Actors:
    """Keys and roles, asked for once and remembered until `forget`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._signers: dict[bytes, Signer] = {}
        self._standings: dict[tuple[str, bytes], authority.Standing] = {}
        self._permitted: dict[tuple[str, str, bytes], authority.Standing] = {}

    def forget(self) -> None:
        """Keys or roles have changed, or the register was rolled back."""
        self._signers.clear()
        self._standings.clear()
        self._permitted.clear()

    def signer(self, key: bytes) -> Signer | None:
        found = self._signers.get(key)
        if found is None:
            row = self._db.execute(_SIGNER, (key.hex(),)).fetchone()
            if row is None:
                return None
            found = self._signers[key] = Signer(row[0], row[1], row[2], bool(row[3]))
        return found

    def permitted(self, event: Event, key: bytes, now: str, *, genesis: bool) -> authority.Standing:
        """The actor's standing, at the ledger's time `now`, by which this fact may be recorded; raises Refused where it may not."""
        settled = self._permitted.get((event.type, event.actor, key)) if event.authority is None else None
        if settled is not None:
            return settled
        standing = self._standing(event, key, now, genesis=genesis)
        if not authority.by_standing(event.type, standing):
            authority.permit(event.type, event.body, standing)
        elif self._standings.get((event.actor, key)) is standing:
            self._permitted[event.type, event.actor, key] = standing
        return standing

    def _standing(self, event: Event, key: bytes, now: str, *, genesis: bool) -> authority.Standing:
        """What the actor is when the fact is judged, at the ledger's time `now`; relations to its accounts only where they decide.

        Raises Refused for a service that acts under no standing authority, and for anybody else who names one.
        """
        signer = self.signer(key)
        if signer is not None and signer.is_service:
            return services.standing(self._db, event.actor, event.authority, event.type, event.body, now)
        if event.authority is not None:
            raise Refused("cites an authority and is no service", rule="authority-needless", control="AC-3", hint="govern key list")
        standing = self._standings.get((event.actor, key))
        if standing is None or genesis:
            roles = self._db.execute("SELECT role, until FROM roles WHERE person = ?", (event.actor,)).fetchall()
            standing = authority.Standing(
                person=event.actor,
                roles=frozenset(role for role, until in roles if until is None or until > now),
                genesis=genesis,
                recovery=signer is not None and signer.is_recovery,
            )
            if not genesis and all(until is None for _, until in roles):
                self._standings[event.actor, key] = standing
        if authority.depends_on_account(event.type, event.body, standing):
            return authority.related(standing, self._relations(event))
        return standing

    def _relations(self, event: Event) -> frozenset[str]:
        """What the actor is to every account that the fact concerns, as far as the register knows it: relations to all of them only."""
        asked = _concerned(event.type, event.body)
        if asked is None:
            return frozenset()
        query, value = asked
        rows = self._db.execute(query, (event.actor, value)).fetchall()
        return _common(*rows)


@lru_cache(maxsize=64)
def _common(*rows: tuple[int | None, ...]) -> frozenset[str]:
    """The relations that are true in each of the rows."""
    found = [frozenset(compress(_NAMES, row)) for row in rows]
    return frozenset.intersection(*found) if found else frozenset()


_NAMES: Final = ("custodian", "deputy", "holder", "others-hold")
_RELATIONS: Final = """
SELECT a.custodian = ?1, a.deputy = ?1, EXISTS (SELECT 1 FROM grants WHERE account = a.id AND ended_at IS NULL AND person = ?1)
FROM accounts a WHERE a.id {which}
"""
_TO_GRANT: Final = """
SELECT custodian = ?1, deputy = ?1, 0, EXISTS (SELECT 1 FROM grants WHERE account = ?2 AND ended_at IS NULL AND person <> ?1)
FROM accounts WHERE id = ?2
"""
"""Of a grant only this decides: whether its giver answers for the account, and whether others hold it already."""
_BY_ACCOUNT: Final = _RELATIONS.format(which="= ?2")
_BY_CREDENTIAL: Final = _RELATIONS.format(which="= (SELECT account FROM credentials WHERE id = ?2)")
_BY_CREDENTIALS: Final = _RELATIONS.format(which="IN (SELECT account FROM credentials WHERE id IN (SELECT value FROM json_each(?2)))")
_BY_GRANTS: Final = _RELATIONS.format(which="IN (SELECT account FROM grants WHERE id IN (SELECT value FROM json_each(?2)))")
_BY_ROTATION: Final = _RELATIONS.format(
    which="= (SELECT c.account FROM credentials c JOIN rotations r ON r.credential = c.id WHERE r.id = ?2)"
)


def _concerned(type_: str, body: Mapping[str, Any]) -> tuple[str, str] | None:
    """The question for the actor's relations to the accounts that a fact is about, and what names these; None where it is about none."""
    if type_ == "grant.issued":
        return _TO_GRANT, body["account"]
    if "account" in body:
        return _BY_ACCOUNT, body["account"]
    if type_ == "grant.ended":
        return _BY_GRANTS, json.dumps(body["grants"])
    if type_ == "rotations.opened":
        return _BY_CREDENTIALS, json.dumps([row[1] for row in body["rotations"]])
    if type_ == "candidates.staged":
        return _BY_CREDENTIALS, json.dumps([row[0] for row in body["candidates"]])
    if "credential" in body:
        return _BY_CREDENTIAL, body["credential"]
    if "wraps" in body and isinstance(body["wraps"], list):
        return _BY_CREDENTIALS, json.dumps([row[0] for row in body["wraps"]])
    if "rotation" in body:
        return _BY_ROTATION, body["rotation"]
    return None
