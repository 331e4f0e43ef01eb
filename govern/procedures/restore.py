"""Putting a vault's database back, and refilling it from this machine's journal until it is again what this machine has verified.

A backup alone would be yesterday's truth, which every member would rightly refuse as rolled back. So what is missing behind it comes
from the journal, byte for byte, and the result must reach the pin before it takes the place of the database.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from govern.errors import GovernError, IntegrityError, NotFound, Refused
from govern.register.journal import Journal
from govern.register.pin import read_pin
from govern.register.workspace import Workspace
from govern.store.database import Writing, create_store, open_store
from govern.store.peek import real


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """`taken` entries came with the backup, `refilled` from the journal; the database that was there lies at `aside`, if there was one."""

    taken: int
    refilled: int
    aside: Path | None


def restore(make: Callable[[], Workspace], path: Path, home: Path, source: Path | None) -> Restored:
    """Build the new database beside `path` from `source` (a backup, or None: from the journal alone), then swap it in.

    `make` opens the workspace on whatever lies at `path`. Raises IntegrityError where the result would not be what was verified here.
    """
    path = real(path)  # where the vault is shared through a link, it is the shared file that is put back
    if source is not None:
        backup_at(source)
    pin = read_pin(home / "pin")
    if pin is None:
        raise Refused(
            "this machine has verified nothing of this vault yet",
            rule="no-pin",
            hint="put the backup where the vault is to be, then start from the sheets: govern vault recover --sheet FILE --handle H",
        )
    fresh = Path(f"{path}.restoring")
    for suffix in ("", "-wal", "-shm"):
        Path(f"{fresh}{suffix}").unlink(missing_ok=True)
    if source is None:
        create_store(fresh)
    else:
        _copy(source, fresh)
    store = open_store(fresh)
    try:
        with store.writing() as writing:
            taken = writing.head()[0]
            if taken > pin.size:
                raise Refused(
                    "the backup is newer than what this machine has verified", rule="newer",
                    hint="put it in place of the database yourself; the next command verifies and follows it",
                )  # fmt: skip
            refilled = _refill(writing, Journal(home), taken)
            writing.commit()
        with store.reading() as reading:
            if reading.head() != (pin.size, pin.note):
                raise IntegrityError(
                    "backup and journal together do not reach what this machine has verified",
                    expected=f"{pin.size} entries", found=str(reading.head()[0]), code="restore",
                    hint="ask another member for their journal or a newer backup",
                )  # fmt: skip
    except BaseException:
        store.close()
        for suffix in ("", "-wal", "-shm"):
            Path(f"{fresh}{suffix}").unlink(missing_ok=True)
        raise
    store.close()
    aside = _swap(path, fresh)
    workspace = make()
    try:
        workspace.erase_again()  # what somebody was promised to be forgotten may have come back with the backup
    except GovernError:
        if aside is not None:
            os.replace(aside, path)
        raise
    finally:
        workspace.close()
    return Restored(taken=taken, refilled=refilled, aside=aside)


def backup_at(source: Path) -> None:
    """NotFound where no file of that name is there."""
    if not source.is_file():
        raise NotFound(f"there is no backup at {source}", hint="name the file that govern vault backup wrote, or: --from-journal")


def _copy(source: Path, fresh: Path) -> None:
    import shutil

    with open_store(source).reading() as reading:  # its schema is checked, and that it is a store at all
        reading.head()
    shutil.copyfile(source, fresh)
    os.chmod(fresh, 0o600)


def _refill(writing: Writing, journal: Journal, taken: int) -> int:
    """Add the journal's transactions behind `taken` entries; those before must be the same bytes."""
    refilled = 0
    notes = dict(writing.checkpoints(0))
    for written in journal.read():
        if written.size <= taken:
            if notes.get(written.size) != written.note:
                raise IntegrityError(
                    "the backup is not of the history that this machine has verified", index=written.entries[0][0], code="forked"
                )
            continue  # the backup holds its versions and wraps as they stood then
        writing.insert_entries(written.entries)
        writing.insert_versions(written.versions)
        writing.insert_wraps(written.wraps)
        writing.drop_wraps(written.dropped)
        writing.insert_checkpoint(written.size, written.note)
        refilled += len(written.entries)
    return refilled


def _swap(path: Path, fresh: Path) -> Path | None:
    aside = _free(path) if path.exists() else None
    if aside is not None:
        os.replace(path, aside)
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    os.replace(fresh, path)
    for suffix in ("-wal", "-shm"):
        Path(f"{fresh}{suffix}").unlink(missing_ok=True)
    return aside


def _free(path: Path) -> Path:
    number = 1
    while (aside := Path(f"{path}.before-restore-{number}")).exists():
        number += 1
    return aside
