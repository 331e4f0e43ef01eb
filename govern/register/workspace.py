"""One member of one vault on one machine: store, register, journal, pin and keys together, and the two ways to use them.

`view` is for reading: where the store's head is the pinned one it needs neither keys nor cryptography. `transaction` is the only way to
add to the ledger. Both first bring the register to the store's head, and refuse a store that was rolled back, forked or altered.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from govern.errors import Failed
from govern.register import collecting, connection
from govern.register.parts import Parts
from govern.register.pin import Pin, read_pin
from govern.store.address import Server
from govern.store.peek import peek

if TYPE_CHECKING:
    from govern.register.reached import Reached
    from govern.register.transaction import Transaction
    from govern.store.writing import Writing


class Workspace(Parts):
    """The parts of a member, used together."""

    _followed: bytes | None = None
    """Note of the checkpoint up to which `epochs` has followed the ledger."""
    _reached: Reached | None = None
    """The register at that checkpoint, after a transaction of this process."""

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
        from govern.register import catching_up

        _ = self.keys  # before the lock: others must not wait while a passphrase is typed
        with connection.transaction(self.db), self.store.reading() as reading:
            # The snapshot is taken under the lock, so that no other process of this member can pin anything newer.
            self._reached, self._followed = None, catching_up.advance(self, reading)
        self._wipe()
        return self.db

    def _stands_at(self, pin: Pin) -> bool:
        db = self.db
        return connection.is_usable(db) and connection.state(db, "note") == pin.note and connection.state(db, "wipe") is None

    def _wipe(self) -> None:
        """Where an erasure was read, forget what it names."""
        from govern.register import wipe

        if wipe.is_due(self.db):
            wipe.wipe(self)

    def erase_again(self) -> int:
        """Drop what was erased and has come back into the store, with a backup; how many parts and versions."""
        from govern.register import calendar_files, wipe

        gone = wipe.erased(self.view())
        calendar_files.forget(self.home, self.db, self.vault)
        return wipe.from_store(self, gone) if any(gone) else 0

    # --- writing --------------------------------------------------------------------------------------------------------------------

    def sync(self, writing: Writing) -> None:
        """Verify and apply everything behind the register, journal it, move the pin."""
        from govern.register import catching_up

        with connection.transaction(self.db):
            self._reached, self._followed = None, catching_up.advance(self, writing)

    def _is_current(self, writing: Writing, pin: Pin | None) -> bool:
        """Whether pin, register, journal and epoch keys all stand at the store's head, which the write lock holds still: nothing to do."""
        return (
            pin is not None
            and self._followed == pin.note
            and writing.head() == (pin.size, pin.note)
            and (self._reached.ends if self._reached is not None else self._ends_at(pin)) == self.journal.ends()
        )

    def _ends_at(self, pin: Pin) -> tuple[int, int] | None:
        """Where the journal ended when the register came to stand at this pin; None where it stands elsewhere."""
        if not connection.is_usable(self.db) or connection.state(self.db, "note") != pin.note:
            return None
        return self.ends()

    def _at(self, pin: Pin | None) -> Reached:
        """The register, which a write transaction holds still: as this process left it, or read anew."""
        from govern.register import reached

        left, self._reached = self._reached, None
        if left is None:
            return reached.read(self)
        if left.is_still(self.db):
            return left
        if pin is None or self._ends_at(pin) is None:
            raise Failed("the register was put elsewhere at the same moment", code="race", hint="run the command again")
        return reached.read(self)

    def catch_up(self, writing: Writing) -> Pin | None:
        """Bring everything to the head that the write lock holds still; a transaction that was interrupted is put in, or never was. The pin."""
        pin = read_pin(self.pin_path)
        if self._is_current(writing, pin):
            return pin
        from govern.register.resubmit import resubmit

        self.sync(writing)
        if resubmit(self, writing):
            writing.begin()
            self.sync(writing)
        return read_pin(self.pin_path)

    @contextmanager
    def transaction(self, now: str) -> Iterator[Transaction]:
        """Write lock, sync, register's lock; what is recorded inside is committed together at the end, under one checkpoint.

        `now` is UTC ISO 8601. Nothing is written where the block raises or records nothing. Write first, show after: what the block
        prepared may leave the process only behind this context.
        """
        from govern.register.again import locked
        from govern.register.transaction import Transaction

        _ = self.keys  # before the lock: others must not wait while a passphrase is typed
        with locked(self) as (writing, pin):
            self._followed, followed = None, self._followed  # what the block raises may have left epochs behind that never came to be
            with collecting.held_off(), connection.transaction(self.db):
                reached = self._at(pin)
                transaction = Transaction(self, writing, now, pin=pin, reached=reached)
                yield transaction
                note = transaction.commit()
            self._followed, self._reached = note or followed, reached if note else None
        if note is None or transaction.wipe_due is not None:
            self._wipe()
