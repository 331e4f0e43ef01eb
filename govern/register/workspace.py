"""One member of one vault on one machine: store, register, journal, pin and keys together, and the two ways to use them.

`view` is for reading: where the store's head is the pinned one it needs neither keys nor cryptography. `transaction` is the only way to
add to the ledger. Both first bring the register to the store's head, and refuse a store that was rolled back, forked or altered.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from govern.errors import IntegrityError, Locked
from govern.register import connection
from govern.register.pin import Pin, read_pin, write_pin
from govern.store.address import Server
from govern.store.peek import peek

if TYPE_CHECKING:
    from govern.ledger.audit import Head
    from govern.register.epochs import EpochKeys
    from govern.register.journal import Journal
    from govern.register.transaction import Transaction
    from govern.store.address import Location
    from govern.store.database import Store
    from govern.store.reading import Reading
    from govern.store.writing import Writing
    from govern.vault.keys import Keys


_ENDED = """
SELECT s.compartment FROM readers_ended r JOIN epochs s ON s.id = r.epoch WHERE r.key = :own AND NOT EXISTS (
  SELECT 1 FROM epoch_wraps w JOIN epochs t ON t.id = w.epoch WHERE w.key = :own AND t.compartment = s.compartment AND w.entry > r.entry)
"""
"""Compartments whose later epochs this member is not given any more."""


class Workspace:
    """`path` is where the store is, `vault` the trusted vault id, `person` this member's, `checkpoint` the note that the seed record was written with.

    `anew`: this machine begins here, so that having verified nothing yet is no sign of loss. `reader`: whose keys the compartments are
    read with, where another key than this machine's member's signs; what it may not read must not come into its register.
    """

    def __init__(
        self,
        *,
        path: Location,
        home: Path,
        vault: bytes,
        person: str,
        checkpoint: bytes,
        unlock: Callable[[], Keys],
        anew: bool = False,
        reader: Callable[[], Keys] | None = None,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.path, self.home, self.vault, self.person, self.random = path, home, vault, person, random
        self._checkpoint, self._unlock, self._anew, self._reader = checkpoint, unlock, anew, reader
        self._db: sqlite3.Connection | None = None
        self._store: Store | None = None
        self._keys: Keys | None = None
        self._epochs: EpochKeys | None = None
        self._journal: Journal | None = None
        self._followed: bytes | None = None
        """Note of the checkpoint up to which `epochs` has followed the ledger."""

    # --- the parts ----------------------------------------------------------------------------------------------------------------

    @property
    def db(self) -> sqlite3.Connection:
        """The register's connection, whatever its state; ask `view` for a trusted one."""
        if self._db is None:
            self._db = connection.connect(self.home / "register.db")
        return self._db

    @property
    def store(self) -> Store:
        if self._store is None:
            from govern.store.database import open_store

            self._store = open_store(self.path)
        return self._store

    @property
    def keys(self) -> Keys:
        """This member's keys; unlocking may ask for a passphrase (Locked where there is none)."""
        if self._keys is None:
            self._keys = self._unlock()
        return self._keys

    @property
    def reader(self) -> Keys:
        """The keys that compartments are read with."""
        return self._reader() if self._reader is not None else self.keys

    @property
    def journal(self) -> Journal:
        if self._journal is None:
            from govern.register.journal import Journal

            self._journal = Journal(self.home)
        return self._journal

    @property
    def pin_path(self) -> Path:
        return self.home / "pin"

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None
        if self._store is not None:
            self._store.close()
            self._store = None

    # --- reading --------------------------------------------------------------------------------------------------------------------

    def view(self) -> sqlite3.Connection:
        """The register, brought to the store's head. Raises IntegrityError before anything is shown."""
        if isinstance(self.path, Server):
            from govern.register.again import looked

            return looked(self.store, self._view)
        return self._view()

    def _view(self) -> sqlite3.Connection:
        pin = read_pin(self.pin_path)
        seen = self.store.peek() if isinstance(self.path, Server) else peek(self.path)
        if pin is not None and (seen.size, seen.last, seen.note) == (pin.size, pin.size - 1, pin.note) and self._stands_at(pin):
            return self.db
        _ = self.keys  # before the lock: others must not wait while a passphrase is typed
        with connection.transaction(self.db), self.store.reading() as reading:
            # The snapshot is taken under the lock, so that no other process of this member can pin anything newer.
            self._advance(reading)
        self._wipe()
        return self.db

    def _wipe(self) -> None:
        """Where an erasure was read, forget what it names."""
        from govern.register import wipe

        if wipe.is_due(self.db):
            wipe.wipe(self)

    def erase_again(self) -> int:
        """Drop what was erased and has come back into the store, with a backup; how many parts."""
        from govern.register import wipe

        gone = wipe.erased(self.view())
        return wipe.from_store(self, gone) if gone else 0

    def _stands_at(self, pin: Pin) -> bool:
        db = self.db
        return connection.is_usable(db) and connection.state(db, "note") == pin.note and connection.state(db, "wipe") is None

    def _is_current(self, writing: Writing) -> bool:
        """Whether pin, register, journal and epoch keys all stand at the store's head, which the write lock holds still: nothing to do."""
        pin = read_pin(self.pin_path)
        return (
            pin is not None
            and self._followed == pin.note
            and writing.head() == (pin.size, pin.note)
            and connection.is_usable(self.db)
            and connection.states(self.db, "note", "journal_end", "side_end") == [pin.note, *self.journal.ends()]
        )

    # --- bringing up to date ----------------------------------------------------------------------------------------------------------

    def sync(self, writing: Writing) -> None:
        """Verify and apply everything behind the register, journal it, move the pin."""
        with connection.transaction(self.db):
            self._advance(writing)

    def _advance(self, reading: Reading) -> None:
        from govern.register import rebuild, sync

        known = self._epochs is not None
        self.open_epochs(reading)
        journal, pin = self.journal, read_pin(self.pin_path)
        size, _ = sync.check_against_pin(reading, pin)
        usable, whole = connection.is_usable(self.db), True
        if known and (not usable or sync.head_of(self.db).size < size):
            self.epochs.load(reading)  # others may have made this member a reader of more
        if pin is None and not usable and not journal.path.exists() and not self._anew:
            raise IntegrityError(
                "this machine's memory of the vault is gone: pin, journal and register; an older copy could not be told from the newest",
                code="memory",
                hint="hold it against a checkpoint kept on paper or in a mail: govern vault trust NOTE",
            )
        if usable:
            sync.check_against_register(reading, sync.head_of(self.db))
        if not usable or journal.is_shorter_than(self.ends()):
            whole = rebuild.from_journal(self, journal, reading, pin)
            sync.check_against_register(reading, sync.head_of(self.db))
        head = sync.head_of(self.db)
        self._remember_epochs()
        anew = None if whole else rebuild.Anew(journal, self.ends())
        kept = sync.Kept(anew.journal if anew else journal, self.ends(), sync.transactions(reading, head.size))
        start = head.size
        try:
            head = sync.advance(self.db, head, kept, vault=self.vault, keys=self.epochs)
            if start and self._was_given_more(start):
                head = self._again(reading, head)
            self._reads_its_epochs()
            if pin is None and head.note is not None:
                self._expect(reading)
        except BaseException:
            anew.discard() if anew else kept.undo()
            raise
        if anew is not None:
            anew.take_place()
        self.save_ends(kept.ends)
        if head.note is not None and (pin is None or head.size > pin.size):
            write_pin(self.pin_path, Pin(head.tree.encode(), head.note), pin)
        self._followed = head.note

    def _was_given_more(self, since: int) -> bool:
        """Whether an entry behind `since` gives this member a compartment's key, or is about one that they have and whose start they passed
        over, since its wrap was not there then: what was passed over is to be read now."""
        rows = self.db.execute(
            "SELECT w.epoch, w.key FROM entries e JOIN epoch_wraps w ON w.entry = e.idx WHERE e.idx >= ? AND e.type = 'epoch.wrapped'",
            (since,),
        ).fetchall()
        passed = {epoch for epoch, _ in rows if self.db.execute("SELECT 1 FROM epochs WHERE id = ?", (epoch,)).fetchone() is None}
        own = self.keys.id.hex()
        return any(key == own for _, key in rows) or any(self.epochs.get(bytes.fromhex(epoch)) is not None for epoch in passed)

    def _again(self, reading: Reading, head: Head) -> Head:
        """The register from the first entry on, up to the very checkpoint just verified, with every key that this member has by now."""
        from govern.ledger.audit import Head
        from govern.ledger.merkle import CompactRange
        from govern.register import sync

        self._epochs = None
        self.open_epochs(reading)
        connection.create(self.db)
        again = sync.advance(
            self.db, Head(CompactRange(), None), sync.transactions(reading, 0), vault=self.vault, keys=self.epochs
        )  # fmt: skip
        if again.note != head.note:
            raise IntegrityError("the vault changed while it was read", code="forked")
        return again

    def _reads_its_epochs(self) -> None:
        """Each epoch wrapped to this member is one whose start was read: else an earlier key of its compartment is withheld."""
        query = "SELECT epoch FROM epoch_wraps WHERE key = ? AND NOT EXISTS (SELECT 1 FROM epochs WHERE id = epoch) ORDER BY entry"
        row = self.db.execute(query, (self.keys.id.hex(),)).fetchone()
        if row is not None:
            raise IntegrityError("the key of an earlier epoch was withheld", expected=f"the keys up to epoch {row[0]}", code="epoch")

    def _expect(self, reading: Reading) -> None:
        """What this machine was told when it joined must be a point of the history just verified, before it is pinned."""
        if all(note != self._checkpoint for _, note in reading.checkpoints(0)):
            raise IntegrityError("the vault does not contain the checkpoint that this machine joined with", code="forked")

    def ends(self) -> tuple[int, int]:
        """Where the journal and its side file ended when the register was last written."""
        main, side = connection.states(self.db, "journal_end", "side_end")
        return main or 0, side or 0

    def save_ends(self, ends: tuple[int, int]) -> None:
        connection.save(self.db, journal_end=ends[0], side_end=ends[1])

    def open_epochs(self, reading: Reading) -> None:
        """Have the epoch keys ready, and ask this snapshot for those that are missing."""
        if self._epochs is None:
            self._epochs = self.fresh_epochs(reading)
        self._epochs.source = reading

    def fresh_epochs(self, reading: Reading) -> EpochKeys:
        """Every epoch key that this member can open, knowing nothing yet of compartments: for a replay from the beginning."""
        from govern.register.epochs import EpochKeys

        epochs = EpochKeys(self.reader)
        epochs.load(reading)
        return epochs

    def _remember_epochs(self) -> None:
        import json

        founding = connection.state(self.db, "founding")
        if founding is None:
            return
        body = json.loads(founding)
        names = {body["base"]: "base", body["case"]: "case"}
        for compartment, name in names.items():
            self.epochs.name(name, bytes.fromhex(compartment))
        for compartment, epoch in self.db.execute("SELECT compartment, id FROM epochs ORDER BY number").fetchall():
            self.epochs.remember(names.get(compartment, ""), bytes.fromhex(compartment), bytes.fromhex(epoch))
        for (compartment,) in self.db.execute(_ENDED, {"own": self.reader.id.hex()}).fetchall():
            self.epochs.end(bytes.fromhex(compartment))
        ours = self.db.execute("SELECT epoch FROM epoch_wraps WHERE key = ?", (self.reader.id.hex(),)).fetchall()
        self.epochs.need(epoch for (epoch,) in ours)

    @property
    def epochs(self) -> EpochKeys:
        if self._epochs is None:
            raise Locked("no epoch key was opened yet")
        return self._epochs

    # --- writing ------------------------------------------------------------------------------------------------------------------------

    def catch_up(self, writing: Writing) -> None:
        """Bring everything to the head that the write lock holds still; a transaction that was interrupted is put in, or never was."""
        from govern.register.resubmit import resubmit

        if not self._is_current(writing):
            self.sync(writing)
            if resubmit(self, writing):
                writing.begin()
                self.sync(writing)

    @contextmanager
    def transaction(self, now: str) -> Iterator[Transaction]:
        """Write lock, sync, register's lock; what is recorded inside is committed together at the end, under one checkpoint.

        `now` is UTC ISO 8601. Nothing is written where the block raises or records nothing. Write first, show after: what the block
        prepared may leave the process only behind this context.
        """
        from govern.register.again import locked
        from govern.register.transaction import Transaction

        _ = self.keys  # before the lock: others must not wait while a passphrase is typed
        with locked(self) as writing:
            self._followed, followed = None, self._followed  # what the block raises may have left epochs behind that never came to be
            with connection.transaction(self.db):
                transaction = Transaction(self, writing, now)
                yield transaction
                self._followed = transaction.commit() or followed
        self._wipe()
