"""The seed in a file under a passphrase: Argon2id (RFC 9106) and AES-256-GCM, with a floor and a ceiling of cost checked first.

Knows the file and its costs; asks nobody: the passphrase comes in.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from govern.canonical import canonical, decode
from govern.errors import Failed, Locked, Malformed, Refused
from govern.vault.custody.files import read_private, write_private
from govern.vault.secret import Secret, SecretBytes

FLOOR: Final = {"memory_kib": 65_536, "iterations": 3, "lanes": 1}
"""Least cost, and what we write: 64 MiB and 3 passes, about 0.2 s and 64 MiB per guess on a 2.5 GHz core (RFC 9106 section 4)."""

CEILING: Final = {"memory_kib": 1_048_576, "iterations": 10, "lanes": 4}
"""Most that we are ready to spend on a file somebody else may have written: 1 GiB, 10 passes, about 11 s."""

MIN_LENGTH: Final = 8
"""Characters (NIST SP 800-63B-4 section 3.1.1.2: eight where the secret is one of two factors; the file is the other)."""

WHAT: Final = "the passphrase file"
_FIELDS: Final = {"v", "kdf", "memory_kib", "iterations", "lanes", "salt", "sealed"}


def write(path: Path, seed: SecretBytes, passphrase: Secret, *, random: Callable[[int], bytes]) -> None:
    """A new passphrase file; raises Refused (too short; code `exists`), Failed."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(passphrase.reveal()) < MIN_LENGTH:
        raise Refused(f"a passphrase has at least {MIN_LENGTH} characters", code="passphrase", hint="four or five random words are better")
    parameters = {"v": 1, "kdf": "argon2id", **FLOOR, "salt": random(16).hex()}
    nonce = random(12)
    sealed = nonce + AESGCM(derive(passphrase, parameters)).encrypt(nonce, seed.reveal_bytes(), canonical(parameters))
    write_private(path, canonical({**parameters, "sealed": sealed.hex()}) + b"\n", WHAT)


def read(path: Path, passphrase: Callable[[], Secret]) -> SecretBytes:
    """The seed. The passphrase is asked for only after the file's costs were found to be within floor and ceiling.

    Raises Locked (absent, open to others, wrong passphrase), Malformed (another file), Refused (code `kdf-cost`).
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    parameters, sealed = _parse(path, read_private(path, WHAT))
    key = derive(passphrase(), parameters)
    try:
        return SecretBytes(AESGCM(key).decrypt(sealed[:12], sealed[12:], canonical(parameters)))
    except InvalidTag:
        pass
    raise Locked("the passphrase is wrong, or its file was altered", hint=f"the file is {path}; try again")


def derive(passphrase: Secret, parameters: dict[str, Any]) -> bytes:
    """The 32-byte key. Unicode is put into one form first: keyboards differ in how they compose an é."""
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    text = unicodedata.normalize("NFC", passphrase.reveal()).encode("utf-8", "surrogatepass")
    try:
        return Argon2id(
            salt=bytes.fromhex(parameters["salt"]),
            length=32,
            iterations=parameters["iterations"],
            lanes=parameters["lanes"],
            memory_cost=parameters["memory_kib"],
        ).derive(text)
    except MemoryError:
        pass
    raise Failed(f"not enough memory for the passphrase: {parameters['memory_kib'] // 1024} MiB are needed")


def _parse(path: Path, content: bytes) -> tuple[dict[str, Any], bytes]:
    broken = Malformed(f"{path} is not a passphrase file of govern")
    try:
        fields = decode(content.removesuffix(b"\n"))
        if not isinstance(fields, dict) or set(fields) != _FIELDS or (fields["v"], fields["kdf"]) != (1, "argon2id"):
            raise broken
        salt, sealed = bytes.fromhex(fields["salt"]), bytes.fromhex(fields.pop("sealed"))
    except (Malformed, ValueError, TypeError):
        raise broken from None
    if len(salt) != 16 or len(sealed) != 12 + 32 + 16:
        raise broken
    for name, least in FLOOR.items():
        if type(fields[name]) is not int:
            raise broken
        if not least <= fields[name] <= CEILING[name]:
            raise Refused(
                f"{path} asks for {name} = {fields[name]}; allowed are {least} to {CEILING[name]}",
                code="kdf-cost",
                hint="somebody may have altered the file: take it from a backup",
            )
    return fields, sealed
