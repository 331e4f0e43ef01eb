"""A checkpoint that was printed, mailed or kept elsewhere, read from a file; nothing here knows whether a vault contains it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from govern import bounded
from govern.errors import IntegrityError, Malformed
from govern.ledger.checkpoint import parse_checkpoint
from govern.ledger.note import parse_note, signer_name

MOST_NOTE: Final = 65_536
"""Bytes of the largest checkpoint that is read from a file."""


def read_noted(file: Path) -> bytes:
    """The note as it stands in the file.

    NotFound and Failed where it can't be read; Malformed where it is no checkpoint, an empty one above all: that a file is none says nothing
    about the vault, and must never be taken for a comparison that was made.
    """
    note = bounded.contents(file, MOST_NOTE)
    try:
        parse_checkpoint(parse_note(note).text)
        signer_name(note)
    except IntegrityError as error:
        said = error.message if note.strip() else "it is empty"
        hint = "give it whole, from its first line to the line break at its end, as `govern ledger checkpoint` printed it"
        raise Malformed(f"{file} is no checkpoint ({said})", hint=hint) from error
    return note
