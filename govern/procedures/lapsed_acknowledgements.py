"""Ending the grants of holders who lacked an acknowledgement or a training beyond the grace, where the policy says that they end. `govern tick` calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.register.queries import lapsed, policies
from govern.register.queries.lapsed import Lapsed

if TYPE_CHECKING:
    import sqlite3

    from govern.register.workspace import Workspace


def over(db: sqlite3.Connection, now: str) -> list[Lapsed]:
    """What is over at `now` (UTC) and ends, one row for each grant; nothing where the policy makes it a finding alone."""
    return lapsed.over(db, policies.policy(db), now[:10])


def end(workspace: Workspace, now: str) -> list[Lapsed]:
    """End those grants and the wraps to their holders' keys, in one transaction of whoever runs this (an admin, HR, or a service for `run-due`); what ended.

    Somebody who answers for the account opens it by that, and their wraps stay. What each could know stays known until it is changed.
    """
    if not over(workspace.view(), now):
        return []
    from govern.procedures.emergency import follow
    from govern.procedures.sealing import end_wraps

    with workspace.transaction(now) as tx:
        ending = over(tx.register, now)
        for start in range(0, len(ending), 1000):
            tx.record("grant.ended", {"grants": [one.grant for one in ending[start : start + 1000]], "cause": "lapsed"})
        for person in sorted({one.person for one in ending}):
            cut = [one.account for one in ending if one.person == person and person not in (one.custodian, one.deputy)]
            if cut:
                end_wraps(tx, person, cut)
            follow(tx, person)
    return ending
