"""Versions of secrets: sealed once under a key of their own, wrapped per recipient, opened only as the ledger commits to them.

Knows bytes, contexts and keys; knows neither ledger nor store: the digest that the ledger commits to comes in as `expected`. Nobody's
word but that digest's makes a version genuine, since HPKE wraps are anonymous.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

from govern.canonical import canonical
from govern.errors import IntegrityError, Malformed
from govern.vault import hpke
from govern.vault.epoch import epoch_id, open_previous, seal_previous, unwrap_epoch, wrap_epoch
from govern.vault.keys import Keys, Recipient
from govern.vault.pad import pad, unpad
from govern.vault.secret import Masked, Secret
from govern.vault.shares import shared

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = [
    "Context",
    "DataKey",
    "SealedVersion",
    "epoch_id",
    "manifest_digest",
    "open_previous",
    "open_sealed",
    "open_with_key",
    "seal_previous",
    "seal_version",
    "set_digest",
    "unwrap_epoch",
    "unwrap_version",
    "wrap_digest",
    "wrap_digests",
    "wrap_each",
    "wrap_epoch",
    "wrap_version",
]

FORMAT: Final = 1
SUITE: Final = 1
"""AES-256-GCM for the fields, HPKE X25519 / HKDF-SHA256 / ChaCha20-Poly1305 for the wraps. There is no other, and no older one."""

_COMMITMENT: Final = b"govern/data-key/v1\0"
_NONCE: Final = 12
_WRAP: Final = 80
"""Bytes of a wrap: HPKE's encapsulated key (32), the data key (32) and its tag (16)."""
_SHARE: Final = 400
"""Seals that are worth a process: it takes a few milliseconds, and they take forty."""
CHANCE: Final = 32 + _NONCE
"""Random bytes that sealing a version takes."""


@dataclass(frozen=True, slots=True)
class Context:
    """Which secret this is: ids of vault (32 bytes), account and credential (16 each), kind of the credential, number of the version."""

    vault: bytes
    account: bytes
    credential: bytes
    kind: str
    version: int
    suite: int = SUITE
    _spelled: bytes = field(default=b"", init=False, repr=False, compare=False)

    def encode(self) -> bytes:
        """Canonical bytes, to which content, commitment and wraps are bound.

        Raises IntegrityError (code `suite`) for a suite that this program doesn't know, Malformed for ids of another length.
        """
        if not self._spelled:
            object.__setattr__(self, "_spelled", _encode(self))  # asked for once per wrap
        return self._spelled


def _encode(context: Context) -> bytes:
    if context.suite != SUITE:
        raise IntegrityError(
            "a version of an unknown suite",
            expected=str(SUITE),
            found=str(context.suite),
            code="suite",
            hint="a newer govern may have sealed it: upgrade, then run: govern ledger verify",
        )
    if (len(context.vault), len(context.account), len(context.credential)) != (32, 16, 16):
        raise Malformed("a context whose ids are not 32, 16 and 16 bytes long")
    # By hand, for speed, as the canonical bytes it is: keys in order, hex digits, kind and version as JSON spells them.
    beside = _beside(context.kind, context.vault, context.version)
    return f'{{"account":"{context.account.hex()}","credential":"{context.credential.hex()}",{beside}}}'.encode()


@lru_cache(maxsize=256, typed=True)
def _beside(kind: str, vault: bytes, version: int) -> str:
    of, number = canonical(kind).decode(), canonical(version).decode()
    return f'"format":{FORMAT},"kind":{of},"suite":{SUITE},"vault":"{vault.hex()}","version":{number}'


@dataclass(frozen=True, slots=True)
class SealedVersion:
    """What the store keeps: digest of the manifest, commitment to the data key (32 bytes each), nonce ‖ ciphertext."""

    digest: bytes
    commitment: bytes
    sealed: bytes


class DataKey(Masked):
    """The 32-byte key of one version, used for that version alone."""

    __slots__ = ("key",)

    def __init__(self, key: bytes) -> None:
        self.key = key


def seal_version(context: Context, fields: Mapping[str, Any], *, random: Callable[[int], bytes]) -> tuple[SealedVersion, DataKey]:
    """Seal one JSON object (texts in it may be `Secret`) under a fresh key. Raises Malformed for what canonical JSON can't spell."""
    bound = context.encode()
    content = pad(_spell(fields))
    key, nonce = random(32), random(_NONCE)
    sealed = nonce + _aead()(key).encrypt(nonce, content, bound)
    commitment = _commit(key, bound)
    return SealedVersion(manifest_digest(context, sealed, commitment), commitment, sealed), DataKey(key)


def manifest_digest(context: Context, sealed: bytes, commitment: bytes) -> bytes:
    """SHA-256 of the manifest (context, SHA-256 of the ciphertext, commitment): what the event that stages a version commits to.

    Spelled by hand, for speed, as the canonical bytes it is: keys in order, hex digits, and a context that is canonical already.
    """
    digest = hashlib.sha256(sealed).hexdigest()
    return hashlib.sha256(
        b'{"commitment":"%b","context":%b,"sealed":"%b"}' % (commitment.hex().encode(), context.encode(), digest.encode())
    ).digest()


def wrap_version(data_key: DataKey, context: Context, recipient: Recipient) -> bytes:
    """The data key for one recipient, 80 bytes. Raises Refused for a key nobody can seal to."""
    return hpke.seal(data_key.key, recipient.public, hpke.info(hpke.VERSION_WRAP, context.encode(), recipient.key))


