"""Reading what somebody named: regular files only, and never more of them than such a file may hold. Knows nothing of what they mean."""

from __future__ import annotations

import os
import stat
from io import BufferedReader
from pathlib import Path

from govern.errors import Failed, Malformed, NotFound


def opened(path: Path) -> BufferedReader:
    """A regular file, to be read. NotFound: there is none. Failed: it can't be read, or is a folder, a pipe or a device."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(f"there is no file {path}", hint="check the name") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the name
        why = error.strerror if isinstance(error, OSError) else None
        raise Failed(f"{path} can't be read ({why or 'no name of a file'})", code="io", hint="name a file that you may read") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Failed(f"{path} can't be read (not a regular file)", code="io", hint="copy what it gives into a file first")
    return open(descriptor, "rb")


def contents(path: Path, most: int) -> bytes:
    """All bytes of a regular file; as `opened`, and Malformed where there are more than `most`."""
    with opened(path) as file:
        try:
            data = file.read(most + 1)
        except OSError as error:
            raise Failed(f"{path} can't be read ({error.strerror})", code="io", hint="name a file that you may read") from error
    if len(data) > most:
        raise Malformed(f"{path} is larger than any such file", hint=f"{most >> 10} KiB is the most that is read")
    return data
