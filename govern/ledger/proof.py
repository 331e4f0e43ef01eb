"""Proof files of C2SP (c2sp.org/tlog-proof@v1): index, inclusion path, a checkpoint's note and extra bytes, as text for strangers.

Knows the file's form. The extra bytes (canonical JSON with the shown entry and the enrolment chain of its actor) are the caller's, and
checking a proof is the business of `docs/verify.py`, which shares no line with this.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from govern.errors import IntegrityError, Malformed
from govern.ledger.merkle import HASH_BYTES
from govern.ledger.note import decode_base64, parse_note

_FIRST_LINE: Final = "c2sp.org/tlog-proof@v1"
_INDEX: Final = re.compile(r"index (0|[1-9][0-9]{0,18})")
MAX_PATH: Final = 63


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof file taken apart; nothing in it is verified. `path` goes from the leaf's sibling upwards, 32 bytes each."""

    index: int
    path: tuple[bytes, ...]
    note: bytes
    extra: bytes


def write_proof(*, index: int, path: Sequence[bytes], checkpoint_note: bytes, extra: bytes) -> bytes:
    """The file's bytes; an empty `extra` has no line. Malformed where the parts could not be read again."""
    lines = [_FIRST_LINE]
    if extra:
        lines.append(f"extra {b64encode(extra).decode()}")
    lines.append(f"index {index}")
    lines += [b64encode(item).decode() for item in path]
    data = "\n".join(lines).encode() + b"\n\n" + checkpoint_note
    parse_proof(data)
    return data


def parse_proof(data: bytes) -> Proof:
    """Take a proof file apart; Malformed unless in its one canonical spelling."""
    start, _, note = data.partition(b"\n\n")
    try:
        lines = start.decode("ascii").split("\n")
        parse_note(note)
    except UnicodeDecodeError:
        raise Malformed("a proof that is no ASCII text") from None
    except IntegrityError as error:
        raise Malformed(f"a proof without a checkpoint: {error.message}") from None
    if lines.pop(0) != _FIRST_LINE:
        raise Malformed(f"a file that does not start with {_FIRST_LINE}")
    extra = b""
    if lines and lines[0].startswith("extra "):
        extra = decode_base64(lines.pop(0).removeprefix("extra "))
        if not extra:
            raise Malformed("a proof with an empty extra line")
    match = _INDEX.fullmatch(lines.pop(0)) if lines else None
    if match is None:
        raise Malformed("a proof without an index")
    path = tuple(map(decode_base64, lines))
    if len(path) > MAX_PATH or any(len(item) != HASH_BYTES for item in path):
        raise Malformed("a proof whose path is not of hashes")
    return Proof(int(match[1]), path, note, extra)
