"""Replay, steps 5 and 6: holds an entry that was opened against its signer and the rules, and applies it to the register; or finds it void.

A void entry of `base` changes nothing but this: every wrap, reveal, hand-over, export or set secret that it names still makes people exposed,
since a bad insider's entry may describe what really happened. What only a hostile store can do is an IntegrityError instead.
The same code admits this member's own facts, where a rule's refusal is raised to the caller.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from govern import events
from govern.errors import Malformed, Refused
from govern.holdings import authority
from govern.ledger.checkpoint import Checkpoint
from govern.ledger.commitment import Entry, Unopenable, open_event
from govern.register import connection, drift, void
from govern.register.actors import Actors
from govern.register.clock import Clock
from govern.register.compartments import Compartments
from govern.register.epochs import EpochKeys
from govern.register.opening import Opening
from govern.register.projection import APPLY, Scene, erasing
from govern.register.sound import check_sound

_TOGETHER: Final = 100
"""Entries under one savepoint: more of them touch more pages and objects than a processor keeps at hand."""
_CHANGES_READING: Final = frozenset({
    "vault.founded", "epoch.started", "epoch.wrapped", "readers.ended", "key.enrolled", "key.revoked", "role.given", "role.withdrawn",
    "proposal.approved", "service.authorised", "service.withdrawn",
})  # fmt: skip
"""What opens, or who may do what, is another thing after these."""

DECLARES: Final = frozenset({"vault.founded", "epoch.started", "epoch.wrapped", "readers.ended", "key.enrolled"})
"""What says of an epoch who reads it."""

_SHOWN: Final = "INSERT OR REPLACE INTO machines VALUES (?, ?, ?)"
"""Whose machine has shown itself, by an entry that everybody reads and at the ledger's time: so all who judge know the same."""

_ENTER: Final = "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)"


class _OneByOne(Exception):
    """These entries can't be applied together."""


