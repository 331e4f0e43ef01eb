"""The restore that no journal can mend: history goes on from an earlier point, which two persons sign and each member accepts by themselves.

Here it is made: the restored database put in its place, the fork proposed, and all as it was where anything fails.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from govern.errors import IntegrityError, Refused
from govern.holdings.proposals import Act
from govern.ledger.checkpoint import parse_checkpoint, parse_note
from govern.procedures import proposals, restore
from govern.procedures.carrying import Carried, carry
from govern.procedures.set_aside import bring_back, pinned, register_at, set_aside
from govern.register.pin import Pin
from govern.register.queries.proposals import Proposal
from govern.register.workspace import Workspace
from govern.store.database import discard_store, open_store
from govern.store.peek import real

if TYPE_CHECKING:
    from govern.store.address import Location
    from govern.vault.sheet import Sheet

Make = Callable[..., Workspace]
"""Opens this member's workspace; takes `home` and `noted`, a checkpoint to begin anew from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """The proposal, how many entries the restored database had, and where the old database and this machine's memory of the old head lie."""

    proposal: Proposal
    taken: int
    given_up: int
    aside: Path | str | None
    memory: Path
    carried: Carried


def fork(make: Make, location: Location, home: Path, source: Path, now: str, *, reason: str = "", sheets: Sequence[Sheet] = ()) -> Fork:
    """Put `source` in the place of the database and propose to go on from there; with sheets the quorum approves it at once.

    Refused where journal and backup together give what was verified here (rule `mendable`). Where anything fails, all is as it was.
    """
    location = real(location) if isinstance(location, Path) else location
    restore.backup_at(source)
    pin = pinned(home)
    fresh = Path(f"{location}.forking") if isinstance(location, Path) else home / "vault.forking"
    discard_store(fresh)
    try:
        _not_mendable(fresh, home, source, pin)
        restore.copy(source, fresh)
        taken, noted = _head(fresh)
        aside, put_back = restore.swap(location, fresh)
    finally:
        discard_store(fresh)
    memory = set_aside(home)
    try:
        made, carried = _propose(make(noted=noted), memory, pin, reason, now, sheets)
    except BaseException:
        put_back()
        bring_back(home, memory)
        raise
    return Fork(proposal=made, taken=taken, given_up=pin.size, aside=aside, memory=memory, carried=carried)


def _not_mendable(fresh: Path, home: Path, source: Path, pin: Pin) -> None:
    try:
        restore.build(fresh, home, source, pin)
    except IntegrityError:
        return
    finally:
        discard_store(fresh, filled=True)
    raise Refused(
        "journal and backup together give all that was verified here", rule="mendable", control="CP-10", hint="govern vault restore FILE"
    )


def _head(fresh: Path) -> tuple[int, bytes]:
    store = open_store(fresh)
    try:
        with store.reading() as reading:
            return reading.head()
    finally:
        store.close()


def _propose(workspace: Workspace, memory: Path, pin: Pin, reason: str, now: str, sheets: Sequence[Sheet]) -> tuple[Proposal, Carried]:
    root = parse_checkpoint(parse_note(pin.note).text).root.hex()
    told = {"size": pin.size, "root": root, "note": hashlib.sha256(pin.note).hexdigest()}
    try:
        workspace.view()
        with closing(register_at(memory)) as old, workspace.transaction(now) as tx:
            made = proposals.propose(tx, Act.RESTORE, told, reason)
            carried = carry(tx, old, made.id)
        return (proposals.approve_with_sheets(workspace, sheets, made.id, now) if sheets else made), carried
    finally:
        workspace.close()
