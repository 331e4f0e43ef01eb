"""The outer header of a KDBX file: is it one, is it whole, and what would deriving its key cost.

Read here before anything is derived, so that a damaged or hostile file can't ask for hours or for all memory. Knows no secret and opens
nothing. Source: keepass.info/help/kb/kdbx.html and kdbx_4.html.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from govern.errors import Failed, Malformed

SIGNATURE = bytes.fromhex("03d9a29a67fb4bb5")
SIGNATURE_KDB = bytes.fromhex("03d9a29a65fb4bb5")
"""KeePass 1.x, another format."""

_AES_KDF = bytes.fromhex("c9d9f39a628a4460bf740d08c18a4fea")
_ARGON2D = bytes.fromhex("ef636ddf8c29444b91f7a9a403e30a0c")
_ARGON2ID = bytes.fromhex("9e298b1956db4773b23dfc3ec6f0a1e6")
_MOST_ROUNDS = 1 << 30  # a few seconds more than any program sets up by itself
_MOST_MEMORY = 2 << 30
_MOST_WORK = 256 << 30  # memory times passes, in bytes
_MOST_LANES = 256

_CUT = "this KDBX file was altered or cut off"
_AGAIN = "save it again with KeePassXC, or take yesterday's copy"


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """`raw` is the header's bytes. For AES-KDF `rounds` and `seed` (32 bytes); for Argon2 `rounds` is 0."""

    major: int
    raw: bytes
    rounds: int
    seed: bytes


def parse(data: bytes) -> Header:
    """Malformed: no KDBX 3 or 4, altered or cut off (KDBX 4 by the header's own SHA-256). Failed: its key costs too much to derive."""
    if data.startswith(SIGNATURE_KDB):
        raise Malformed("a KeePass 1.x database (.kdb)", hint="open it with KeePassXC and save it as KDBX 4")
    if not data.startswith(SIGNATURE) or len(data) < 12:
        raise Malformed("no KDBX file")
    major = struct.unpack_from("<H", data, 10)[0]
    if major not in (3, 4):
        raise Malformed(f"KDBX version {major}, which is not known here", hint="save it as KDBX 4 with KeePassXC")
    try:
        fields, end = _fields(data, 12, "<BH" if major == 3 else "<BI")
        raw = data[:end]
        if major == 4:
            if hashlib.sha256(raw).digest() != data[end : end + 32]:
                raise Malformed(_CUT, hint=_AGAIN)
            rounds, seed = _costs(_variants(fields[11]))
        else:
            rounds, seed = struct.unpack("<Q", fields[6])[0], fields[5]
    except (struct.error, KeyError, IndexError):
        raise Malformed(_CUT, hint=_AGAIN) from None
    if rounds > _MOST_ROUNDS:
        raise Failed(f"this KDBX file asks for {rounds} rounds of AES-KDF", hint="lower them in KeePassXC (database security), then save")
    if rounds and len(seed) != 32:
        raise Malformed(_CUT, hint=_AGAIN)
    return Header(major=major, raw=raw, rounds=rounds, seed=seed)


def _fields(data: bytes, at: int, layout: str) -> tuple[dict[int, bytes], int]:
    fields: dict[int, bytes] = {}
    while True:
        kind, size = struct.unpack_from(layout, data, at)
        at += struct.calcsize(layout)
        if size > len(data) - at:
            raise Malformed(_CUT, hint=_AGAIN)
        fields[kind] = data[at : at + size]
        at += size
        if kind == 0:
            return fields, at


def _variants(data: bytes) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    at = 2
    while data[at] != 0:
        size = struct.unpack_from("<I", data, at + 1)[0]
        name = data[at + 5 : at + 5 + size]
        at += 5 + size
        size = struct.unpack_from("<I", data, at)[0]
        found[name] = data[at + 4 : at + 4 + size]
        at += 4 + size
    return found


def _costs(found: dict[bytes, bytes]) -> tuple[int, bytes]:
    match found[b"$UUID"]:
        case kind if kind == _AES_KDF:
            return _number(found[b"R"]), found[b"S"]
        case kind if kind in (_ARGON2D, _ARGON2ID):
            memory, passes, lanes = (_number(found[name]) for name in (b"M", b"I", b"P"))
            if memory > _MOST_MEMORY or memory * passes > _MOST_WORK or lanes > _MOST_LANES:
                raise Failed(
                    f"this KDBX file asks for {memory >> 20} MiB of memory, {passes} passes and {lanes} lanes of Argon2",
                    hint="lower them in KeePassXC (database security), then save",
                )
            return 0, b""
        case _:
            raise Malformed("a KDBX file with an unknown way to derive its key", hint="save it as KDBX 4 with KeePassXC")


def _number(raw: bytes) -> int:
    return int.from_bytes(raw, "little")