class Judge:
    """Judges entries in ledger order into the register `db`, inside a write transaction of the caller's."""

    def __init__(self, db: sqlite3.Connection, *, vault: bytes, keys: EpochKeys) -> None:
        self.db = db
        self.keys = keys
        self.clock = Clock.load(connection.state(db, "clock"))
        self.compartments = Compartments(db, keys)
        self._actors = Actors(db)
        self.opening = Opening(db, vault=vault, keys=keys, compartments=self.compartments, actors=self._actors, tell=self._finding)
        self._waiting: list[tuple[Entry, bytes]] = []
        self._closed: dict[str, Any] = {}
        self._shown: tuple[bytes, int] | None = None
        self._off: dict[int, list[drift.Row]] = {}
        self.named: list[tuple[str, Mapping[str, Any]]] = []
        """Type and body of void entries: what they name may stand in the store, though it counts for nothing."""
        self.passed: set[bytes] = set()
        """Ids of epochs of entries that this member does not read."""

    # --- what the replay asks ---------------------------------------------------------------------------------------------------

    def public_key(self, key: bytes) -> bytes | None:
        found = self._actors.signer(key)
        return found.sign if found and found.state in ("active", "recovery") else None

    def is_service(self, key: bytes) -> bool:
        """Whether the key is a service's, which cites what it acts under."""
        signer = self._actors.signer(key)
        return signer is not None and signer.is_service

    def found(self, entry: Entry, key: bytes) -> bytes:
        return self.opening.founding(entry, key)

    def judge(self, entry: Entry, key: bytes) -> None:
        self._waiting.append((entry, key))
        if len(self._waiting) == _TOGETHER:
            self._settle()

    def close(self, checkpoint: Checkpoint, note: bytes) -> None:
        self._settle()
        self._closed = {"size": checkpoint.size, "note": note}
        if self._shown is not None:
            key, index = self._shown
            self.db.execute(_SHOWN, (key.hex(), self.clock.now, index))
            self._shown = None

    def begin(self) -> None:
        """A member's own transaction begins: what one before it, which came to nothing, would have shown is forgotten."""
        self._shown = None

    def save(self, tree: bytes, **more: int) -> None:
        """Write down how far the register now reaches, and `more` of its state: after the last transaction, before the caller commits.

        Only now can be said whether an erasure names every personal part that is gone: it may stand far behind them.
        """
        for index, error in sorted(self.opening.missing.items()):
            if self.db.execute("SELECT 1 FROM erased WHERE entry = ?", (index,)).fetchone() is None:
                raise error
        connection.save(self.db, clock=self.clock.save(), tree=tree, **self._closed, **more)

    # --- many entries, or one -----------------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Apply what waits: all of it under one savepoint where nothing in it is void, or changes who may do what; else one by one."""
        waiting, self._waiting, clock = self._waiting, [], self.clock.copy()
        if len(waiting) > 1:
            self.db.execute("SAVEPOINT together")
            try:
                self._together(waiting)
                waiting = []
            except (_OneByOne, Unopenable, Malformed, Refused, sqlite3.IntegrityError):
                self.clock = clock
                self.db.execute("ROLLBACK TO together")
            self.db.execute("RELEASE together")
        for entry, key in waiting:
            self._alone(entry, key)

    def _together(self, waiting: Sequence[tuple[Entry, bytes]]) -> None:
        """Step by step instead of entry by entry: the same work, in about half of the time. Raises whatever is wrong with any entry."""
        read = [self._read(entry) for entry, _ in waiting]
        if any(event is not None and event.type in _CHANGES_READING for _, event in read):
            raise _OneByOne
        self.db.executemany(
            _ENTER, [self._row(entry.index, event, entry.compartment) for (entry, _), (_, event) in zip(waiting, read, strict=True)]
        )
        for (entry, key), (scene, event) in zip(waiting, read, strict=True):
            self.compartments.seen(entry.compartment, entry.index)
            if scene is None or event is None:
                self.passed.add(entry.epoch)
                continue
            self._is_the_signers(event, key)
            self.compartments.check(event, entry.compartment, entry.epoch)
            self._drift(entry.index, key, event, self._apply(scene, event, key), entry.compartment)

    def _read(self, entry: Entry) -> tuple[Scene | None, events.Event | None]:
        """Open and decode; nothing where the compartment is not ours."""
        if not self.keys.opens(entry.compartment, entry.epoch):
            return None, None
        epoch = self.keys.get(entry.epoch)
        if epoch is None:
            raise _OneByOne
        event = events.decode_event(open_event(entry, vault=self.opening.vault, epoch=epoch)[1])
        personal = self.opening.personal(entry, event)
        own = self.compartments.of_one_case(entry.compartment)
        return Scene(
            self.db,
            entry.index,
            event.type,
            event.actor,
            event.at,
            event.body,
            personal,
            event.key,
            compartment=own,
            has_personal=event.personal is not None,
        ), event

    def _alone(self, entry: Entry, key: bytes) -> None:
        scene = None
        self.compartments.seen(entry.compartment, entry.index)
        try:
            if not self.keys.opens(entry.compartment, entry.epoch) or self.compartments.is_about_us(entry):
                self.passed.add(entry.epoch)
                self.db.execute(_ENTER, self._row(entry.index, None, entry.compartment))
                return
            if not self.opening.may_declare(entry, key):
                raise Refused("written under an epoch that the ledger never declared", rule="undeclared-epoch")
            event = events.decode_event(self.opening.open(entry))
            own = self.compartments.of_one_case(entry.compartment)
            scene = Scene(
                self.db,
                entry.index,
                event.type,
                event.actor,
                event.at,
                event.body,
                {},
                event.key,
                compartment=own,
                has_personal=event.personal is not None,
            )
            scene.personal = self.opening.personal(entry, event)
            self._is_the_signers(event, key)
            self.db.execute("SAVEPOINT fact")
            try:
                self.admit(scene, event, entry.compartment, entry.epoch, key)
            except BaseException:
                self.db.execute("ROLLBACK TO fact")
                raise
            finally:
                self.db.execute("RELEASE fact")
        except Unopenable:
            self._void(entry, key, "unopenable", "does not open with its epoch's key")
        except events.UnknownType as error:
            self._void(entry, key, "unknown-type", error.message)
        except Malformed as error:
            self._void(entry, key, "malformed", error.message, scene)
        except Refused as error:
            self._void(entry, key, error.rule or "refused", error.message, scene)

    # --- what replay and a member's own transaction share ------------------------------------------------------------------------

    def admit(self, scene: Scene, event: events.Event, compartment: bytes, epoch: bytes, key: bytes) -> None:
        """Judge one fact and apply it. Raises Refused where it may not be; the caller then rolls the register back to where it was."""
        self.compartments.check(event, compartment, epoch)
        self._enter(scene.index, event, compartment)
        standing = self._apply(scene, event, key)
        self._drift(scene.index, key, event, standing, compartment)
        if event.type in _CHANGES_READING:
            self._actors.forget()
        if event.type in DECLARES:
            self.keys.declared(event)

    def again(self, scene: Scene, event: events.Event, compartment: bytes) -> None:
        """Apply once more a fact that was admitted, where the register was rolled back behind it."""
        self._enter(scene.index, event, compartment)
        self._change(scene, event)
        for told in self._off.get(scene.index, ()):
            self._finding(*told)

    def _enter(self, index: int, event: events.Event, compartment: bytes) -> None:
        self.compartments.seen(compartment, index)
        try:
            self.db.execute(_ENTER, self._row(index, event, compartment))
        except sqlite3.IntegrityError:
            raise Refused("an event of this id is in the ledger already", rule="id-used") from None

    def _apply(self, scene: Scene, event: events.Event, key: bytes) -> authority.Standing:
        try:
            scene.now = now = max(event.at, self.clock.now)
            check_sound(event, self.opening.vault)
            standing = self._actors.permitted(event, key, now, genesis=scene.index == 0)
            admin = "admin" in standing.roles
            scene.elapsed = partial(self.clock.elapsed, event.actor, event.at, admin=admin)
            scene.borne_out = partial(self.clock.borne_out, event.actor, event.at, admin=admin)
            self._change(scene, event)
        except (ValueError, OverflowError, TypeError, KeyError) as error:
            # A day that no calendar has, a reference to nothing: whatever a rule can't work out counts for nothing, and stops nobody.
            raise Refused(f"{event.type} says what no rule can work out ({type(error).__name__})", rule="malformed") from None
        return standing

    def _change(self, scene: Scene, event: events.Event) -> None:
        try:
            APPLY[event.type](scene)
            if event.personal is not None:
                erasing.note(scene)
        except sqlite3.IntegrityError as error:
            raise Refused(f"{event.type} contradicts the register ({error})", rule="contradiction") from error

    def _is_the_signers(self, event: events.Event, key: bytes) -> None:
        if event.key != key.hex():
            raise Refused("names another key than the one that signed it", rule="signer")
        signer = self._actors.signer(key)
        if signer is not None and not signer.is_recovery and signer.person != event.actor:
            raise Refused("names another actor than its signer", rule="signer")

    # --- one entry ----------------------------------------------------------------------------------------------------------------

    def _drift(self, index: int, key: bytes, event: events.Event, standing: authority.Standing, compartment: bytes) -> None:
        """Note whose machine was there, and a time that is off, which moves nothing. Only what everybody reads counts, by which all judge alike."""
        in_base = not self.compartments.label(compartment)
        if in_base:
            self._shown = key, index
        if self.clock.is_as_said(event.actor, event.at):
            return
        admin = "admin" in standing.roles or standing.recovery or standing.genesis
        found = drift.found(
            self.db,
            self.clock if in_base else self.clock.copy(),
            index,
            key.hex(),
            event,
            admin=admin,
            service=standing.service is not None,
            in_base=in_base,
        )
        if found:
            self._off[index] = found
        for row in found:
            self._finding(*row)

    def _void(self, entry: Entry, key: bytes, code: str, message: str, scene: Scene | None = None) -> None:
        self.db.execute("INSERT OR IGNORE INTO entries (idx, type, key) VALUES (?, 'void', ?)", (entry.index, key.hex()))
        self._finding(entry.index, code, key, message)
        if scene is None:
            return
        self.named.append((scene.type, scene.body))
        if entry.compartment != self.keys.compartment("base"):
            return  # what people could know decides in `base`, and not everybody has read this
        signer = self._actors.signer(key)
        void.still_exposes(scene, signer.person if signer else None)

    # --- rows -----------------------------------------------------------------------------------------------------------------------

    def _row(self, index: int, event: events.Event | None, compartment: bytes) -> tuple[Any, ...]:
        """Its row of `entries`; of one that we can't read, no more than that it is there."""
        if event is None:
            return index, None, "sealed", None, None, None, ""
        return index, event.id, event.type, event.actor, event.key, event.at, self.compartments.label(compartment)

    def _finding(self, index: int, code: str, key: bytes | str, message: str) -> None:
        signer = key if isinstance(key, str) else key.hex()
        self.db.execute("INSERT OR IGNORE INTO findings VALUES (?, ?, ?, ?)", (index, code, signer, message))
