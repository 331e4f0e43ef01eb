"""Replay, steps 5 and 6: opens an entry, holds it against its signer and the rules, and applies it to the register; or finds it void.

A void entry changes nothing but this: every wrap, reveal, hand-over, export or set secret that it names still makes people exposed,
since a bad insider's entry may describe what really happened. What only a hostile store can do is an IntegrityError instead.
The same code admits this member's own facts, where a rule's refusal is raised to the caller.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from govern import events
from govern.canonical import canonical, decode
from govern.errors import IntegrityError, Malformed, Refused
from govern.holdings import authority
from govern.ledger.checkpoint import Checkpoint
from govern.ledger.commitment import Entry, Unopenable, open_event, open_personal
from govern.policy.rules import Policy
from govern.register import void
from govern.register.epochs import EpochKeys
from govern.register.projection import APPLY, Scene
from govern.vault.keys import check_public, key_id

_DRIFT: Final = timedelta(minutes=5)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


class Judge:
    """Judges entries in ledger order into the register `db`, inside a write transaction of the caller's."""

    def __init__(self, db: sqlite3.Connection, *, vault: bytes, keys: EpochKeys) -> None:
        self.db = db
        self.vault = vault
        self.keys = keys
        row = db.execute("SELECT value FROM state WHERE key = 'clock'").fetchone()
        self.clock = row[0] if row else ""
        self._signers: dict[bytes, tuple[bytes, str | None, str]] = {}
        self._roles: dict[str, list[tuple[str, str | None]]] = {}
        self._epochs: dict[bytes, bytes] = {}
        self.named: list[tuple[str, Mapping[str, Any]]] = []
        """Type and body of void entries: what they name may stand in the store, though it counts for nothing."""
        self.passed: set[bytes] = set()
        """Ids of epochs of entries that this member does not read."""

    # --- what the replay asks ---------------------------------------------------------------------------------------------------

    def public_key(self, key: bytes) -> bytes | None:
        found = self._signer(key)
        return found[0] if found and found[2] in ("active", "recovery") else None

    def found(self, entry: Entry, key: bytes) -> bytes:
        """Entry 0 must be the founding of this vault by the very key that signs it."""
        try:
            event = events.decode_event(self._open(entry))
        except (Malformed, Unopenable) as error:
            raise IntegrityError("no founding of a vault", index=0) from error
        body = event.body
        if event.type != "vault.founded" or body["format"] != events.FORMAT:
            raise IntegrityError(
                "no founding of a vault that this program reads", index=0, hint="upgrade govern", expected=f"format {events.FORMAT}"
            )
        sign, seal = bytes.fromhex(body["sign"]), bytes.fromhex(body["seal"])
        if (
            key_id(sign, seal) != key
            or body["key"] != key.hex()
            or (body["base"], body["base_epoch"]) != (entry.compartment.hex(), entry.epoch.hex())
        ):
            raise IntegrityError("the founding does not name the key that signed it", index=0)
        return sign

    def judge(self, entry: Entry, key: bytes) -> None:
        if not self.keys.reads(entry.compartment):
            self.passed.add(entry.epoch)
            self.db.execute("INSERT INTO entries (idx, type) VALUES (?, 'sealed')", (entry.index,))
            return
        if not self._may_declare(entry, key):
            self._void(entry.index, key, "undeclared-epoch", "written under an epoch that the ledger never declared")
            return
        try:
            event = events.decode_event(self._open(entry))
        except Unopenable:
            self._void(entry.index, key, "unopenable", "does not open with its epoch's key")
            return
        except events.UnknownType as error:
            self._void(entry.index, key, "unknown-type", error.message)
            return
        except Malformed as error:
            self._void(entry.index, key, "malformed", error.message)
            return
        scene = Scene(self.db, entry.index, event.type, event.actor, event.at, event.body, {})
        try:
            scene.personal = self._personal(entry, event)
            self._is_the_signers(event, key)
            self.admit(scene, event, entry.compartment, entry.epoch, key)
        except Malformed as error:
            self._void(entry.index, key, "malformed", error.message, scene)
        except Refused as error:
            self._void(entry.index, key, error.rule or "refused", error.message, scene)

    def close(self, checkpoint: Checkpoint, note: bytes) -> None:
        self.db.execute("INSERT OR REPLACE INTO state VALUES ('clock', ?)", (self.clock,))
        self.db.execute("INSERT OR REPLACE INTO state VALUES ('size', ?)", (checkpoint.size,))
        self.db.execute("INSERT OR REPLACE INTO state VALUES ('note', ?)", (note,))

    # --- what replay and a member's own transaction share ------------------------------------------------------------------------

    def admit(self, scene: Scene, event: events.Event, compartment: bytes, epoch: bytes, key: bytes) -> None:
        """Judge one fact and apply it, or raise Refused and leave the register as it was."""
        genesis = scene.index == 0
        self.db.execute("SAVEPOINT fact")
        try:
            self._in_its_compartment(event, compartment, epoch)
            try:
                self.db.execute(
                    "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?)", (scene.index, event.id, event.type, event.actor, key.hex(), event.at)
                )
            except sqlite3.IntegrityError:
                raise Refused("an event of this id is in the ledger already", rule="id-used") from None
            _sound(event)
            authority.permit(event.type, event.body, self._standing(event, key, genesis))
            try:
                APPLY[event.type](scene)
            except sqlite3.IntegrityError as error:
                raise Refused(f"{event.type} contradicts the register ({error})", rule="contradiction") from error
        except BaseException:
            self.db.execute("ROLLBACK TO fact")
            self.db.execute("RELEASE fact")
            raise
        self.db.execute("RELEASE fact")
        self._drift(scene.index, key, event.at)
        if event.type in ("vault.founded", "key.enrolled", "key.revoked"):
            self._signers.clear()
            self._roles.clear()
        elif event.type in ("role.given", "role.withdrawn"):
            self._roles.clear()
        if event.type in ("vault.founded", "epoch.started", "key.enrolled"):
            self.keys.declared(event)

    def _in_its_compartment(self, event: events.Event, compartment: bytes, epoch: bytes) -> None:
        if event.type == "vault.founded":
            return  # checked in `found`
        if event.type == "epoch.started":
            if (event.body["compartment"], event.body["epoch"]) != (compartment.hex(), epoch.hex()):
                raise Refused("an epoch's start stands under another key than its own", rule="epoch-order")
            return
        if epoch not in self._epochs:
            row = self.db.execute("SELECT compartment FROM epochs WHERE id = ?", (epoch.hex(),)).fetchone()
            if row is not None:
                self._epochs[epoch] = bytes.fromhex(row[0])
        if self._epochs.get(epoch) != compartment:
            raise Refused("written under an epoch that the ledger never declared", rule="undeclared-epoch")
        wanted = self.keys.compartment(events.FACTS[event.type].compartment)
        if wanted is not None and wanted != compartment:
            raise Refused(f"{event.type} stands in the wrong compartment", rule="compartment")

    def _is_the_signers(self, event: events.Event, key: bytes) -> None:
        if event.key != key.hex():
            raise Refused("names another key than the one that signed it", rule="signer")
        signer = self._signer(key)
        if signer is not None and signer[2] != "recovery" and signer[1] != event.actor:
            raise Refused("names another actor than its signer", rule="signer")

    def _signer(self, key: bytes) -> tuple[bytes, str | None, str] | None:
        found = self._signers.get(key)
        if found is None:
            row = self.db.execute("SELECT sign, person, state FROM keys WHERE id = ?", (key.hex(),)).fetchone()
            if row is None:
                return None
            found = self._signers[key] = (row[0], row[1], row[2])
        return found

    def _standing(self, event: events.Event, key: bytes, genesis: bool) -> authority.Standing:
        roles = self._roles.get(event.actor)
        if roles is None:
            roles = self.db.execute("SELECT role, until FROM roles WHERE person = ?", (event.actor,)).fetchall()
            self._roles[event.actor] = roles
        signer = self._signer(key)
        return authority.Standing(
            person=event.actor,
            roles=frozenset(role for role, until in roles if until is None or until > max(event.at, self.clock)),
            account=self._relations(event),
            genesis=genesis,
            recovery=signer is not None and signer[2] == "recovery",
        )

    def _relations(self, event: events.Event) -> frozenset[str]:
        """What the actor is to every account that the fact concerns: relations to all of them only."""
        accounts = concerned(self.db, event.type, event.body)
        if not accounts:
            return frozenset()
        common: set[str] | None = None
        for account in accounts:
            row = self.db.execute("SELECT custodian, deputy FROM accounts WHERE id = ?", (account,)).fetchone()
            found = set()
            if row:
                found |= {name for name, person in zip(("custodian", "deputy"), row, strict=True) if person == event.actor}
                held = self.db.execute("SELECT person FROM grants WHERE account = ? AND ended_at IS NULL", (account,)).fetchall()
                found |= {"holder" if person == event.actor else "others-hold" for (person,) in held}
            common = found if common is None else common & found
        return frozenset(common or ())

    # --- one entry ----------------------------------------------------------------------------------------------------------------

    def _open(self, entry: Entry) -> bytes:
        epoch = self.keys.get(entry.epoch)
        if epoch is None:
            raise IntegrityError(
                "no key for its epoch: the wrap was withheld or replaced",
                index=entry.index,
                expected=f"a key for {entry.epoch.hex()}",
                code="epoch",
            )
        return open_event(entry, vault=self.vault, epoch=epoch)[1]

    def _may_declare(self, entry: Entry, key: bytes) -> bool:
        """Whether an entry whose key we lack may be the start of an epoch whose wrap is withheld from us, or follow one.

        The start of an epoch stands under its own key, so that it can't be read without. Only admins and recovery start one: what
        anybody else signs under an epoch that the ledger never declared is void, and stops nobody.
        """
        if self.keys.get(entry.epoch) is not None or entry.index == 0:
            return True
        if self.db.execute("SELECT 1 FROM epochs WHERE id = ?", (entry.epoch.hex(),)).fetchone():
            return True
        signer = self._signer(key)
        if signer is None or signer[2] == "recovery":
            return True
        return self.db.execute("SELECT 1 FROM roles WHERE person = ? AND role = 'admin'", (signer[1],)).fetchone() is not None

    def _personal(self, entry: Entry, event: events.Event) -> Mapping[str, Any]:
        if event.personal is None:
            if entry.personal is not None:
                raise IntegrityError("a personal part that its event does not commit to", index=entry.index, code="personal")
            return {}
        if entry.personal is None:
            raise IntegrityError("its personal part is gone and no erasure says so", index=entry.index, code="personal")
        key = self.keys.get(entry.epoch)
        assert key is not None  # noqa: S101  the event itself was opened with it
        data = open_personal(entry, vault=self.vault, epoch=key, committed=bytes.fromhex(event.personal))
        value = decode(data)
        if not isinstance(value, dict):
            raise Malformed("a personal part that is no object")
        events.check_personal(event.type, value)
        return value

    def _drift(self, index: int, key: bytes, at: str) -> None:
        """Note a time that lies more than five minutes behind an earlier entry's; it moves nothing."""
        try:
            moment = _time(at)
            if at < self.clock and moment < _time(self.clock) - _DRIFT:
                self._finding(index, "backdated", key, f"says {at}, after an entry of {self.clock}")
        except ValueError:
            self._finding(index, "backdated", key, f"{at} is no date")
            return
        self.clock = max(self.clock, at)

    def _void(self, index: int, key: bytes, code: str, message: str, scene: Scene | None = None) -> None:
        self.db.execute("INSERT OR IGNORE INTO entries (idx, type, key) VALUES (?, 'void', ?)", (index, key.hex()))
        self._finding(index, code, key, message)
        if scene is None:
            return
        self.named.append((scene.type, scene.body))
        signer = self._signer(key)
        void.still_exposes(scene, signer[1] if signer else None)

    def _finding(self, index: int, code: str, key: bytes, message: str) -> None:
        self.db.execute("INSERT OR IGNORE INTO findings VALUES (?, ?, ?, ?)", (index, code, key.hex(), message))


