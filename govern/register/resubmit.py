"""A transaction of ours that stands in the journal but not in the store: the process was stopped between the two.

Its checkpoint may have been seen, and signing another one of the same size would look like a fork. So the same bytes are put into the
store, never new ones, where the store still ends where that transaction began; where others have gone on, it never happened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.register import connection
from govern.register.journal import Journal
from govern.register.pin import read_pin

if TYPE_CHECKING:
    from govern.register.workspace import Workspace
    from govern.store.database import Writing


def resubmit(workspace: Workspace, writing: Writing) -> bool:
    """Put the journal's unfinished tail into the store and commit it, or cut it off; True where it was committed."""
    journal = Journal(workspace.home)
    if not journal.path.exists() or not connection.is_usable(workspace.db):
        return False
    recorded = (connection.state(workspace.db, "journal_end") or 0, connection.state(workspace.db, "side_end") or 0)
    if journal.ends() == recorded:
        return False
    size, note = writing.head()
    pin = read_pin(workspace.pin_path)
    for written in journal.read(recorded):
        if written.note == note:
            return False  # the store took it; sync will follow
        first = written.entries[0][0] if written.entries else -1
        if first == size and pin is not None and pin.size == size and pin.note == note:
            writing.insert_entries(written.entries)
            writing.insert_versions(written.versions)
            writing.insert_wraps(written.wraps)
            writing.drop_wraps(written.dropped)
            writing.insert_checkpoint(written.size, written.note)
            writing.commit()
            return True
        break
    if connection.state(workspace.db, "size") == size:
        journal.cut(recorded)
    return False
