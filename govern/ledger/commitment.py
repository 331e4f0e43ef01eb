"""Entries: how an event becomes committed, sealed bytes at an index, and how these are opened again.

Knows salts, paddings, keys of epochs and the layout of a leaf; not what an event says, nor who may record or read it.

    commitment = HMAC-SHA-256(salt, event)                             salt: 32 random bytes
    sealed     = nonce (12) ‖ AES-256-GCM(epoch key, pad(salt ‖ event), aad)
    aad        = vault id (32) ‖ index (8, big-endian) ‖ compartment (16) ‖ epoch (16) ‖ "event" or "personal"
    leaf data  = 0x01 ‖ compartment ‖ epoch ‖ commitment ‖ SHA-256(sealed)     (97 bytes)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from govern.errors import GovernError, IntegrityError, Malformed

ID_BYTES: Final = 16
"""Length of the ids of compartments, epochs and keys."""
SALT_BYTES: Final = 32
NONCE_BYTES: Final = 12
PAD_STEP: Final = 256
_LEAF_START: Final = b"\x00\x01"  # RFC 6962's mark of a leaf, then the format of the leaf data
_EPOCH_LABEL: Final = b"govern/epoch/v1\x00"
_EVENT: Final = b"event"
_PERSONAL: Final = b"personal"
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))
_INNER_REST, _OUTER_REST = (bytes([pad]) * 32 for pad in (0x36, 0x5C))
"""HMAC's inner and outer key are the salt, and zeros up to SHA-256's block of 64 bytes, XOR these."""
_UNREADABLE: Final = (InvalidTag, Malformed, ValueError, TypeError, AttributeError, OverflowError)


class Unopenable(GovernError):
    """An entry that does not open with the key of its epoch, or opens to other bytes than were committed to. One text for all causes."""

    exit_code = 6
    code = "unopenable"

    def __init__(self, index: int) -> None:
        super().__init__(f"entry {index}: it can't be opened with the key of its epoch")


@dataclass(slots=True)
class Entry:
    """One row of the ledger, as the store keeps it. Only `personal` may be dropped later; it is not part of the leaf.

    Never changed, but not frozen either: making it would cost as much as hashing its leaf.
    """

    index: int
    compartment: bytes
    epoch: bytes
    commitment: bytes
    sealed: bytes
    personal: bytes | None = None

    def leaf(self) -> bytes:
        """The entry's leaf hash; IntegrityError where a column is no bytes or of another length (a byte could move to its neighbour)."""
        try:
            if len(self.compartment) == len(self.epoch) == 16 and len(self.commitment) == 32:
                return sha256(_LEAF_START + self.compartment + self.epoch + self.commitment + sha256(self.sealed).digest()).digest()
        except TypeError:
            pass
        raise IntegrityError("its columns are not of their kind", index=self.index)


class EpochKey:
    """The key of one compartment during one epoch; masked when printed, never pickled. Raises Malformed unless 32 bytes."""

    __slots__ = ("aead", "id", "key")

    def __init__(self, key: bytes) -> None:
        self.id = epoch_id(key)
        self.key = key
        self.aead = AESGCM(key)

    def __repr__(self) -> str:
        return f"EpochKey({self.id.hex()}, key=***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("an epoch key is not pickled")


def epoch_id(key: bytes) -> bytes:
    """First 16 bytes of SHA-256(label ‖ epoch key): a planted key is seen before it is used."""
    if len(key) != 32:
        raise Malformed("an epoch key is not of 32 bytes")
    return sha256(_EPOCH_LABEL + key).digest()[:ID_BYTES]


def commit(salt: bytes, data: bytes) -> bytes:
    """HMAC-SHA-256(salt, data). Another length of salt is refused: HMAC fills keys up with zeros, so two would commit alike.

    Spelled out (RFC 2104 §2): `hmac.digest` looks its algorithm up each time, and takes three times as long.
    """
    if len(salt) != SALT_BYTES:
        raise Malformed("a salt is not of 32 bytes")
    inner = sha256(salt.translate(_INNER) + _INNER_REST + data).digest()
    return sha256(salt.translate(_OUTER) + _OUTER_REST + inner).digest()


