"""The epoch keys that this member can open, and which compartment each belongs to.

Start-up order: wrap -> key -> chain of previous keys -> replay. A wrap is anonymous, so a key is only taken when it is the one that
its epoch id commits to; nothing is ever sealed under a key that did not pass this.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

from govern.errors import GovernError, IntegrityError
from govern.events import Event
from govern.ledger.commitment import EpochKey
from govern.vault.epoch import open_previous, unwrap_epoch
from govern.vault.keys import Keys

_CHAIN_LENGTH: Final = 12 + 32 + 16


class Wraps(Protocol):
    """Where wraps of epoch keys are read from: a store, or this machine's journal."""

    def epoch_wraps(self, recipient: bytes) -> Iterable[tuple[bytes, bytes]]: ...

    def chained(self, target: bytes) -> Iterable[tuple[bytes, bytes]]: ...


class EpochKeys:
    """Epoch id -> key, and the names `base` and `case` -> compartment id once genesis has declared them."""

    def __init__(self, member: Keys) -> None:
        self._member = member
        self._keys: dict[bytes, EpochKey] = {}
        self._compartments: dict[str, bytes] = {}
        self._latest: dict[bytes, bytes] = {}
        self._of: dict[bytes, bytes] = {}
        self._ended: set[bytes] = set()
        self.source: Wraps | None = None
        """Asked again when a key is missing: others may have started an epoch since."""

    def load(self, wraps: Wraps) -> None:
        """Take every epoch key that is wrapped to this member, and the previous ones sealed under them."""
        before = set(self._keys)
        for target, sealed in wraps.epoch_wraps(self._member.id):
            try:
                if target not in before:
                    self.take(unwrap_epoch(sealed, target, self._member))
            except GovernError:
                continue  # a planted or damaged wrap: missed, and named, when the ledger needs its epoch
        waiting = [epoch for epoch in self._keys if epoch not in before]
        while waiting:
            epoch = waiting.pop()
            for previous, sealed in wraps.chained(epoch):
                if previous in self._keys or len(sealed) != _CHAIN_LENGTH:
                    continue
                try:
                    waiting.append(self.take(open_previous(sealed, self._keys[epoch].key, epoch, previous)))
                except GovernError:
                    continue

    @property
    def own(self) -> bytes:
        """Id of the key that all of this is opened with."""
        return self._member.id

    def take(self, key: bytes) -> bytes:
        epoch = EpochKey(key)
        self._keys[epoch.id] = epoch
        return epoch.id

    def get(self, epoch: bytes) -> EpochKey | None:
        key = self._keys.get(epoch)
        if key is None and self.source is not None:
            self.load(self.source)
            key = self._keys.get(epoch)
        return key

    def reads(self, compartment: bytes) -> bool:
        """Whether this member reads the compartment, and may write in it: every keyholder reads `base`."""
        return (compartment in self._latest and compartment not in self._ended) or not self._latest

    def opens(self, compartment: bytes, epoch: bytes) -> bool:
        """Whether an entry is for this member: its key is there, or should be. What is for others is passed over."""
        return epoch in self._keys or self.reads(compartment)

    def end(self, compartment: bytes) -> None:
        """This member is given no later epoch of the compartment: what they could read they still can."""
        self._ended.add(compartment)

    def newest(self, compartment: bytes) -> EpochKey:
        """The key of the compartment's newest epoch."""
        key = self._keys.get(self._latest.get(compartment, b""))
        if key is None or compartment in self._ended:
            raise IntegrityError("no key for the newest epoch of a compartment", code="epoch")
        return key

    def compartment(self, name: str) -> bytes | None:
        return self._compartments.get(name)

    def current(self, name: str) -> tuple[bytes, EpochKey]:
        """Compartment id and newest epoch key to write under."""
        compartment = self._compartments[name]
        return compartment, self.newest(compartment)

    def name(self, name: str, compartment: bytes) -> None:
        """Which compartment `base` or `case` is, whoever reads it."""
        self._compartments[name] = compartment

    def remember(self, name: str, compartment: bytes, epoch: bytes) -> None:
        """What a register that was synced earlier says of a compartment's newest epoch."""
        self._of[epoch] = compartment
        if name:
            self._compartments[name] = compartment
        if epoch in self._keys or name == "base":
            self._latest[compartment] = epoch

    def declared(self, event: Event) -> None:
        """Follow whatever changes who reads what. A key that was wrapped to us and that we can't open was withheld."""
        body, own = event.body, self._member.id.hex()
        if event.type == "vault.founded":
            epochs = [body[f"{name}_epoch"] for name in ("base", "case")]
            self.need(epochs if own in (body["key"], body["recovery_key"]) else ())
            for name in ("base", "case"):
                self.remember(name, bytes.fromhex(body[name]), bytes.fromhex(body[f"{name}_epoch"]))
        elif event.type == "key.enrolled":
            self.need(body.get("epochs", ()) if own == body["key"] else ())
        elif event.type == "epoch.wrapped":
            given = [epoch for epoch, key in body["wraps"] if key == own]
            self.need(given)
            self._ended -= {self._of.get(bytes.fromhex(epoch), b"") for epoch in given}
        elif event.type == "readers.ended":
            if own in body["keys"]:
                self.end(self._of.get(bytes.fromhex(body["epoch"]), b""))
        else:
            self.need([body["epoch"]] if own in body["recipients"] else ())
            self.remember("", bytes.fromhex(body["compartment"]), bytes.fromhex(body["epoch"]))

    def need(self, epochs: Iterable[str]) -> None:
        """Refuse (IntegrityError) to go on where one of these epochs (hex ids) was wrapped to us and we have no key for it."""
        for epoch in epochs:
            if self.get(bytes.fromhex(epoch)) is None:
                raise IntegrityError("an epoch key that is ours was withheld or replaced", expected=f"a key for {epoch}", code="epoch")
