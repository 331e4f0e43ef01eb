"""A vault moved to another place: every row put into an empty store there, and all of it verified before anybody is told to use it.

Nothing is recorded and nothing is changed where it was: it is the same ledger, and every member's pin and journal fit it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from govern.errors import IntegrityError, Refused
from govern.register.reread import Reread, reread
from govern.register.workspace import Workspace
from govern.store.address import Location
from govern.store.copy import copy
from govern.store.database import check_free, create_store, discard_store, open_store
from govern.store.location import check_location
from govern.store.writing import Writing


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What was copied and verified: entries, and the root (hex) over them; sealed versions and wraps."""

    size: int
    root: str
    versions: int
    wraps: int


def move(make: Callable[[Location], Workspace], source: Location, target: Location, *, dry_run: bool = False) -> Moved:
    """Copy `source` to the empty `target` under the write lock of `source`, and replay all of it there against this machine's pin.

    `make` opens the workspace on a location; its owner closes it. On failure a target that was made here is taken back. With `dry_run` only `source` is
    verified, and the target looked at. Raises Failed (code `exists`) where there is a vault already.
    """
    if source == target:
        raise Refused("the vault is there already", rule="same-place", hint="name another file or database")
    check_location(target)
    workspace = make(source)
    workspace.view()
    if dry_run:
        verified = reread(workspace, deep=True)
        check_free(target)
        return _told(verified)
    with workspace.store.writing() as reading:  # held until the end: what others wrote meanwhile would be missing there
        workspace.sync(reading)
        made = create_store(target)
        try:
            _fill(target, reading)
            verified = reread(make(target), deep=True)
            if verified.size != reading.head()[0]:
                raise IntegrityError("the copy is not as long as the vault", expected=str(reading.head()[0]), found=str(verified.size))
        except BaseException:
            if made:
                discard_store(target, filled=True)
            raise
    return _told(verified)


def _told(verified: Reread) -> Moved:
    return Moved(size=verified.size, root=verified.root, versions=verified.versions, wraps=verified.wraps)


def _fill(target: Location, reading: Writing) -> None:
    store = open_store(target)
    try:
        with store.writing() as writing:
            copy(reading, writing)
            writing.commit()
    finally:
        store.close()
