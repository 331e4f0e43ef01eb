"""Epoch keys of compartments: wrapped per reader, and each previous one sealed under the next. Knows keys and ids, no entries.

An epoch's id is derived from its key, so a key that somebody planted is seen before anything is sealed under it.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable
from typing import Final

from govern.errors import IntegrityError, Malformed
from govern.vault import hpke
from govern.vault.keys import Keys, Recipient

_EPOCH: Final = b"govern/epoch/v1\0"
_PREVIOUS: Final = b"govern/epoch-previous/v1\0"
_NONCE: Final = 12


def epoch_id(epoch_key: bytes) -> bytes:
    """First 16 bytes of SHA-256(label ‖ epoch key). Raises Malformed for a key that is not 32 bytes long."""
    if len(epoch_key) != 32:
        raise Malformed("an epoch key that is not 32 bytes long")
    return hashlib.sha256(_EPOCH + epoch_key).digest()[:16]


def wrap_epoch(epoch_key: bytes, epoch: bytes, recipient: Recipient) -> bytes:
    """The epoch key for one reader, 80 bytes. Raises IntegrityError (code `epoch`) where the key is not that epoch's."""
    _check(epoch_key, epoch)
    return hpke.seal(epoch_key, recipient.public, hpke.info(hpke.EPOCH_WRAP, epoch, recipient.key))


def unwrap_epoch(wrapped: bytes, epoch: bytes, keys: Keys) -> bytes:
    """The 32-byte epoch key. Raises IntegrityError (code `epoch`) for a wrap that doesn't open or holds another key."""
    return _check(keys.unseal(wrapped, hpke.info(hpke.EPOCH_WRAP, epoch, keys.id)), epoch)


def seal_previous(previous_key: bytes, epoch_key: bytes, epoch: bytes, *, random: Callable[[int], bytes] = os.urandom) -> bytes:
    """nonce ‖ AES-256-GCM of the previous epoch key under the new one, bound to label ‖ new epoch id ‖ previous epoch id."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    _check(epoch_key, epoch)
    nonce = random(_NONCE)
    return nonce + AESGCM(epoch_key).encrypt(nonce, previous_key, _PREVIOUS + epoch + epoch_id(previous_key))


def open_previous(sealed: bytes, epoch_key: bytes, epoch: bytes, previous: bytes) -> bytes:
    """The key of epoch `previous` (16-byte id). Raises IntegrityError (code `epoch`) where it doesn't open or is another's."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    _check(epoch_key, epoch)
    try:
        key = AESGCM(epoch_key).decrypt(sealed[:_NONCE], sealed[_NONCE:], _PREVIOUS + epoch + previous)
    except (InvalidTag, ValueError):
        key = None
    return _check(key, previous)


def _check(key: bytes | None, epoch: bytes) -> bytes:
    if key is None or len(key) != 32 or not hmac.compare_digest(epoch_id(key), epoch):
        raise IntegrityError(
            f"the key of epoch {epoch.hex()} is missing, altered or another one",
            code="epoch",
            hint="run: govern ledger verify",
        )
    return key
