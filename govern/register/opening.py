"""Replay, step 5: opens entries and personal parts with the epoch keys that this member has; knows whose key may be missing, and no rule.

What does not open although we have its key is its signer's doing (Unopenable); a key that is withheld from us is the store's (IntegrityError).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

from govern import events
from govern.errors import IntegrityError, Malformed
from govern.ledger.commitment import Entry, Unopenable, open_event, open_personal
from govern.register.actors import Actors
from govern.register.compartments import Compartments
from govern.register.epochs import EpochKeys
from govern.register.projection import erasing
from govern.vault.keys import key_id


class Opening:
    """Opens entries of one vault for one judge; `tell` takes down a finding: index, code, key, message."""

    def __init__(
        self,
        db: sqlite3.Connection,
        *,
        vault: bytes,
        keys: EpochKeys,
        compartments: Compartments,
        actors: Actors,
        tell: Callable[[int, str, bytes, str], None],
    ) -> None:
        self.db = db
        self.vault = vault
        self.keys = keys
        self.compartments = compartments
        self._actors = actors
        self._tell = tell
        self.missing: dict[int, IntegrityError] = {}
        """Personal parts that are gone or altered, by index."""

    def founding(self, entry: Entry, key: bytes) -> bytes:
        """Entry 0 must be the founding of this vault by the very key that signs it; its public signing key."""
        try:
            event = events.decode_event(self.open(entry))
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

    def open(self, entry: Entry) -> bytes:
        """Bytes of the event. Unopenable where they don't open with their epoch's key; IntegrityError where that key is withheld from us."""
        epoch = self.keys.get(entry.epoch)
        if epoch is None:
            self.compartments.still_enrolled()
            raise IntegrityError(
                "no key for its epoch: the wrap was withheld or replaced",
                index=entry.index,
                expected=f"a key for {entry.epoch.hex()}",
                code="epoch",
            )
        return open_event(entry, vault=self.vault, epoch=epoch)[1]

    def may_declare(self, entry: Entry, key: bytes) -> bool:
        """Whether an entry whose key we lack may be the start of an epoch whose wrap is withheld from us, or follow one.

        The start of an epoch stands under its own key, so that it can't be read without. Only admins, HR, recovery and a
        service that makes cuts start one: what anybody else signs under an epoch that the ledger never declared is void, and stops nobody.
        """
        if self.keys.get(entry.epoch) is not None or entry.index == 0:
            return True
        if self.compartments.is_declared(entry.compartment, entry.epoch):
            return True
        signer = self._actors.signer(key)
        if signer is None or signer.is_recovery:
            return True
        may = (
            "SELECT 1 FROM roles WHERE person = :person AND role IN ('admin', 'hr')"
            " UNION ALL SELECT 1 FROM services WHERE person = :person AND ended IS NULL AND instr(purposes, 'run-due')"
        )
        return self.db.execute(may, {"person": signer.person}).fetchone() is not None

    def personal(self, entry: Entry, event: events.Event) -> Mapping[str, Any]:
        """The personal part; empty where there is none, where it is gone or altered (`missing`, which an erasure may explain), or malformed."""
        if event.personal is None:
            if entry.personal is not None:
                raise IntegrityError("a personal part that its event does not commit to", index=entry.index, code="personal")
            return {}
        if entry.personal is None:
            gone = IntegrityError("its personal part is gone and no erasure says so", index=entry.index, code="personal")
            self.missing[entry.index] = gone
            return {}
        key = self.keys.get(entry.epoch)
        assert key is not None  # noqa: S101  the event itself was opened with it
        try:
            data = open_personal(entry, vault=self.vault, epoch=key, committed=bytes.fromhex(event.personal))
        except IntegrityError as error:
            self.missing[entry.index] = error
            return {}
        try:
            return events.decode_personal(event.type, data)
        except Malformed as error:
            # Whether an entry counts must not hang on what an erasure may take away.
            self._tell(entry.index, erasing.MALFORMED, bytes.fromhex(event.key), error.message)
            return {}
