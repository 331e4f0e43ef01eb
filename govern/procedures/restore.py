"""Putting a vault's database back, and refilling it from this machine's journal until it is again what this machine has verified.

A backup alone would be yesterday's truth, which every member would rightly refuse as rolled back. So what is missing behind it comes
from the journal, byte for byte, and the result must reach the pin before it takes the place of the database.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from govern.errors import Failed, GovernError, IntegrityError, NotFound, Refused
from govern.register.journal import Journal
from govern.register.pin import Pin, read_pin
from govern.register.resubmit import put
from govern.register.workspace import Workspace
from govern.store.address import Location, Server
from govern.store.database import create_store, discard_store, open_store
from govern.store.peek import real
from govern.store.writing import Writing


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """`taken` entries stood in the backup (or in the database that was refilled where it is), `refilled` came from the journal; `aside`
    says where the database is that was there, if it was replaced."""

    taken: int
    refilled: int
    aside: Path | str | None


def restore(make: Callable[[], Workspace], location: Location, home: Path, source: Path | None) -> Restored:
    """Build the new database from `source` (a backup, or None: from the journal alone) and put it in place of the old one.

    One on a server that merely ends too early is refilled where it is: a member's login suffices. `make` opens the workspace on whatever
    lies at `location`. Raises IntegrityError where the result would not be what was verified here.
    """
    if isinstance(location, Path):
        location = real(location)  # where the vault is shared through a link, it is the shared file that is put back
    if source is not None:
        backup_at(source)
    pin = read_pin(home / "pin")
    if pin is None:
        raise Refused(
            "this machine has verified nothing of this vault yet",
            rule="no-pin",
            hint="put the backup where the vault is to be, then start from the sheets: govern vault recover --sheet FILE --handle H",
        )
    if isinstance(location, Server) and source is None and (refilled := _in_place(location, home, pin)):
        with suppress(Failed):  # only an admin's login may drop what was erased; `doctor` looks
            _verify(make)
        return refilled
    fresh = Path(f"{location}.restoring") if isinstance(location, Path) else home / "vault.restoring"
    discard_store(fresh)
    try:
        taken, missing = build(fresh, home, source, pin)
        aside, put_back = swap(location, fresh)
    finally:
        discard_store(fresh)
    try:
        _verify(make)
    except GovernError:
        put_back()
        raise
    return Restored(taken=taken, refilled=missing, aside=aside)


def _verify(make: Callable[[], Workspace]) -> None:
    workspace = make()
    try:
        workspace.erase_again()  # what somebody was promised to be forgotten may have come back with the backup
    finally:
        workspace.close()


def build(fresh: Path, home: Path, source: Path | None, pin: Pin) -> tuple[int, int]:
    """A SQLite store at `fresh` that is what was pinned; how many entries came from the backup, and how many from the journal."""
    if source is None:
        create_store(fresh)
    else:
        copy(source, fresh)
    store = open_store(fresh)
    try:
        with store.writing() as writing:
            return _reach_the_pin(writing, home, pin)
    finally:
        store.close()


def _in_place(server: Server, home: Path, pin: Pin) -> Restored | None:
    """Add to the database what it lacks. None where that can't mend it: it is gone, or is not a beginning of what was verified here."""
    store = open_store(server)
    try:
        with store.writing() as writing:
            taken, refilled = _reach_the_pin(writing, home, pin)
            return Restored(taken=taken, refilled=refilled, aside=None)
    except (IntegrityError, NotFound):
        return None
    finally:
        store.close()


def _reach_the_pin(writing: Writing, home: Path, pin: Pin) -> tuple[int, int]:
    """Refill a store and commit it where it then ends as what was pinned."""
    taken = writing.head()[0]
    if taken > pin.size:
        raise Refused(
            "the backup is newer than what this machine has verified", rule="newer",
            hint="put it in place of the database yourself; the next command verifies and follows it",
        )  # fmt: skip
    refilled = _refill(writing, Journal(home), taken)
    if writing.head() != (pin.size, pin.note):
        raise IntegrityError(
            "backup and journal together do not reach what this machine has verified",
            expected=f"{pin.size} entries", found=str(writing.head()[0]), code="restore",
            hint="ask another member for their journal or a newer backup",
        )  # fmt: skip
    writing.commit()
    return taken, refilled


def backup_at(source: Path) -> None:
    """NotFound where no file of that name is there."""
    if not source.is_file():
        raise NotFound(f"there is no backup at {source}", hint="name the file that govern vault backup wrote, or: --from-journal")


def copy(source: Path, fresh: Path) -> None:
    """A backup's bytes, once it is known to be a store."""
    import shutil

    with closing(open_store(source)) as store, store.reading() as reading:  # its schema is checked, and that it is a store at all
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
        put(writing, written)
        refilled += len(written.entries)
    return refilled


def swap(location: Location, fresh: Path) -> tuple[Path | str | None, Callable[[], None]]:
    """Put `fresh` in the place of the database; where the old one is, and how to take it back."""
    return _swap_file(location, fresh) if isinstance(location, Path) else _swap_rows(location, fresh)


def _swap_rows(server: Server, fresh: Path) -> tuple[str | None, Callable[[], None]]:
    """Put the rows of `fresh` on the server, in one transaction; where the old ones are, and how to take it back."""
    from govern.store.postgres_whole import put_back, replace

    store = open_store(fresh)
    try:
        with store.reading() as reading:
            aside = replace(server, reading)
    finally:
        store.close()
    return (f"schema {aside} of {server}" if aside else None), lambda: put_back(server, aside)


def _swap_file(path: Path, fresh: Path) -> tuple[Path | None, Callable[[], None]]:
    """Put `fresh` in the file's place; where the old one is, and how to take it back."""
    aside = _free(path) if path.exists() else None
    if aside is not None:
        os.replace(path, aside)
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    os.replace(fresh, path)

    def put_back() -> None:
        if aside is not None:
            os.replace(aside, path)

    return aside, put_back


def _free(path: Path) -> Path:
    number = 1
    while (aside := Path(f"{path}.before-restore-{number}")).exists():
        number += 1
    return aside
