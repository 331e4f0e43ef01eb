"""Reads a file of another program: finds the format, bounds the size, and asks for what opens it.

Knows files and which reader belongs to which format; what a record means is the reader's matter.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from govern.bounded import opened
from govern.errors import Failed, Malformed, Usage
from govern.importers.detect import FORMATS, HEAD, detect
from govern.importers.login import Reading
from govern.vault.secret import Secret

MOST_BYTES = 256 << 20
"""The largest file that is read."""

MOST_KEYFILE = 64 << 20
"""The largest key file that is read."""


def read(
    path: Path,
    *,
    format: str | None = None,
    passphrase: Callable[[], Secret] | None = None,
    keyfile: Path | None = None,
    columns: Mapping[str, str] | None = None,
) -> Reading:
    """All logins of a file. `format`: one of `FORMATS`, found by content where None. `passphrase` is called only where the file is locked.
    `columns` (our name → heading in the file) makes it a spreadsheet.

    NotFound: no such file. Failed: it can't be read, or an extra is missing. Usage: the options don't fit. Locked: no or the wrong
    passphrase or key file. Malformed: not a whole file of that format.
    """
    if format is not None and format not in FORMATS:
        raise Usage(f"no format {format!r}", hint=f"one of: {', '.join(FORMATS)}")
    data = contents(path, MOST_BYTES)
    chosen = format or ("spreadsheet" if columns else detect(_head(data), path.name))
    if columns and chosen != "spreadsheet":
        raise Usage(f"a map of columns does not go with {chosen}", hint="leave it out, or say --format spreadsheet")
    if keyfile is not None and chosen != "kdbx":
        raise Usage(f"a key file does not go with {chosen}", hint="leave it out")
    match chosen:
        case "bitwarden-json":
            from govern.importers import bitwarden_json

            return bitwarden_json.read(data, passphrase)
        case "bitwarden-csv":
            from govern.importers import bitwarden_csv

            return bitwarden_csv.read(data)
        case "1password-csv":
            from govern.importers import onepassword_csv

            return onepassword_csv.read(data)
        case "1pux":
            from govern.importers import onepux

            return onepux.read(data)
        case "lastpass-csv":
            from govern.importers import lastpass_csv

            return lastpass_csv.read(data)
        case "chrome-csv":
            from govern.importers import chrome_csv

            return chrome_csv.read(data)
        case "firefox-csv":
            from govern.importers import firefox_csv

            return firefox_csv.read(data)
        case "keepassxc-csv":
            from govern.importers import keepassxc_csv

            return keepassxc_csv.read(data)
        case "kdbx":
            from govern.importers import kdbx

            return kdbx.read(data, passphrase, contents(keyfile, MOST_KEYFILE) if keyfile is not None else None)
        case _:
            from govern.importers import spreadsheet

            return spreadsheet.read(data, columns)


def contents(path: Path, most: int) -> bytes:
    """The bytes of a file. NotFound: there is none. Failed: it is no file or can't be read. Malformed: empty, or more than `most` bytes."""
    with opened(path) as file:
        if os.fstat(file.fileno()).st_size > most:
            raise Malformed(f"{path.name} is larger than {_size(most)}")
        try:
            data = file.read(most + 1)
        except OSError as trouble:
            raise Failed(f"{path} can't be read ({trouble.strerror})", code="io", hint="name a file that you may read") from None
    if len(data) > most:
        raise Malformed(f"{path.name} is larger than {_size(most)}")
    if not data:
        raise Malformed(f"{path.name} is empty")
    return data


def _size(most: int) -> str:
    """Bytes in the largest unit that leaves a whole number: `64 MiB`, `64 KiB`, `100 bytes`."""
    for shift, unit in ((20, "MiB"), (10, "KiB")):
        if most >> shift and not most & ((1 << shift) - 1):
            return f"{most >> shift} {unit}"
    return f"{most} bytes"


def _head(data: bytes) -> bytes:
    return data[:HEAD] + data[-HEAD:] if data.startswith(b"PK") else data[:HEAD]
