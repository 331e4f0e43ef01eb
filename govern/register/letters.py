"""Requests in the mailbox whose invite was used or has ended: nobody needs them any more, so they go with what is written next about an invite.

What the mailbox holds besides is nobody's business: anybody may have put it there, and it is never read.
"""

from __future__ import annotations

import sqlite3
from typing import Final

ENDING: Final = frozenset(("invite.issued", "invite.withdrawn", "key.enrolled", "key.revoked", "role.withdrawn", "person.leaving"))
"""Facts that may end an invite."""


def ended(db: sqlite3.Connection) -> list[bytes]:
    """What was posted under an invite that this register knows and that is open no more: ids."""
    return [bytes.fromhex(id_) for (id_,) in db.execute("SELECT id FROM invites WHERE state <> 'open'").fetchall()]
