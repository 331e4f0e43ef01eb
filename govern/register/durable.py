"""Bytes that must be on disk before anybody is told: whole writes, and names of new files. Knows descriptors, not what they hold."""

from __future__ import annotations

import os
from pathlib import Path


def write_all(descriptor: int, at: int, data: bytes) -> None:
    """Write all of `data` at offset `at`; a disk that takes a part only is asked again, and raises OSError where it is full."""
    os.lseek(descriptor, at, os.SEEK_SET)
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_folder(folder: Path) -> None:
    """Make the name of a new file as durable as its content, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
