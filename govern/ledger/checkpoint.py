"""Checkpoints of C2SP (c2sp.org/tlog-checkpoint): origin, size and root of the ledger, as a text that is signed as a note.

Knows the text's three lines; who may sign is decided in `govern.ledger.audit`. The notes' own functions can be had from here as well.
"""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Final, NamedTuple

from govern.errors import IntegrityError, Malformed
from govern.ledger.merkle import HASH_BYTES
from govern.ledger.note import (
    Note,
    NoteSignature,
    decode_base64,
    note_key_hash,
    parse_note,
    parse_vkey,
    sign_note,
    signer_name,
    verify_note,
)

__all__ = [
    "Checkpoint",
    "Note",
    "NoteSignature",
    "note_key_hash",
    "origin",
    "parse_checkpoint",
    "parse_note",
    "parse_vkey",
    "sign_note",
    "signer_name",
    "verify_note",
]

_OURS: Final = "govern/"
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")


class Checkpoint(NamedTuple):
    """What a checkpoint says: the log's origin, its number of entries, its root (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def text(self) -> bytes:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n".encode()


def origin(vault: bytes) -> str:
    """`govern/` and the vault id in hex."""
    return _OURS + vault.hex()


def parse_checkpoint(text: bytes) -> Checkpoint:
    """Read a checkpoint's text; IntegrityError unless in its one canonical spelling.

    C2SP allows extension lines; in a log of ours they are refused, since nobody audits them and none was ever written. For other
    origins they are passed over.
    """
    try:
        lines = text.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise IntegrityError("a checkpoint that is not UTF-8") from None
    if len(lines) < 4 or lines.pop() != "" or "" in lines:
        raise IntegrityError("a checkpoint that is not origin, size and root, a line each")
    if not _SIZE.fullmatch(lines[1]):
        raise IntegrityError("a checkpoint whose size is no decimal number without leading zeros")
    try:
        root = decode_base64(lines[2])
    except Malformed as error:
        raise IntegrityError(f"a checkpoint whose root is {error.message}") from None
    if len(root) != HASH_BYTES:
        raise IntegrityError("a checkpoint whose root is not of 32 bytes", expected=str(HASH_BYTES), found=str(len(root)))
    if len(lines) > 3 and lines[0].startswith(_OURS):
        raise IntegrityError("a checkpoint with extension lines, which nobody audits and govern never writes", found=str(len(lines) - 3))
    return Checkpoint(lines[0], int(lines[1]), root)
