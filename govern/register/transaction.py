"""One transaction: facts judged on the latest truth, sealed secrets, and a single checkpoint over all of it.

Order of the end: rows into the store, rows into the journal (on disk), checkpoint into the store, COMMIT, pin (on disk), register COMMIT.
Whatever is interrupted, either nothing happened or the next command finds the same bytes and goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

from govern import events
from govern.canonical import canonical
from govern.errors import Failed, Malformed, Usage
from govern.ledger.checkpoint import Checkpoint, origin
from govern.ledger.commitment import commit, seal_entry, vault_id
from govern.ledger.note import sign_note
from govern.register import connection, sync
from govern.register.journal import Journal, Written
from govern.register.judge import Judge
from govern.register.pin import Pin, read_pin, write_pin
from govern.register.projection import Scene
from govern.register.settle import settle

if TYPE_CHECKING:
    import sqlite3

    from govern.ledger.commitment import EpochKey
    from govern.register.workspace import Workspace
    from govern.store.database import Writing

T = TypeVar("T")

_BATCH: Final = 2_000


class Transaction:
    """Made by `Workspace.transaction`. `register` is the synced register inside the write transaction; earlier facts show in it."""

    def __init__(self, workspace: Workspace, writing: Writing, now: str) -> None:
        self.workspace, self.now = workspace, now
        self._writing = writing
        self._journal = Journal(workspace.home)
        self._start = (connection.state(workspace.db, "journal_end") or 0, connection.state(workspace.db, "side_end") or 0)
        self._ends = self._start
        self._head = sync.head_of(workspace.db)
        self._tree = self._head.tree.copy()
        self._judge = Judge(workspace.db, vault=workspace.vault, keys=workspace.epochs)
        self._rows = Written()
        self._waiting = Written()
        self.first = self._tree.size

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
        random, keys = self.workspace.random, self.workspace.keys
        parts = {key: value for key, value in (personal or {}).items() if value not in (None, "")}
        sealed_personal, committed = None, None
        if parts:
            _shape(lambda: events.check_personal(type_, parts))
            sealed_personal = (random(32), _shape(lambda: canonical(parts)))
            committed = commit(*sealed_personal).hex()
        body = {key: value for key, value in body.items() if value is not None}
        event = events.Event(self.new_id(), type_, self.actor, keys.id.hex(), self.now, body, committed)
        data, salt, index = _shape(lambda: events.encode_event(event)), random(32), self._tree.size
        compartment, epoch = under or self.workspace.epochs.current(events.FACTS[type_].compartment)
        if index == 0:
            self.workspace.vault = self._judge.vault = vault_id(commit(salt, data))
        scene = Scene(self.register, index, type_, self.actor, self.now, body, parts)
        waiting, self._waiting = self._waiting, Written()  # where the fact is refused, what it would have named goes with it
        self._judge.admit(scene, event, compartment, epoch.id, keys.id)
        self._rows.versions += waiting.versions
        self._rows.wraps += waiting.wraps
        # Rows are inserted before others are dropped, so a wrap that was ended and is sealed anew must not be among the dropped.
        anew = {(target, recipient) for target, recipient, _ in waiting.wraps}
        self._rows.dropped = [wrap for wrap in self._rows.dropped if wrap not in anew] + waiting.dropped
        entry = seal_entry(
            vault=self.workspace.vault,
            index=index,
            compartment=compartment,
            epoch=epoch,
            event=data,
            salt=salt,
            personal=sealed_personal,
            random=random,
        )
        self._tree.append(entry.leaf())
        self._rows.entries.append((index, entry.compartment, entry.epoch, entry.commitment, entry.sealed, entry.personal))
        if len(self._rows.entries) >= _BATCH:
            self._flush()
        return index

    def put_version(self, digest: bytes, commitment: bytes, sealed: bytes) -> None:
        """A sealed version, whose manifest digest the next fact names. All puts stand before the fact that names them."""
        self._waiting.versions.append((digest, commitment, sealed))

    def put_wrap(self, target: bytes, recipient: bytes, sealed: bytes) -> None:
        """A wrap, whose digest is in the set that the next fact commits to."""
        self._waiting.wraps.append((target, recipient, sealed))

    def drop_wrap(self, target: bytes, recipient: bytes) -> None:
        """Remove a wrap that the next fact ends."""
        self._waiting.dropped.append((target, recipient))

    def read_version(self, digest: bytes) -> tuple[bytes, bytes] | None:
        """Commitment and sealed bytes of a stored version."""
        return self._writing.version(digest)

    def read_wrap(self, target: bytes, recipient: bytes) -> bytes | None:
        return self._writing.wrap(target, recipient)

    def _flush(self) -> None:
        """Rows so far into the store and, unfinished, into the journal: a large import stays small in memory."""
        self._writing.insert_entries(self._rows.entries)
        self._writing.insert_versions(self._rows.versions)
        self._writing.insert_wraps(self._rows.wraps)
        self._writing.drop_wraps(self._rows.dropped)
        self._ends = self._journal.append(self._ends, self._rows, durable=bool(self._rows.note))
        self._rows = Written()

    def commit(self) -> None:
        """Called once by the workspace; does nothing where nothing was recorded."""
        size = self._tree.size
        if self._waiting != Written():
            raise Failed("something was sealed that no fact names", code="defect")
        if size == self.first:
            return
        keys, workspace = self.workspace.keys, self.workspace
        checkpoint = Checkpoint(origin(workspace.vault), size, self._tree.root())
        note = sign_note(checkpoint.text(), name=keys.id.hex(), public=keys.sign_public, sign=keys.sign)
        self._judge.close(checkpoint, note)
        self._judge.save(self._tree.encode())
        try:
            self._rows.note, self._rows.size = note, size
            self._flush()
        except BaseException:
            self._journal.cut(self._start)
            raise
        workspace.save_ends(self._ends)
        self._commit_store(note)
        write_pin(workspace.pin_path, Pin(self._tree.encode(), note), read_pin(workspace.pin_path))

    def _commit_store(self, note: bytes) -> None:
        """Checkpoint and COMMIT; where that fails, look: what the store holds decides whether it happened."""
        try:
            self._writing.insert_checkpoint(self.size, note)
            self._writing.commit()
        except Exception:
            with suppress(Exception):  # what a lost connection held is given up by the server
                self._writing.rollback()
            if not settle(self.workspace, self._journal, self._start):
                self._journal.cut(self._start)
                raise


def _shape(make: Callable[[], T]) -> T:
    """What `make` gives; a fact of our own that has not its type's shape was typed wrong by somebody (Usage)."""
    try:
        return make()
    except Malformed as error:
        raise Usage(error.message, hint="something is too long, or has characters that can't be kept") from error
