"""Which compartment a fact may stand in and under which epoch, as the ledger has declared them by then. Opens nothing, judges no actor."""

from __future__ import annotations

import sqlite3

from govern import events, facts
from govern.errors import Locked, Refused
from govern.ledger.commitment import Entry
from govern.register.epochs import EpochKeys


class Compartments:
    """Those of one register, in the eyes of the member whose keys these are."""

    def __init__(self, db: sqlite3.Connection, keys: EpochKeys) -> None:
        self._db, self._keys = db, keys
        self._labels: dict[bytes, tuple[str, str]] = {}
        self._fitting: set[tuple[str, bytes, bytes]] = set()

    def label(self, compartment: bytes) -> str:
        """Its id (hex), nothing for `base`: an id of an event is used once under each, so that what stands in one can't make void what stands
        in another."""
        return self._label(compartment)[0]

    def of_one_case(self, compartment: bytes) -> str:
        """Its id (hex) where it is neither `base` nor `case`."""
        return self._label(compartment)[1]

    def _label(self, compartment: bytes) -> tuple[str, str]:
        found = self._labels.get(compartment)
        if found is None:
            base, case = self._keys.compartment("base"), self._keys.compartment("case")
            if base is None:
                return "", ""  # of the founding, which declares both
            label = "" if compartment == base else compartment.hex()
            found = self._labels[compartment] = (label, "" if compartment == case else label)
        return found

    def seen(self, compartment: bytes, index: int) -> None:
        """Remember that there is this compartment of a single case, whoever reads it."""
        if of_one_case := self.of_one_case(compartment):
            self._db.execute("INSERT OR IGNORE INTO compartments VALUES (?, ?)", (of_one_case, index))

    def check(self, event: events.Event, compartment: bytes, epoch: bytes) -> None:
        """Raise Refused for a fact that stands in another compartment than its type's, or under an epoch that was never declared."""
        if (event.type, compartment, epoch) in self._fitting or event.type == "vault.founded":  # the founding was checked as such
            return
        if event.type == "epoch.started":
            if (event.body["compartment"], event.body["epoch"]) != (compartment.hex(), epoch.hex()):
                raise Refused("an epoch's start stands under another key than its own", rule="epoch-order")
            return
        if not self.is_declared(compartment, epoch):
            raise Refused("written under an epoch that the ledger never declared", rule="undeclared-epoch")
        name = facts.FACTS[event.type].compartment
        wanted = self._keys.compartment(name)
        of_one_case = name == "case" and bool(self.of_one_case(compartment))
        if wanted is not None and wanted != compartment and not of_one_case:
            raise Refused(f"{event.type} stands in the wrong compartment", rule="compartment")
        self._fitting.add((event.type, compartment, epoch))

    def is_declared(self, compartment: bytes, epoch: bytes) -> bool:
        found = self._db.execute("SELECT 1 FROM epochs WHERE id = ? AND compartment = ?", (epoch.hex(), compartment.hex()))
        return found.fetchone() is not None

    def is_about_us(self, entry: Entry) -> bool:
        """Whether it is of a case about this very member, and under a key that they were rightly not given."""
        if self._keys.get(entry.epoch) is not None or not self.of_one_case(entry.compartment):
            return False
        query = "SELECT 1 FROM cases c JOIN keys k ON k.person = c.person WHERE c.compartment = ? AND k.id = ?"
        return self._db.execute(query, (entry.compartment.hex(), self._keys.own.hex())).fetchone() is not None

    def still_enrolled(self) -> None:
        """Nothing is withheld from a machine whose key was revoked: what follows is not for it. Raises Locked."""
        if self._db.execute("SELECT 1 FROM revocations WHERE key = ?", (self._keys.own.hex(),)).fetchone():
            raise Locked(
                "the key of this machine was revoked: what was recorded since is not for it",
                code="revoked",
                hint="ask an admin for a new invite: govern person rekey PERSON (of a service, for a new key: govern key add-service NAME)",
            )
