"""A register made again: from this machine's journal as far as that goes, which holds what was verified here, and else from the store.

The journal is verified as if it were a store. Where it is torn, shortened or does not replay, it is kept aside and written again.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from govern.errors import GovernError, IntegrityError
from govern.ledger.audit import Head
from govern.ledger.commitment import Entry
from govern.ledger.merkle import CompactRange
from govern.register import connection, sync
from govern.register.journal import Journal

if TYPE_CHECKING:
    from govern.register.pin import Pin
    from govern.register.workspace import Workspace
    from govern.store.database import Reading


def from_journal(workspace: Workspace, journal: Journal, reading: Reading, pin: Pin | None) -> bool:
    """Replay the journal into an empty register, up to the pin; whether it held all of that. The caller holds the register's lock.

    What is missing comes from the store afterwards. Without a pin the journal is what this machine remembers: a store that holds less
    is refused (IntegrityError), but for one last transaction, which may be of ours and never acknowledged.
    """
    db = workspace.db
    connection.create(db)
    limit = pin.size if pin else reading.head()[0]
    ends, reached, beyond = (0, 0), 0, 0
    workspace.epochs.load(sync.JournalWraps(journal))
    db.execute("SAVEPOINT journal")
    try:
        head = Head(CompactRange(), None)
        for written in journal.read():
            if written.size > limit:
                beyond += 1
            else:
                entries = [Entry(*row) for row in written.entries]
                head = sync.advance(db, head, [(written.note, entries)], vault=workspace.vault, keys=workspace.epochs)
                ends, reached = written.end, head.size
    except GovernError:
        # A frame that is whole but wrong, such as one whose personal part is gone: nothing of it is believed.
        db.execute("ROLLBACK TO journal")
        ends, reached, beyond = (0, 0), 0, 0
    db.execute("RELEASE journal")
    workspace.save_ends(ends)
    if pin is None and beyond > 1:
        raise IntegrityError(
            "the vault was rolled back: this machine's journal holds more than it",
            expected=f"more than {limit} entries", found=str(limit), code="rolled-back",
            hint="put the newest database back, or refill it from this machine's journal: govern vault restore --from-journal",
        )  # fmt: skip
    if reached < limit and pin is not None:
        _keep_aside(journal)
    return reached == limit or pin is None


def _keep_aside(journal: Journal) -> None:
    """Copy a damaged journal before it is written over: its versions and wraps may still be of use to somebody."""
    if not journal.path.exists() or not journal.path.stat().st_size:
        return
    number = 1
    while (aside := Path(f"{journal.path}.damaged-{number}")).exists():
        number += 1
    shutil.copyfile(journal.path, aside)
    if journal.side.exists():
        shutil.copyfile(journal.side, f"{journal.side}.damaged-{number}")
