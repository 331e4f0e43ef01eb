"""Bytes that must be on disk before anybody is told: whole writes, and names of new files. Knows descriptors, not what they hold."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

BINARY: Final = getattr(os, "O_BINARY", 0)
"""For `os.open`: bytes as they are, on Windows too."""


def write_all(descriptor: int, at: int, data: bytes) -> None:
    """Write all of `data` at offset `at`; a disk that takes a part only is asked again, and raises OSError where it is full."""
    os.lseek(descriptor, at, os.SEEK_SET)
    while data:
        data = data[os.write(descriptor, data) :]


def sync(descriptor: int) -> None:
    """Have what was written to it on disk."""
    getattr(os, "fdatasync", os.fsync)(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the name of a new file as durable as its content, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
