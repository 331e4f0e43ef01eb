"""Which earlier secrets a credential had, so that a reused one is noticed. Knows fields of a version, no ledger.

HMAC-SHA-256 under a random key of the credential; key and fingerprints lie inside the sealed version and go from version to version, or beside
it, sealed under its data key, where they were carried on after it was sealed. Nothing derived from a secret stands in the open: whoever can read
a fingerprint can read the secret of that version as well.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from govern.canonical import canonical
from govern.errors import Malformed
from govern.vault.pad import pad, unpad
from govern.vault.secret import Secret

if TYPE_CHECKING:
    from govern.vault.seal import Context, DataKey

FIELD: Final = "fingerprints"
KEPT: Final = 200
"""The newest fingerprints that are kept: what an entry, and a version beside its secret, has room for."""

_BESIDE: Final = b"govern/fingerprints/v1\0"
_NONCE: Final = 12
_MARK: Final = re.compile(r"[0-9a-f]{64}\Z").match
_MOST: Final = 2**31


def remember(previous: Mapping[str, Any] | None, secret: Secret | str, version: int, random: Callable[[int], bytes]) -> dict[str, Any]:
    """The `fingerprints` object of a new version's fields: {"key": hex, "seen": [[version, hex], …]}, the new secret included.

    `previous`: fields (or their `fingerprints`) of the latest earlier version, None for the first. Raises Malformed for odd ones.
    """
    return held_against(previous, secret, version, random)[0]


def held_against(
    previous: Mapping[str, Any] | None, secret: Secret | str, version: int, random: Callable[[int], bytes]
) -> tuple[dict[str, Any], int | None]:
    """`remember`, and what `reused` says of the same: the latest version that had this very secret, or None."""
    key, seen = _read(previous)
    if key is None:
        key = random(32)
    mark = _mark(key, secret)
    kept = [[n, other] for n, other in seen if n != version]
    return {"key": key.hex(), "seen": [*kept, [version, mark]][-KEPT:]}, _latest(mark, seen)


def reused(fields: Mapping[str, Any] | None, secret: Secret | str) -> int | None:
    """The latest version that had this very secret, or None. Raises Malformed for odd fields."""
    key, seen = _read(fields)
    if key is None:
        return None
    return _latest(_mark(key, secret), seen)


def marks(fields: Mapping[str, Any]) -> dict[str, Any] | None:
    """The fingerprints that these fields carry, spelled as `remember` spells them; None for none. Raises Malformed for odd ones."""
    key, seen = _read(fields)
    return None if key is None else {"key": key.hex(), "seen": [list(one) for one in seen]}


def seal_beside(marks: Mapping[str, Any], context: Context, data_key: DataKey, *, random: Callable[[int], bytes]) -> bytes:
    """Fingerprints for whoever can open this version: nonce ‖ AES-256-GCM under HMAC-SHA-256(data key, label ‖ context), bound to the context."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    bound, nonce = context.encode(), random(_NONCE)
    content = pad(canonical({**marks, "seen": list(marks["seen"])[-KEPT:]}))
    return nonce + AESGCM(_beside(data_key, bound)).encrypt(nonce, content, bound)


def open_beside(sealed: bytes, context: Context, data_key: DataKey) -> Mapping[str, Any]:
    """What `seal_beside` sealed. Raises Malformed for whatever else an entry may hold."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    bound = context.encode()
    try:
        content = unpad(AESGCM(_beside(data_key, bound)).decrypt(sealed[:_NONCE], sealed[_NONCE:], bound))
        found = json.loads(content or b"null")
    except (InvalidTag, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or _read(found)[0] is None:
        raise Malformed("fingerprints of earlier secrets that can't be read")
    return found


def _beside(data_key: DataKey, bound: bytes) -> bytes:
    return hmac.digest(data_key.key, _BESIDE + bound, "sha256")


def _latest(mark: str, seen: Sequence[tuple[int, str]]) -> int | None:
    return max((version for version, other in seen if hmac.compare_digest(mark, other)), default=None)


def _mark(key: bytes, secret: Secret | str) -> str:
    value = secret.reveal() if isinstance(secret, Secret) else secret
    return hmac.digest(key, value.encode("utf-8", "surrogatepass"), "sha256").hex()


def _read(fields: Mapping[str, Any] | None) -> tuple[bytes | None, list[tuple[int, str]]]:
    if fields is None:
        return None, []
    found = fields.get(FIELD) if FIELD in fields else fields if "seen" in fields else None
    if found is None:
        return None, []
    if (
        isinstance(found, Mapping)
        and isinstance(seen := found.get("seen"), list)
        and _is_mark(found.get("key"))
        and all(map(_is_seen, seen))
    ):
        return bytes.fromhex(found["key"]), [(version, mark) for version, mark in seen[-KEPT:]]
    raise Malformed("fingerprints of earlier secrets that can't be read")


def _is_mark(value: object) -> bool:
    return isinstance(value, str) and _MARK(value) is not None


def _is_seen(value: object) -> bool:
    """A version's number and its fingerprint: what others sealed may hold anything, and is written on from here."""
    return isinstance(value, list | tuple) and len(value) == 2 and type(value[0]) is int and 0 < value[0] < _MOST and _is_mark(value[1])
