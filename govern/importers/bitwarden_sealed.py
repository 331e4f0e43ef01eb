"""Opens Bitwarden's password-protected JSON: PBKDF2 or Argon2id, HKDF-Expand, AES-256-CBC with HMAC-SHA-256 checked first.

Knows the envelope only. Source: bitwarden.com/help/encrypted-export and bitwarden.com/help/bitwarden-security-white-paper.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping

from govern.errors import Locked, Malformed
from govern.importers.records import text
from govern.vault.secret import Secret

_PBKDF2, _ARGON2ID = 0, 1
_MOST_ITERATIONS = 10_000_000  # five times what Bitwarden allows: a file must not be able to keep us busy for hours
_MOST_PASSES, _MOST_MEMORY_MIB, _MOST_LANES = 64, 1024, 64


def opened(document: Mapping[str, object], passphrase: Callable[[], Secret] | None) -> bytes:
    """The JSON inside. Locked: no passphrase, the wrong one, or sealed for one account. Malformed: altered, cut off."""
    if document.get("passwordProtected") is not True:
        raise Locked(
            "this Bitwarden export is encrypted for one Bitwarden account and can't be opened elsewhere",
            hint="export again as .json, or as .json (encrypted) of the kind protected by a password",
        )
    check = _parts(text(document, "encKeyValidation_DO_NOT_EDIT"))
    sealed = _parts(text(document, "data"))
    if passphrase is None:
        raise Locked("this Bitwarden export is protected by a password", hint="give it with --passphrase-file, or at the prompt")
    key = _derived(document, passphrase())
    if not _genuine(key, *check):
        raise Locked(
            "the passphrase does not open this Bitwarden export", hint="it is the one chosen when exporting, not the master password"
        )
    if not _genuine(key, *sealed):
        raise Malformed("this Bitwarden export was altered or cut off", hint="export it again")
    return _decrypted(key, sealed[0], sealed[1])


def _parts(value: str) -> tuple[bytes, bytes, bytes]:
    """Initial value (16 bytes), ciphertext (whole blocks), HMAC (32 bytes) of the notation `2.iv|ciphertext|mac`, each in base64."""
    kind, _, rest = value.partition(".")
    parts = rest.split("|")
    if kind != "2" or len(parts) != 3:
        raise Malformed("a Bitwarden export sealed in an unknown way", hint="export again as plain .json")
    try:
        start, sealed, mac = (base64.b64decode(part, validate=True) for part in parts)
    except (binascii.Error, ValueError):
        raise Malformed("this Bitwarden export was altered or cut off", hint="export it again") from None
    if len(start) != 16 or len(mac) != 32 or not sealed or len(sealed) % 16:
        raise Malformed("this Bitwarden export was altered or cut off", hint="export it again")
    return start, sealed, mac


def _derived(document: Mapping[str, object], passphrase: Secret) -> bytes:
    """64 bytes: the AES key, then the HMAC key."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
    from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
    from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

    try:
        salt, word = text(document, "salt").encode(), passphrase.reveal().encode()
    except UnicodeEncodeError:
        raise Locked("the passphrase or the salt of this Bitwarden export is not valid Unicode") from None
    passes = _count(document, "kdfIterations", most=_MOST_ITERATIONS)
    match document.get("kdfType"):
        case int(kind) if kind == _PBKDF2 and not isinstance(kind, bool):
            stretched = PBKDF2HMAC(algorithm=hashes.SHA256(), length=32, salt=salt, iterations=passes).derive(word)
        case int(kind) if kind == _ARGON2ID and not isinstance(kind, bool):
            lanes = _count(document, "kdfParallelism", most=_MOST_LANES)
            memory = _count(document, "kdfMemory", most=_MOST_MEMORY_MIB) * 1024
            if passes > _MOST_PASSES or memory < 8 * lanes:
                raise Malformed("a Bitwarden export with costs for Argon2id that are out of bounds")
            digest = hashlib.sha256(salt).digest()
            stretched = Argon2id(salt=digest, length=32, iterations=passes, lanes=lanes, memory_cost=memory).derive(word)
        case _:
            raise Malformed("a Bitwarden export with an unknown way to derive its key", hint="export again as plain .json")
    return b"".join(HKDFExpand(algorithm=hashes.SHA256(), length=32, info=label).derive(stretched) for label in (b"enc", b"mac"))


def _count(document: Mapping[str, object], name: str, *, most: int) -> int:
    value = document.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise Malformed(f"a Bitwarden export whose {name} is not between 1 and {most}")
    return value


def _genuine(key: bytes, start: bytes, sealed: bytes, mac: bytes) -> bool:
    return hmac.compare_digest(hmac.digest(key[32:], start + sealed, "sha256"), mac)


def _decrypted(key: bytes, start: bytes, sealed: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.padding import PKCS7

    decryptor = Cipher(algorithms.AES(key[:32]), modes.CBC(start)).decryptor()
    unpadder = PKCS7(128).unpadder()
    try:
        padded = decryptor.update(sealed) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        raise Malformed("this Bitwarden export was altered or cut off", hint="export it again") from None
