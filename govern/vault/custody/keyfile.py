"""The seed in a file of mode 0600: `GOVERN-SEED-1 <base64url of 32 bytes>`. What systemd credentials give is the same file.

Knows the line and the file; whose seed it is, is checked by whoever loads it.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Final

from govern.errors import Locked, Malformed
from govern.vault.custody.files import read_private, write_private
from govern.vault.secret import Secret, SecretBytes

MAGIC: Final = "GOVERN-SEED-1"
WHAT: Final = "the key file"


def seed_line(seed: SecretBytes) -> Secret:
    """58 characters, without a line end; a keyring keeps the same line."""
    return Secret(f"{MAGIC} {base64.urlsafe_b64encode(seed.reveal_bytes()).decode('ascii')}")


def parse_line(line: bytes) -> SecretBytes | None:
    """The seed of exactly such a line (one line end allowed), or None."""
    line = line.removesuffix(b"\n").removesuffix(b"\r")
    magic, _, rest = line.partition(b" ")
    if magic != MAGIC.encode() or len(rest) != 44:
        return None
    try:
        seed = base64.b64decode(rest, altchars=b"-_", validate=True)
    except ValueError:
        return None
    if len(seed) != 32 or base64.urlsafe_b64encode(seed) != rest:
        return None
    return SecretBytes(seed)


def write(path: Path, seed: SecretBytes) -> None:
    """A new key file; raises Refused (code `exists`), Failed."""
    write_private(path, seed_line(seed).reveal().encode("ascii") + b"\n", WHAT)


def read(path: Path) -> SecretBytes:
    """The seed; raises Locked (absent, another's, open to others, another file)."""
    try:
        seed = parse_line(read_private(path, WHAT))
    except Malformed:  # beyond the largest
        seed = None
    if seed is None:
        raise Locked(
            f"{path} is not a key file: it has to hold one line that begins with {MAGIC}",
            hint="name the file that govern made (--key-file F or GOVERN_KEY_FILE=F), or a copy of it",
        )
    return seed
