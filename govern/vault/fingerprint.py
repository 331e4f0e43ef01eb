"""Which earlier secrets a credential had, so that a reused one is noticed. Knows fields of a version, no ledger.

HMAC-SHA-256 under a random key of the credential; key and fingerprints lie inside the sealed version and go from version to version.
Nothing derived from a secret stands outside: whoever can read a fingerprint can read the secret as well.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from govern.errors import Malformed
from govern.vault.secret import Secret

FIELD = "fingerprints"


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
    return {"key": key.hex(), "seen": [*kept, [version, mark]]}, _latest(mark, seen)


def reused(fields: Mapping[str, Any] | None, secret: Secret | str) -> int | None:
    """The latest version that had this very secret, or None. Raises Malformed for odd fields."""
    key, seen = _read(fields)
    if key is None:
        return None
    return _latest(_mark(key, secret), seen)


def _latest(mark: str, seen: Sequence[tuple[int, str]]) -> int | None:
    return max((version for version, other in seen if hmac.compare_digest(mark, other)), default=None)


def _mark(key: bytes, secret: Secret | str) -> str:
    value = secret.reveal() if isinstance(secret, Secret) else secret
    return hmac.digest(key, value.encode("utf-8", "surrogatepass"), "sha256").hex()


def _read(fields: Mapping[str, Any] | None) -> tuple[bytes | None, list[tuple[int, str]]]:
    if fields is None:
        return None, []
    found = fields if "seen" in fields else fields.get(FIELD)
    if found is None:
        return None, []
    try:
        key = bytes.fromhex(found["key"])
        seen = [(version, mark) for version, mark in found["seen"]]
        if len(key) == 32 and all(type(version) is int and len(bytes.fromhex(mark)) == 32 and mark.isascii() for version, mark in seen):
            return key, seen
    except (TypeError, ValueError, KeyError, AttributeError):
        pass
    raise Malformed("fingerprints of earlier secrets that can't be read")
