"""Foreign zip files (1PUX, XLSX): the bytes of a member, bounded against bombs.

Knows zip; knows no format. Sizes are those of the central directory, which zipfile never reads beyond.
"""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib

from govern.errors import Malformed

MOST_MEMBERS = 100_000
MOST_BYTES = 256 << 20
"""The largest member that is read, in bytes after decompression."""

_TROUBLE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,  # an unknown way of compression
    RuntimeError,  # encrypted
    OSError,
    ValueError,
    OverflowError,
    IndexError,
    KeyError,
)


def member(data: bytes, name: str) -> bytes:
    """The bytes of one member. Malformed: no whole zip file, no such member, or larger than `MOST_BYTES`."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if name not in archive.namelist():
                raise Malformed(f"a zip file without {name}")
            if archive.getinfo(name).file_size > MOST_BYTES:
                raise Malformed(f"{name} in the zip file is larger than {MOST_BYTES >> 20} MiB")
            return archive.read(name)
    except _TROUBLE:
        raise Malformed("not a whole zip file", hint="export the file again: it may be cut off or altered") from None


def check(data: bytes, *, most: int = MOST_BYTES) -> None:
    """Malformed where all members together are larger than `most` bytes, or there are too many of them."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            sizes = [info.file_size for info in archive.infolist()]
    except _TROUBLE:
        raise Malformed("not a whole zip file", hint="export the file again: it may be cut off or altered") from None
    if len(sizes) > MOST_MEMBERS or sum(sizes) > most:
        raise Malformed(f"a zip file with more than {MOST_MEMBERS} members or {most >> 20} MiB in them")
