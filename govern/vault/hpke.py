"""HPKE (RFC 9180), base mode, X25519 + HKDF-SHA256 + ChaCha20-Poly1305, one message per encapsulation. Knows keys as raw bytes only.

Whoever holds the public key can seal, so an opened wrap says nothing of its maker: what may be trusted is decided by digests that the
ledger commits to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from govern.errors import Refused

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.hpke import Suite

VERSION_WRAP: Final = b"govern/version-wrap/v1"
EPOCH_WRAP: Final = b"govern/epoch-wrap/v1"
POSSESSION: Final = b"govern/possession/v1"


def info(label: bytes, context: bytes, key: bytes) -> bytes:
    """What a wrap is bound to: use, context and recipient (16-byte key id). The label holds no zero byte, so the parts can't shift."""
    return b"%b\0%b%b" % (label, context, key)


def seal(message: bytes, public: bytes, bound: bytes) -> bytes:
    """`message` sealed to the 32-byte X25519 key; 48 bytes longer than it. Raises Refused for a key nobody can seal to."""
    try:
        return suite().encrypt(message, load_public(public), info=bound)
    except ValueError:
        pass  # raised below, outside of the handler, so that no foreign exception hangs on ours
    raise _weak()


def sealer(to: Iterable[tuple[bytes, bytes]]) -> Callable[[bytes, bytes], list[bytes]]:
    """What seals a message to many, message after message: to pairs of public key and key id. It takes the message and its context (an `info` without
    a key), and binds each wrap to that and its own key id. Raises, and it raises, Refused for a key nobody can seal to."""
    encrypt, each = suite().encrypt, [(load_public(public), key) for public, key in to]

    def seal(message: bytes, context: bytes) -> list[bytes]:
        try:
            return [encrypt(message, public, info=context + key) for public, key in each]
        except ValueError:
            pass  # as in `seal` above
        raise _weak()

    return seal


def unseal(sealed: bytes, private: X25519PrivateKey, bound: bytes) -> bytes | None:
    """The message, or None for every reason why it doesn't open: other key, other binding, altered, too short."""
    from cryptography.exceptions import InvalidTag

    try:
        return suite().decrypt(sealed, private, info=bound)
    except (InvalidTag, ValueError):
        return None


@cache
def suite() -> Suite:
    """The one suite of format 1."""
    from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


def _weak() -> Refused:
    return Refused("a sealing key of small order: nothing is sealed to it", code="weak-key")


@lru_cache(maxsize=4096)
def load_public(public: bytes) -> X25519PublicKey:
    """The key object, kept: a batch of a thousand wraps meets the same few recipients again and again."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

    if len(public) != 32:
        raise Refused(f"a sealing key of {len(public)} bytes, not 32", code="weak-key")
    return X25519PublicKey.from_public_bytes(public)