def vault_id(commitment: bytes) -> bytes:
    """SHA-256 of the commitment of entry 0 (32 bytes)."""
    return sha256(commitment).digest()


def pad(data: bytes) -> bytes:
    """`data` ‖ 0x80 ‖ zeros up to the next multiple of 256 bytes (ISO/IEC 7816-4)."""
    return data + b"\x80" + bytes(-(len(data) + 1) % PAD_STEP)


def unpad(data: bytes) -> bytes:
    """What `pad` was given; anything that it would not have made is Malformed."""
    end = data.rfind(b"\x80")
    if end < 0 or data[end + 1 :] != bytes(-(end + 1) % PAD_STEP):
        raise Malformed("the padding is not of ISO/IEC 7816-4 in steps of 256 bytes")
    return data[:end]


def seal_entry(
    *,
    vault: bytes,
    index: int,
    compartment: bytes,
    epoch: EpochKey,
    event: bytes,
    salt: bytes,
    personal: tuple[bytes, bytes] | None,
    random: Callable[[int], bytes],
) -> Entry:
    """Commit to `event` with `salt` and seal both for `index`; likewise the personal part, given as (its salt, its bytes).

    `random(n)` gives n random bytes; it is asked for nonces only. Raises Malformed for ids, salts or an index of another length.
    """
    if len(vault) != 32 or len(compartment) != ID_BYTES or not 0 <= index < 2**63:
        raise Malformed("an entry with a vault, compartment or index that is not of its kind")
    if personal is not None and len(personal[0]) != SALT_BYTES:
        raise Malformed("a salt is not of 32 bytes")
    place = vault + index.to_bytes(8, "big") + compartment + epoch.id
    commitment = commit(salt, event)
    nonce = random(NONCE_BYTES)
    sealed = nonce + epoch.aead.encrypt(nonce, pad(salt + event), place + _EVENT)
    kept = None
    if personal is not None:
        nonce = random(NONCE_BYTES)
        kept = nonce + epoch.aead.encrypt(nonce, pad(personal[0] + personal[1]), place + _PERSONAL)
    return Entry(index, compartment, epoch.id, commitment, sealed, kept)


def _open(entry: Entry, sealed: bytes, committed: bytes, label: bytes, vault: bytes, epoch: EpochKey) -> tuple[bytes, bytes]:
    """(salt, bytes) of one sealed part; raises one of `_UNREADABLE`."""
    if entry.epoch != epoch.id or len(vault) != 32 or len(entry.compartment) != ID_BYTES:
        raise Malformed("not the key of this epoch")
    aad = vault + entry.index.to_bytes(8, "big") + entry.compartment + entry.epoch + label
    plain = unpad(epoch.aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], aad))
    salt, data = plain[:SALT_BYTES], plain[SALT_BYTES:]
    if commit(salt, data) != committed:
        raise Malformed("not what was committed to")
    return salt, data


def open_event(entry: Entry, *, vault: bytes, epoch: EpochKey) -> tuple[bytes, bytes]:
    """(salt, event bytes), checked against AES-GCM, padding and commitment; Unopenable for whatever is wrong."""
    try:
        return _open(entry, entry.sealed, entry.commitment, _EVENT, vault, epoch)
    except _UNREADABLE:
        raise Unopenable(entry.index) from None


def open_personal(entry: Entry, *, vault: bytes, epoch: EpochKey, committed: bytes) -> bytes:
    """Bytes of the personal part, whose commitment (32 bytes) the event names; IntegrityError where altered or absent.

    Whether an absent part was rightly erased is for the caller to know.
    """
    return opened_personal(entry, vault=vault, epoch=epoch, committed=committed)[1]


def opened_personal(entry: Entry, *, vault: bytes, epoch: EpochKey, committed: bytes) -> tuple[bytes, bytes]:
    """(salt, bytes) of the same."""
    try:
        if entry.personal is not None:
            return _open(entry, entry.personal, committed, _PERSONAL, vault, epoch)
    except _UNREADABLE:
        raise IntegrityError("its personal part was altered", index=entry.index, code="personal-altered") from None
    raise IntegrityError("its personal part is missing", index=entry.index, code="personal-missing")