def wrap_each(
    versions: Iterable[tuple[Context, SealedVersion, DataKey]], recipients: Sequence[Recipient]
) -> list[tuple[bytes, bytes, bytes]]:
    """`wrap_version` of each version for each of them: (manifest digest, recipient's key id, wrap). Nothing else is done between the seals: a
    processor is a fifth faster so. Many are shared out among the processors."""
    label, versions = hpke.info(hpke.VERSION_WRAP, b"", b""), list(versions)
    seal = hpke.sealer((one.public, one.key) for one in recipients)

    def share(start: int, stop: int) -> bytes:
        return b"".join([wrap for context, _, key in versions[start:stop] for wrap in seal(key.key, label + context.encode())])

    wraps = shared(share, len(versions), at_least=_SHARE // max(len(recipients), 1) + 1)
    named = [(version.digest, one.key) for _, version, _ in versions for one in recipients]
    return [(digest, key, wraps[at : at + _WRAP]) for (digest, key), at in zip(named, range(0, len(wraps), _WRAP), strict=True)]


def unwrap_version(wrapped: bytes, context: Context, keys: Keys, version: SealedVersion, *, expected: bytes) -> DataKey:
    """The data key, after: the ledger names this manifest → content and context are the manifest's → wrap opens → key is committed to.

    `expected` is the manifest digest from the verified ledger. Raises IntegrityError, code `manifest` for the first two, `sealed` for
    the last two, which read alike whatever failed. Shows nothing of the secret, so a drill may stop here.
    """
    bound = context.encode()
    _check_manifest(context, version, expected)
    key = keys.unseal(wrapped, hpke.info(hpke.VERSION_WRAP, bound, keys.id))
    if key is None or not hmac.compare_digest(_commit(key, bound), version.commitment):
        raise _does_not_open(context)
    return DataKey(key)


def open_sealed(version: SealedVersion, context: Context, keys: Keys, wrapped: bytes, *, expected: bytes) -> dict[str, Any]:
    """The fields, as plain values that the caller masks; raises what `unwrap_version` raises."""
    return open_with_key(version, context, keys, wrapped, expected=expected)[0]


def open_with_key(
    version: SealedVersion, context: Context, keys: Keys, wrapped: bytes, *, expected: bytes
) -> tuple[dict[str, Any], DataKey]:
    """The same, and the data key, under which more may be sealed beside the version."""
    key = unwrap_version(wrapped, context, keys, version, expected=expected)  # has held the version against the ledger
    fields = _open(version, context.encode(), key.key)
    if fields is None:
        raise _does_not_open(context)
    return fields, key


def wrap_digest(target: bytes, recipient_key_id: bytes, wrapped: bytes) -> bytes:
    """SHA-256(target ‖ recipient key id ‖ wrap); target = manifest digest (32 bytes) of a version, or epoch id (16 bytes)."""
    return hashlib.sha256(target + recipient_key_id + wrapped).digest()


def wrap_digests(wraps: Iterable[tuple[bytes, bytes, bytes]]) -> list[bytes]:
    """`wrap_digest` of each (target, recipient's key id, wrap)."""
    sha256, together = hashlib.sha256, b"".join
    return [sha256(together(wrap)).digest() for wrap in wraps]


def set_digest(digests: Iterable[bytes]) -> bytes:
    """SHA-256 of the sorted 32-byte digests: one value that commits to all wraps an event adds or ends. Raises Malformed for others."""
    ordered = sorted(digests)
    if any(len(digest) != 32 for digest in ordered):
        raise Malformed("a digest that is not 32 bytes long")
    return hashlib.sha256(b"".join(ordered)).digest()


def _check_manifest(context: Context, version: SealedVersion, expected: bytes) -> None:
    for found in (version.digest, manifest_digest(context, version.sealed, version.commitment)):
        if not hmac.compare_digest(found, expected):
            raise IntegrityError(
                f"{_which(context)} is not what the ledger commits to",
                expected=expected.hex()[:16],
                found=found.hex()[:16],
                code="manifest",
                hint="run: govern ledger verify --deep",
            )


def _open(version: SealedVersion, bound: bytes, key: bytes) -> dict[str, Any] | None:
    from cryptography.exceptions import InvalidTag

    # AES-GCM opens one ciphertext under two keys if somebody makes it so; the commitment is what rules the second key out.
    if not hmac.compare_digest(_commit(key, bound), version.commitment):
        return None
    try:
        content = unpad(_aead()(key).decrypt(version.sealed[:_NONCE], version.sealed[_NONCE:], bound))
        fields = json.loads(content) if content is not None else None
    except (InvalidTag, ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


@cache
def _aead() -> type[AESGCM]:
    """Imported where it is first needed: much that is done with versions seals and opens none."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM


def _commit(key: bytes, bound: bytes) -> bytes:
    return hashlib.sha256(_COMMITMENT + key + bound).digest()


def _spell(fields: Mapping[str, Any]) -> bytes:
    try:
        return canonical(_bare(fields, 0))
    except Malformed:
        pass  # its text or its cause may quote the value; ours does not
    raise Malformed("a secret that can't be kept: numbers with fractions, broken characters, too deep or beyond 64 KiB")


def _bare(value: Any, depth: int) -> Any:
    if isinstance(value, (str, int)):
        return value
    if isinstance(value, Secret):
        return value.reveal()
    if depth > 16:
        raise Malformed("nested too deep")
    if isinstance(value, (dict, Mapping)):
        return {name: _bare(item, depth + 1) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_bare(item, depth + 1) for item in value]
    return value


def _does_not_open(context: Context) -> IntegrityError:
    """One text for wrap, data key and content, so that nobody learns from the refusal which of them to work on."""
    return IntegrityError(f"{_which(context)} does not open", code="sealed", hint="run: govern ledger verify --deep")


def _which(context: Context) -> str:
    return f"version {context.version} ({context.kind}) of credential {context.credential.hex()}"
