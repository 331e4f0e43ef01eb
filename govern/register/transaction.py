"""One transaction: facts judged on the latest truth, sealed secrets, and a single checkpoint over all of it.

Order of the end: rows into the store, rows into the journal (on disk), checkpoint into the store, COMMIT, pin (on disk), register COMMIT.
Whatever is interrupted, either nothing happened or the next command finds the same bytes and goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, TypeVar

from govern import events, facts
from govern.canonical import canonical
from govern.errors import Failed, Malformed, Usage
from govern.ledger.checkpoint import Checkpoint, origin
from govern.ledger.commitment import commit, seal_entry, vault_id
from govern.ledger.note import sign_note
from govern.register import letters, wipe
from govern.register.again import answered
from govern.register.frames import EntryRow, Written
from govern.register.judge import DECLARES
from govern.register.pin import Pin, write_pin
from govern.register.projection import Scene
from govern.register.queries import services
from govern.register.settle import settle
from govern.register.undo import Undo

if TYPE_CHECKING:
    import sqlite3

    from govern.ledger.commitment import EpochKey
    from govern.register.parts import Parts
    from govern.register.reached import Reached
    from govern.store.writing import Writing

_BATCH: Final = 2_000

T = TypeVar("T")


class Transaction:
    """Made by `Workspace.transaction`. `register` is the synced register inside the write transaction; earlier facts show in it."""

    def __init__(self, workspace: Parts, writing: Writing, now: str, *, pin: Pin | None, reached: Reached) -> None:
        self.workspace, self.now = workspace, now
        self._writing, self._pin, self._reached = writing, pin, reached
        self._journal = workspace.journal
        self._start = self._ends = reached.ends
        self._tree, self._judge = reached.tree, reached.judge
        self._judge.begin()
        self._facts = Undo(self._judge)
        self._rows = Written()
        self._waiting: Written | None = None
        self._ahead_versions: dict[bytes, tuple[bytes, bytes]] = {}
        self._ahead_wraps: dict[tuple[bytes, bytes], bytes] = {}
        self._key = workspace.keys.id.hex()
        self._base: tuple[bytes, EpochKey] | None = None
        self.first = self._tree.size
        self._head = (self.first, pin.note if pin is not None else b"")
        self._lost: Exception | None = None
        self._clears = False
        self.wipe_due: int | None = None
        """The latest erasure whose traces may lie on this machine, once all is committed."""

    @property
    def register(self) -> sqlite3.Connection:
        return self.workspace.db

    @property
    def actor(self) -> str:
        return self.workspace.person

    @property
    def size(self) -> int:
        """Entries in the ledger with what was recorded so far."""
        return self._tree.size

    def new_id(self) -> str:
        """A fresh random id: 32 hex digits."""
        return self.workspace.random(16).hex()

    def record(
        self,
        type_: str,
        body: Mapping[str, Any],
        personal: Mapping[str, Any] | None = None,
        *,
        under: tuple[bytes, EpochKey] | None = None,
    ) -> int:
        """Judge and apply one fact; its index. Raises Refused (a rule) or Malformed (its shape).

        `personal` values that are None or empty are left out. `under` names compartment and key where the type does not (epochs).
        """
        workspace, index = self.workspace, self._tree.size
        keys, actor = workspace.keys, workspace.person
        parts = {key: value for key, value in personal.items() if value not in (None, "")} if personal else {}
        if None in body.values():
            body = {key: value for key, value in body.items() if value is not None}
        draw = BytesIO(workspace.random(104 if parts else 60)).read  # asking once is a fifth of the time
        sealed_personal, committed = None, None
        try:
            if parts:
                events.check_personal(type_, parts)
                sealed_personal = (draw(32), canonical(parts))
                committed = commit(*sealed_personal).hex()
            authority = self._authority(type_, body) if self._judge.is_service(keys.id) else None
            event = events.Event(draw(16).hex(), type_, actor, self._key, self.now, body, committed, authority)
            data = events.encode_event(event)
        except Malformed as error:  # typed wrong by somebody
            raise Usage(error.message, hint="something is too long, or has characters that can't be kept") from error
        salt = draw(32)
        compartment, epoch = under or self._place(type_, body)
        if index == 0:
            workspace.vault = self._judge.opening.vault = vault_id(commit(salt, data))
        named, self._waiting = self._waiting, None  # where the fact is refused, what it would have named goes with it
        own = self._judge.compartments.of_one_case(compartment)
        scene = Scene(workspace.db, index, type_, actor, self.now, body, parts, self._key, compartment=own, has_personal=bool(parts))
        self._facts.admit(scene, event, compartment, epoch.id, keys.id)
        if type_ in DECLARES:
            self._base = None
        if named is not None:
            self._take(named)
        entry = seal_entry(
            vault=workspace.vault,
            index=index,
            compartment=compartment,
            epoch=epoch,
            event=data,
            salt=salt,
            personal=sealed_personal,
            random=draw,
        )
        self._clears = self._clears or type_ in letters.ENDING
        self._tree.append(entry.leaf())
        self._rows.entries.append((index, entry.compartment, entry.epoch, entry.commitment, entry.sealed, entry.personal))
        if len(self._rows.entries) >= _BATCH:
            self._flush()
        return index

    def _authority(self, type_: str, body: Mapping[str, Any]) -> str | None:
        """What this service acts under."""
        return services.cite(self.register, self.actor, type_, body, max(self.now, self._judge.clock.now))

    def _place(self, type_: str, body: Mapping[str, Any]) -> tuple[bytes, EpochKey]:
        """Compartment and key that a fact of this type is written under: a case that has a compartment of its own is written there."""
        name, epochs = facts.FACTS[type_].compartment, self.workspace.epochs
        if name == "base" and self._base is not None:
            return self._base
        if name == "case":
            row = self.register.execute("SELECT compartment FROM cases WHERE id = ?", (body.get("case"),)).fetchone()
            if row is not None and row[0] is not None:
                compartment = bytes.fromhex(row[0])
                return compartment, epochs.newest(compartment)
        found = epochs.current(name)
        if name == "base":
            self._base = found
        return found

    def _take(self, named: Written) -> None:
        """Rows that the fact just admitted names."""
        self._rows.versions += named.versions
        self._rows.wraps += named.wraps
        # Rows are inserted before others are dropped, so a wrap that was ended and is sealed anew must not be among the dropped.
        if self._rows.dropped and named.wraps:
            anew = {(target, recipient) for target, recipient, _ in named.wraps}
            self._rows.dropped = [wrap for wrap in self._rows.dropped if wrap not in anew]
        self._rows.dropped += named.dropped

    def _named_next(self) -> Written:
        if self._waiting is None:
            self._waiting = Written()
        return self._waiting

    def put(self, versions: Sequence[tuple[bytes, bytes, bytes]], wraps: Sequence[tuple[bytes, bytes, bytes]]) -> None:
        """Sealed versions (digest, commitment, sealed), whose manifest digests the next fact names, and wraps of them as in `put_wrap`. All puts
        stand before the fact that names them."""
        named = self._named_next()
        named.versions += versions
        named.wraps += wraps

    def put_wrap(self, target: bytes, recipient: bytes, sealed: bytes) -> None:
        """A wrap, whose digest is in the set that the next fact commits to."""
        self._named_next().wraps.append((target, recipient, sealed))

    def drop_wrap(self, target: bytes, recipient: bytes) -> None:
        """Remove a wrap that the next fact ends."""
        self._named_next().dropped.append((target, recipient))

    def _asked(self, question: Callable[[], T]) -> T:
        """An answer of the store; where a server's connection was lost, of another one, unless others went on meanwhile."""
        return answered(self._writing, self._head, question, self._forgot)

    def _forgot(self, error: Exception) -> None:
        """The server has given up what this transaction had put in: all of it is put in again at the end."""
        if self._ends != self._start:
            self._lost = error

    def read_ahead(self, recipient: bytes, targets: Sequence[bytes], *, versions: bool = False) -> None:
        """Ask at once for wraps, and the `versions` too, that are about to be read one by one; a few hundred at a time, they lie in memory."""
        if versions:
            self._ahead_versions = self._asked(lambda: self._writing.versions(targets))
        wraps = self._asked(lambda: self._writing.wraps(recipient, targets))
        self._ahead_wraps = {(target, recipient): sealed for target, sealed in wraps.items()}

    def read_version(self, digest: bytes) -> tuple[bytes, bytes] | None:
        """Commitment and sealed bytes of a stored version."""
        return self._ahead_versions.pop(digest, None) or self._asked(lambda: self._writing.version(digest))

    def read_entry(self, index: int) -> EntryRow:
        """A row of the ledger as it was when this transaction began."""
        return self._asked(lambda: self._writing.entries(index, index + 1))[0]

    def read_wrap(self, target: bytes, recipient: bytes) -> bytes | None:
        return self._ahead_wraps.pop((target, recipient), None) or self._asked(lambda: self._writing.wrap(target, recipient))

    def read_mail(self, id_: bytes) -> bytes | None:
        """What somebody without keys has posted under this id; to be believed of nobody."""
        return self._asked(lambda: self._writing.mail(id_))

    def _flush(self) -> None:
        """Rows so far into the store and, unfinished, into the journal: a large import stays small in memory."""
        self._put(self._put_rows)
        self._ends = self._journal.append(self._ends, self._rows, durable=bool(self._rows.note))
        self._rows = Written()

    def _put_rows(self) -> None:
        self._writing.insert_entries(self._rows.entries)
        self._writing.insert_versions(self._rows.versions)
        self._writing.insert_wraps(self._rows.wraps)
        self._writing.drop_wraps(self._rows.dropped)

    def _put(self, put: Callable[[], None]) -> None:
        """Something into the store. What a server can't take just now, and all behind it, is for `settle` to put in once the journal has it."""
        if self._lost is None:
            try:
                put()
            except Exception as error:
                if not self._writing.passes(error, waiting=False):
                    raise
                self._lost = error

    def commit(self) -> bytes | None:
        """The note of the checkpoint that it made, with which the register now stands as `reached` says. Called once by the workspace; does
        nothing where nothing was recorded (None)."""
        size = self._tree.size
        if self._waiting is not None:
            raise Failed("something was sealed that no fact names", code="defect")
        if size == self.first:
            return None
        keys, workspace = self.workspace.keys, self.workspace
        checkpoint = Checkpoint(origin(workspace.vault), size, self._tree.root())
        note = sign_note(checkpoint.text(), name=keys.id.hex(), public=keys.sign_public, sign=keys.sign)
        self._judge.close(checkpoint, note)
        try:
            self._rows.note, self._rows.size = note, size
            self._flush()
            tree = self._tree.encode()
            self._judge.save(tree, journal_end=self._ends[0], side_end=self._ends[1])
            # In the same commit: nobody who reads the erasure finds what it names.
            self.wipe_due = wipe.latest(self.register)
            if self.wipe_due is not None and self.wipe_due >= self.first:
                gone = wipe.erased(self.register, since=self.first)
                self._put(lambda: wipe.drop(self._writing, gone))
            if self._clears:
                ended = letters.ended(self.register)
                self._put(lambda: self._writing.drop_mail(ended))
        except BaseException:
            self._journal.cut(self._start)
            raise
        self._commit_store(note)
        write_pin(workspace.pin_path, Pin(tree, note), self._pin)
        self._reached.ends = self._ends
        self._reached.left(workspace.db)
        return note

    def _commit_store(self, note: bytes) -> None:
        """Checkpoint and COMMIT; where that fails, look: what the store holds decides whether it happened."""
        try:
            if self._lost is not None:
                raise self._lost
            self._writing.insert_checkpoint(self.size, note)
            self._writing.commit()
        except Exception:
            with suppress(Exception):  # what a lost connection held is given up by the server
                self._writing.rollback()
            if not settle(self.workspace, self._journal, self._start):
                self._journal.cut(self._start)
                raise
