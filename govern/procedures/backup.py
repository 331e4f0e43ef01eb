"""A copy of the vault's database that is consistent, verified and good for years: everything in it is sealed already.

The copy is a plain SQLite store: k recovery sheets and this one file are all that `vault recover` needs.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from govern.errors import Failed, IntegrityError, Refused
from govern.register.workspace import Workspace
from govern.store.copy import copy
from govern.store.database import create_store, discard_store, open_store
from govern.store.peek import check_beside, real


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What was copied: `size` entries and the checkpoint's note over them."""

    file: Path
    size: int
    note: str


def backup(workspace: Workspace, out: Path, now: str) -> Backup:
    """Copy the synced store to a new file `out` (0600), read its head back, and record that it was done."""
    if out.exists():
        raise Refused(f"{out} exists already", code="exists", hint="name another file")
    workspace.view()
    check_beside(out)
    try:
        if isinstance(workspace.path, Path):
            _copy_file(workspace.path, out)
        else:
            _copy_rows(workspace, out)
        with closing(sqlite3.connect(out)) as target:
            target.execute("PRAGMA journal_mode=DELETE")
        with out.open("rb+") as file:
            os.fsync(file.fileno())
    except IntegrityError:
        out.unlink(missing_ok=True)
        raise
    except (OSError, sqlite3.Error) as error:
        out.unlink(missing_ok=True)
        raise Failed(f"{out} can't be written ({error})", hint="name a file on a disk with room") from error
    store = open_store(out)
    try:
        with store.reading() as reading:
            size, note = reading.head()
    finally:
        store.close()
    for suffix in ("-wal", "-shm"):
        Path(f"{out}{suffix}").unlink(missing_ok=True)
    with workspace.transaction(now) as tx:
        tx.record("backup.made", {"size": size}, {"path": str(out)})
    return Backup(file=out, size=size, note=note.decode())


def _copy_file(path: Path, out: Path) -> None:
    os.close(os.open(out, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    check_beside(path)
    with closing(sqlite3.connect(f"{real(path).as_uri()}?mode=ro", uri=True)) as source, closing(sqlite3.connect(out)) as target:
        source.backup(target)


def _copy_rows(workspace: Workspace, out: Path) -> None:
    """The same rows from a server: one snapshot of it, in a file."""
    create_store(out)
    store = open_store(out)
    try:
        with workspace.store.reading() as reading, store.writing() as writing:
            copy(reading, writing)
            writing.commit()
    except BaseException:
        store.close()
        discard_store(out)
        raise
    store.close()