def _sound(event: events.Event) -> None:
    """What the shape of a fact can't say of it: a key's id is its keys', neither is weak, and a policy is one that can be read."""
    body = event.body
    if event.type == "key.enrolled":
        sign, seal = bytes.fromhex(body["sign"]), bytes.fromhex(body["seal"])
        if key_id(sign, seal).hex() != body["key"]:
            raise Refused("the id of the key is not that of its public keys", rule="key-id")
        check_public(sign, seal)
    elif event.type == "policy.adopted":
        Policy.from_record(body["policy"])
        if hashlib.sha256(canonical(body["policy"])).hexdigest() != body["digest"]:
            raise Refused("the digest is not that of the policy", rule="policy-digest")


def concerned(db: sqlite3.Connection, type_: str, body: Mapping[str, Any]) -> set[str]:
    """Ids of the accounts that a fact is about, as far as the register knows them."""
    if "account" in body:
        return {body["account"]}
    if type_ == "grant.ended":
        marks = json.dumps(body["grants"])
        return {row[0] for row in db.execute("SELECT account FROM grants WHERE id IN (SELECT value FROM json_each(?))", (marks,))}
    if "credential" in body:
        wanted = [body["credential"]]
    elif "wraps" in body and isinstance(body["wraps"], list):
        wanted = [row[0] for row in body["wraps"]]
    elif "rotation" in body:
        wanted = [row[0] for row in db.execute("SELECT credential FROM rotations WHERE id = ?", (body["rotation"],))]
    else:
        return set()
    marks = json.dumps(wanted)
    return {row[0] for row in db.execute("SELECT account FROM credentials WHERE id IN (SELECT value FROM json_each(?))", (marks,))}
