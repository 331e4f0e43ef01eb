"""The parts of one member of one vault on one machine: store, register, journal, pin and keys, each opened when it is first asked for.

Knows where they are and how far they reach; how they are brought up to date, and used together, is known above (`catching_up`, `workspace`).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from govern.errors import Locked
from govern.register import connection

if TYPE_CHECKING:
    import sqlite3

    from govern.register.epochs import EpochKeys
    from govern.register.journal import Journal
    from govern.store.address import Location
    from govern.store.database import Store
    from govern.store.reading import Reading
    from govern.vault.keys import Keys


_ENDED = """
SELECT s.compartment FROM readers_ended r JOIN epochs s ON s.id = r.epoch WHERE r.key = :own AND NOT EXISTS (
  SELECT 1 FROM epoch_wraps w JOIN epochs t ON t.id = w.epoch WHERE w.key = :own AND t.compartment = s.compartment AND w.entry > r.entry)
"""
"""Compartments whose later epochs this member is not given any more."""


class Parts:
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
        self.checkpoint, self.anew = checkpoint, anew
        self.pin_path = home / "pin"
        self._unlock, self._reader = unlock, reader
        self._db: sqlite3.Connection | None = None
        self._store: Store | None = None
        self._keys: Keys | None = None
        self._epochs: EpochKeys | None = None
        self._journal: Journal | None = None

    @property
    def db(self) -> sqlite3.Connection:
        """The register's connection, whatever its state; ask `Workspace.view` for a trusted one."""
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

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None
        if self._store is not None:
            self._store.close()
            self._store = None

    # --- how far the journal reaches --------------------------------------------------------------------------------------------------

    def ends(self) -> tuple[int, int]:
        """Where the journal and its side file ended when the register was last written."""
        main, side = connection.states(self.db, "journal_end", "side_end")
        return main or 0, side or 0

    def save_ends(self, ends: tuple[int, int]) -> None:
        connection.save(self.db, journal_end=ends[0], side_end=ends[1])

    # --- epoch keys -------------------------------------------------------------------------------------------------------------------

    @property
    def epochs(self) -> EpochKeys:
        if self._epochs is None:
            raise Locked("no epoch key was opened yet")
        return self._epochs

    @property
    def knows_epochs(self) -> bool:
        """Whether they were asked of a snapshot already."""
        return self._epochs is not None

    def open_epochs(self, reading: Reading, *, anew: bool = False) -> None:
        """Have the epoch keys ready, and ask this snapshot for those that are missing; `anew`: for all of them."""
        if self._epochs is None or anew:
            self._epochs = self.fresh_epochs(reading)
        self._epochs.source = reading

    def fresh_epochs(self, reading: Reading) -> EpochKeys:
        """Every epoch key that this member can open, knowing nothing yet of compartments: for a replay from the beginning."""
        from govern.register.epochs import EpochKeys

        epochs = EpochKeys(self.reader)
        epochs.load(reading)
        return epochs

    def remember_epochs(self) -> None:
        """What the register says of compartments: which there are, which epoch of each is the newest, which are no longer ours."""
        import json

        founding = connection.state(self.db, "founding")
        if founding is None:
            return
        body, own = json.loads(founding), self.reader.id.hex()
        names = {body["base"]: "base", body["case"]: "case"}
        for compartment, name in names.items():
            self.epochs.name(name, bytes.fromhex(compartment))
        for compartment, epoch in self.db.execute("SELECT compartment, id FROM epochs ORDER BY number").fetchall():
            self.epochs.remember(names.get(compartment, ""), bytes.fromhex(compartment), bytes.fromhex(epoch))
        for (compartment,) in self.db.execute(_ENDED, {"own": own}).fetchall():
            self.epochs.end(bytes.fromhex(compartment))
        ours = self.db.execute("SELECT epoch FROM epoch_wraps WHERE key = ?", (own,)).fetchall()
        self.epochs.need(epoch for (epoch,) in ours)
