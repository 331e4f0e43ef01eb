"""Signed notes of C2SP (c2sp.org/signed-note): a text and lines of signatures over it, here Ed25519 (type 0x01) alone.

Knows names, keys and bytes; what a text says is read in `govern.ledger.checkpoint`. Everything that can't be read is an IntegrityError:
notes come from the store and from paper, and one that is unreadable was altered.
"""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from govern.errors import IntegrityError, Malformed

MAX_NOTE_BYTES: Final = 131_072
MAX_SIGNATURES: Final = 32
"""Above the 16 signatures of 5 kB each that C2SP demands room for."""
_ED25519: Final = b"\x01"
_DASH: Final = "\u2014 "
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")

_P = 2**255 - 19
_ORDER_EIGHT = (
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
)
SMALL_ORDER: Final = frozenset(
    (y | sign << 255).to_bytes(32, "little")
    for y in (0, 1, _P - 1, _P, _P + 1, *(int.from_bytes(bytes.fromhex(text), "little") for text in _ORDER_EIGHT))
    for sign in (0, 1)
)
"""All encodings, canonical or not, of the eight points of small order: under such a "key" anybody can sign anything (RFC 8032 §8.9)."""


class NoteSignature(NamedTuple):
    """One signature line: name of the key, its 4-byte hash, the signature (64 bytes for Ed25519)."""

    name: str
    key_hash: bytes
    signature: bytes


class Note(NamedTuple):
    """A note taken apart; nothing in it is true before `verify_note`."""

    text: bytes
    signatures: tuple[NoteSignature, ...]


def decode_base64(text: str) -> bytes:
    """Standard base64 (RFC 4648 §4) in its one canonical spelling; Malformed otherwise."""
    try:
        data = a2b_base64(text.encode("ascii"), strict_mode=True)
    except (UnicodeEncodeError, Base64Error):
        raise Malformed("not base64") from None
    if b64encode(data).decode() != text:  # the bits beyond the last byte are not checked by strict_mode
        raise Malformed("base64 that is not in its canonical spelling")
    return data


@lru_cache(maxsize=8)
def note_key_hash(name: str, public: bytes) -> bytes:
    """First 4 bytes of SHA-256(name ‖ newline ‖ 0x01 ‖ public key), by which a signature line names its Ed25519 key."""
    return sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


def _is_name(name: str) -> bool:
    return "+" not in name and name.split() == [name]


def _signature(line: str) -> NoteSignature:
    fields = line.removeprefix(_DASH).split(" ")
    if not line.startswith(_DASH) or len(fields) != 2 or not _is_name(fields[0]):
        raise IntegrityError("a signature line of the note is not of its form")
    try:
        data = decode_base64(fields[1])
    except Malformed as error:
        raise IntegrityError(f"a signature of the note is {error.message}") from None
    if len(data) < 5:
        raise IntegrityError("a signature of the note is too short")
    return NoteSignature(fields[0], data[:4], data[4:])


@lru_cache(maxsize=8)  # of one checkpoint, text, signer and signature are asked for one after the other
def parse_note(note: bytes) -> Note:
    """Take a note apart; IntegrityError unless of the exact form of c2sp.org/signed-note, at most 128 KiB and 32 signatures."""
    if len(note) > MAX_NOTE_BYTES:
        raise IntegrityError(f"a note of {len(note)} bytes, where {MAX_NOTE_BYTES} are allowed")
    try:
        whole = note.decode("utf-8")
    except UnicodeDecodeError:
        raise IntegrityError("a note that is not UTF-8") from None
    text, blank, lines = whole.rpartition("\n\n")
    if not blank or not text or not lines.endswith("\n") or _CONTROL.search(whole):
        raise IntegrityError("a note that is not text, blank line and signatures")
    signatures = lines[:-1].split("\n")
    if len(signatures) > MAX_SIGNATURES:
        raise IntegrityError(f"a note with {len(signatures)} signatures, where {MAX_SIGNATURES} are allowed")
    return Note((text + "\n").encode(), tuple(_signature(line) for line in signatures))


def _only_signature(note: Note) -> NoteSignature:
    # a second line, even one under an unknown key, would make other bytes of the same checkpoint
    if len(note.signatures) != 1:
        raise IntegrityError("a note of this ledger has exactly one signature", expected="1", found=str(len(note.signatures)))
    return note.signatures[0]


def signer_name(note: bytes) -> str:
    """Name of the key of the one signature, unverified; IntegrityError where there is not exactly one."""
    return _only_signature(parse_note(note)).name


def sign_note(text: bytes, *, name: str, public: bytes, sign: Callable[[bytes], bytes]) -> bytes:
    """A note over `text`, which ends in a newline, with one Ed25519 signature made by `sign`; Malformed where it would not parse again."""
    line = _DASH.encode() + name.encode() + b" " + b64encode(note_key_hash(name, public) + sign(text)) + b"\n"
    note = text + b"\n" + line
    why = _unreadable(text, name, len(note))
    if why:
        raise Malformed(f"this text can't be signed: {why}")
    return note


def _unreadable(text: bytes, name: str, length: int) -> str:
    """Why `parse_note` would not give back text and name of a note of this length; empty where it would."""
    if length > MAX_NOTE_BYTES:
        return f"a note of {length} bytes, where {MAX_NOTE_BYTES} are allowed"
    try:
        spelled = text.decode("utf-8")
    except UnicodeDecodeError:
        return "it is not UTF-8"
    if len(spelled) < 2 or spelled[-1] != "\n" or _CONTROL.search(spelled):
        return "it is not of whole lines, without control characters"
    return "" if _is_name(name) and not _CONTROL.search(name) else "its signer's name has a space, a plus sign or a control character"


def verify_note(note: bytes, *, name: str, public: bytes) -> bytes:
    """The text, where the note's one signature is by `public` (32-byte Ed25519 key) under `name`; IntegrityError otherwise.

    Stricter than C2SP, which ignores further signatures: notes of this ledger have one, so that equal checkpoints are equal bytes.
    """
    parsed = parse_note(note)
    line = _only_signature(parsed)
    if line.name != name or line.key_hash != note_key_hash(name, public):
        raise IntegrityError("the note is signed by another key", expected=name, found=line.name)
    if not is_signed(line.signature, parsed.text, public):
        raise IntegrityError(f"the signature of the note is not by key {name}")
    return parsed.text


@lru_cache(maxsize=64)
def _key(public: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public)


def is_signed(signature: bytes, text: bytes, public: bytes) -> bool:
    """Whether `signature` is an Ed25519 signature (RFC 8032) of `text` by `public`; keys of small order sign nothing."""
    if public in SMALL_ORDER:
        return False
    try:
        _key(public).verify(signature, text)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def parse_vkey(vkey: str) -> tuple[str, bytes]:
    """(name, public key) of a verifier key `name+hash+base64(0x01 ‖ key)` (c2sp.org/signed-note); Malformed otherwise."""
    name, _, rest = vkey.partition("+")
    digits, _, text = rest.partition("+")
    key = decode_base64(text)
    if not _is_name(name) or len(key) != 33 or key[:1] != _ED25519:
        raise Malformed("a verifier key that is not of an Ed25519 key")
    if note_key_hash(name, key[1:]).hex() != digits:
        raise Malformed("a verifier key whose hash is of another key")
    return name, key[1:]
