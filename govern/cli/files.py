"""Writing what is for some eyes only: 0600, whole or not at all; tables as CSV that no spreadsheet program takes for formulas."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from govern.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


def write_private(path: Path, text: str | bytes) -> Path:
    """Write the file beside its place and move it there. Raises OSError, also where its folder is missing: whoever names a file may have mistyped one."""
    if not path.name:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(path)) from None  # what is told names the file that was asked for
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode("utf-8"))
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    return path


def write_new(path: Path, text: str | bytes) -> Path:
    """The same of a file that is not there yet. Raises Refused where it is: somebody may have written on it, or still need it."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise Refused(f"{path} exists already", code="exists", hint="name another file") from None
    try:
        return write_private(path, text)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def write_into(folder: Path, name: str, text: str | bytes) -> Path:
    """The same of one of several files in a folder that was named for them, and is made where it is missing (0700)."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return write_private(folder / name, text)


def put_csv(path: Path | None, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A CSV file of ours alone, which must not be there yet; nothing where no file is named. Raises Refused."""
    import csv

    from govern.cli import render, settings
    from govern.holdings.marks import safe_cell

    if path is None:
        return
    try:
        descriptor = os.open(settings.place(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Refused(f"{path} exists already", code="exists", hint="name another file") from None
    with open(descriptor, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        writer.writerows([safe_cell(render.safe(cell)) for cell in row] for row in rows)
