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
from govern.ledger.checkpoint import parse_checkpoint
from govern.ledger.merkle import CompactRange
from govern.ledger.note import parse_note
from govern.register import sync
from govern.register.workspace import Workspace
from govern.store.copy import copy
from govern.store.database import create_store, discard_store, open_store
from govern.store.peek import check_beside, real
from govern.store.reading import Reading


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
            _is_what_was_verified(workspace, reading, size, note)
    except IntegrityError:
        out.unlink()
        raise
    finally:
        store.close()
        for suffix in ("-wal", "-shm"):
            Path(f"{out}{suffix}").unlink(missing_ok=True)
    with workspace.transaction(now) as tx:
        tx.record("backup.made", {"size": size}, {"path": str(out)})
    return Backup(file=out, size=size, note=note.decode())


def _is_what_was_verified(workspace: Workspace, copied: Reading, size: int, note: bytes) -> None:
    """The copy's entries must give the head that this machine has verified, and that of the copy where others have written since.

    Else an entry altered behind a head that is right is found when the copy is needed, and no sound one is left.
    """
    head, tree, ours = sync.head_of(workspace.db), CompactRange(), False
    for entry in sync.stored(copied, 0, size):
        tree.append(entry.leaf())
        ours = ours or (tree.size == head.size and tree.root() == head.tree.root())
    if not ours or tree.root() != parse_checkpoint(parse_note(note).text).root:
        hint = "govern ledger verify --deep names the row; nothing was kept of the copy"
        raise IntegrityError("the rows to be copied are not what this machine has verified", code="altered", hint=hint)


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
