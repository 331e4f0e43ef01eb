"""An enrolled member who writes what our program would never write: rows and a checkpoint that are validly signed, and anything inside."""

from __future__ import annotations

import os
from typing import Any

from govern.canonical import canonical
from govern.cli import settings
from govern.ledger.checkpoint import Checkpoint, origin
from govern.ledger.commitment import Entry, EpochKey, commit, pad, seal_entry
from govern.ledger.merkle import CompactRange
from govern.ledger.note import sign_note
from govern.vault.keys import Keys

from .vaults import Machine


class Insider:
    """Signs with the keys of one machine; knows the epoch keys that its member can open."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.keys: Keys = machine.keys()
        with machine.opened() as workspace, workspace.store.reading() as reading:
            workspace.view()
            self.vault, self.person = workspace.vault, workspace.person
            epochs = workspace.fresh_epochs(reading)
            rows = workspace.db.execute("SELECT compartment, id FROM epochs ORDER BY entry").fetchall()
        opened = [(bytes.fromhex(compartment), epochs.get(bytes.fromhex(epoch))) for compartment, epoch in rows]
        self.epochs: list[tuple[bytes, EpochKey]] = [(compartment, key) for compartment, key in opened if key is not None]

    @property
    def base(self) -> tuple[bytes, EpochKey]:
        return [one for one in self.epochs if one[0] == self.epochs[0][0]][-1]

    @property
    def case(self) -> tuple[bytes, EpochKey]:
        return [one for one in self.epochs if one[0] == self.epochs[1][0]][-1]

    def event(self, type_: str, body: dict[str, Any], **envelope: Any) -> dict[str, Any]:
        """The envelope as it should be, with whatever is given in its place."""
        return {
            "v": 1, "id": os.urandom(16).hex(), "type": type_, "actor": self.person, "key": self.keys.id.hex(), "at": settings.now(), "body": body,
            **envelope,
        }  # fmt: skip

    def write(self, *entries: dict[str, Any] | bytes | Entry, **sealing: Any) -> int:
        """One transaction; the index of its first entry. An event is an object, or its bytes, or the whole row."""
        with self.machine.database() as db:
            rows = db.execute("SELECT * FROM entry ORDER BY idx").fetchall()
            tree = CompactRange()
            for row in rows:
                tree.append(Entry(*row).leaf())
            for number, one in enumerate(entries, len(rows)):
                entry = one if isinstance(one, Entry) else self.seal(number, one if isinstance(one, bytes) else canonical(one), **sealing)
                tree.append(entry.leaf())
                db.execute(
                    "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)",
                    (number, entry.compartment, entry.epoch, entry.commitment, entry.sealed, entry.personal),
                )
            text = Checkpoint(origin(self.vault), tree.size, tree.root()).text()
            note = sign_note(text, name=self.keys.id.hex(), public=self.keys.sign_public, sign=self.keys.sign)
            db.execute("INSERT INTO checkpoint VALUES (?, ?)", (tree.size, note))
        return len(rows)

    def seal(
        self, index: int, data: bytes, *, under: tuple[bytes, EpochKey] | None = None, personal: tuple[bytes, bytes] | None = None
    ) -> Entry:
        compartment, epoch = under or self.base
        return seal_entry(
            vault=self.vault, index=index, compartment=compartment, epoch=epoch, event=data, salt=os.urandom(32), personal=personal,
            random=os.urandom,
        )  # fmt: skip

    def garbage(self, index: int, plain: bytes | None = None, *, commitment: bytes = b"") -> Entry:
        """A row that does not open, or opens to what was not committed to."""
        compartment, epoch = self.base
        nonce = os.urandom(12)
        aad = self.vault + index.to_bytes(8, "big") + compartment + epoch.id + b"event"
        sealed = nonce + (os.urandom(272) if plain is None else epoch.aead.encrypt(nonce, plain, aad))
        return Entry(index, compartment, epoch.id, commitment or os.urandom(32), sealed, None)

    def committed(self, data: bytes) -> tuple[bytes, bytes, bytes]:
        """Salt, plaintext and commitment of an event, as they should be."""
        salt = os.urandom(32)
        return salt, pad(salt + data), commit(salt, data)
