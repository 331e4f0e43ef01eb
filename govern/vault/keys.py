"""One member's keys on one machine, from one 32-byte seed: Ed25519 to sign, X25519 to be sealed to (RFC 8032, RFC 7748, RFC 5869).

Knows keys and their weaknesses; knows neither whose they are nor where the seed lies. The `cryptography` package is imported at
first use, so that reading commands never pay for it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from govern.errors import Malformed, Refused
from govern.vault import hpke
from govern.vault.secret import Masked, SecretBytes

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

SEED_BYTES: Final = 32
_PROOF: Final = hpke.POSSESSION + b"\0"

_P: Final = 2**255 - 19
_ORDER_8: Final = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER: Final = frozenset({0, 1, _P - 1, _ORDER_8, _P - _ORDER_8})
"""The y coordinates of the eight Ed25519 points of small order; an x of either sign belongs to each."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to seal to: key id (16 bytes) and X25519 public key (32 bytes), as the ledger names them."""

    key: bytes
    public: bytes


def key_id(sign_public: bytes, seal_public: bytes) -> bytes:
    """First 16 bytes of SHA-256 over both 32-byte public keys. Raises Malformed for other lengths."""
    if len(sign_public) != 32 or len(seal_public) != 32:
        raise Malformed("a public key that is not 32 bytes long")
    return hashlib.sha256(sign_public + seal_public).digest()[:16]


class Keys(Masked):
    """The private side. Nothing is derived before it is needed: a command that only signs never loads X25519."""

    __slots__ = ("_id", "_seal", "_seal_public", "_seed", "_sign", "_sign_public")

    def __init__(self, seed: SecretBytes) -> None:
        if len(seed.reveal_bytes()) != SEED_BYTES:
            raise Malformed("a seed that is not 32 bytes long")
        self._seed = seed
        self._sign: Ed25519PrivateKey | None = None
        self._seal: X25519PrivateKey | None = None
        self._sign_public: bytes | None = None
        self._seal_public: bytes | None = None
        self._id: bytes | None = None

    @classmethod
    def from_seed(cls, seed: bytes | SecretBytes) -> Keys:
        """Keys of a 32-byte seed; raises Malformed for another length."""
        return cls(seed if isinstance(seed, SecretBytes) else SecretBytes(seed))

    @property
    def id(self) -> bytes:
        """Key id, 16 bytes."""
        if self._id is None:
            self._id = key_id(self.sign_public, self.seal_public)
        return self._id

    @property
    def sign_public(self) -> bytes:
        """Ed25519 public key, 32 bytes."""
        if self._sign_public is None:
            self._sign_public = self._signer().public_key().public_bytes_raw()
        return self._sign_public

    @property
    def seal_public(self) -> bytes:
        """X25519 public key, 32 bytes."""
        if self._seal_public is None:
            self._seal_public = self._opener().public_key().public_bytes_raw()
        return self._seal_public

    @property
    def recipient(self) -> Recipient:
        return Recipient(self.id, self.seal_public)

    def sign(self, message: bytes) -> bytes:
        """Ed25519 signature, 64 bytes. Every use has its own first bytes: a checkpoint its origin, a proof its label."""
        return self._signer().sign(message)

    def unseal(self, sealed: bytes, bound: bytes) -> bytes | None:
        """What `hpke.seal` sealed to these keys under the same binding; None for every reason why not."""
        return hpke.unseal(sealed, self._opener(), bound)

    def agree(self, public: bytes, bound: bytes) -> bytes:
        """32 bytes that only the holders of these keys and of the other sealing key can compute (RFC 7748, RFC 5869), for this use alone.

        Raises Refused (code `weak-key`) for a key of small order.
        """
        try:
            shared = self._opener().exchange(hpke.load_public(public))
        except ValueError:
            pass  # raised below, outside of the handler, so that no foreign exception hangs on ours
        else:
            return _derive(SecretBytes(shared), hpke.info(hpke.POSSESSION, b"agreed\0", bound))
        raise Refused("a sealing key of small order: nothing is sealed to it", code="weak-key")

    def _signer(self) -> Ed25519PrivateKey:
        if self._sign is None:
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

            self._sign = Ed25519PrivateKey.from_private_bytes(_derive(self._seed, b"govern/sign/v1"))
        return self._sign

    def _opener(self) -> X25519PrivateKey:
        if self._seal is None:
            from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

            self._seal = X25519PrivateKey.from_private_bytes(_derive(self._seed, b"govern/seal/v1"))
        return self._seal


def check_public(sign_public: bytes, seal_public: bytes) -> None:
    """Refuse (Refused, code `weak-key`) keys that anybody could have signed for, or to which nothing stays sealed.

    With an Ed25519 key of small order one fixed signature fits every message; an X25519 key of low order makes a shared secret of
    zeros (RFC 7748 section 6.1). Encodings that aren't reduced modulo p name the same points and are refused with them.
    """
    key_id(sign_public, seal_public)
    y = int.from_bytes(sign_public, "little") & (2**255 - 1)
    if y % _P in _SMALL_ORDER:
        raise Refused("a signing key of small order: anybody could sign for it", code="weak-key")
    if not _contributes(seal_public):
        raise Refused("a sealing key of small order: nothing is sealed to it", code="weak-key")


def _contributes(seal_public: bytes) -> bool:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    try:
        X25519PrivateKey.from_private_bytes(bytes(range(32))).exchange(hpke.load_public(seal_public))
    except ValueError:
        return False
    return True


def prove_possession(keys: Keys, challenge: bytes) -> bytes:
    """Signature over label, both public keys and the challenge: also ties the sealing key to the one that signs."""
    return keys.sign(_PROOF + keys.sign_public + keys.seal_public + challenge)


def check_possession(sign_public: bytes, seal_public: bytes, challenge: bytes, proof: bytes) -> None:
    """Raises Refused (code `possession`) unless `proof` was made by the holder of these very keys for this challenge."""
    check_public(sign_public, seal_public)
    if not verify(sign_public, _PROOF + sign_public + seal_public + challenge, proof):
        raise Refused("the proof does not show that the sender holds these keys", code="possession")


def verify(sign_public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the 64-byte Ed25519 signature fits; any other length or a key that is no point: no."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(sign_public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _derive(seed: SecretBytes, info: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(algorithm=SHA256(), length=32, salt=b"", info=info).derive(seed.reveal_bytes())
