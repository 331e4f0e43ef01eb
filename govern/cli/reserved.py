"""A new file for what is in the clear: its name is taken before anything is recorded, and it is filled behind the commit."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from govern.errors import Failed, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def reserved(path: Path) -> Iterator[int]:
    """The file, new, empty and for nobody else (0600); gone again where nothing came of it."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    except FileExistsError:
        raise Refused(f"{path} exists already", code="exists", hint="name another file with --out") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "no name of a file"
        raise Failed(f"{path} can't be written: {why}", hint="name another file with --out") from None
    try:
        try:
            yield descriptor
        finally:
            os.close(descriptor)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def fill(descriptor: int, content: bytes, what: str) -> None:
    """Write all of it, onto the disk. Failed where that can't be, naming `what` it was: the ledger has it all the same."""
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    except OSError as error:
        raise Failed(
            f"the {what} can't be written ({error.strerror})", code="disk-full", hint="it is recorded all the same; make room"
        ) from None
