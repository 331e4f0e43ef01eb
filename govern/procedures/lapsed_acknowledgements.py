"""Ending the grants of holders who lacked an acknowledgement or a training beyond the grace, where the policy says that they end. `govern tick` calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.register.queries import lapsed, ledger_time, policies
from govern.register.queries.lapsed import Lapsed

if TYPE_CHECKING:
    import sqlite3

    from govern.register.workspace import Workspace


def over(db: sqlite3.Connection, now: str, person: str) -> list[Lapsed]:
    """What is over at `now` (UTC) and ends by this person (id), one row for each grant; nothing where the policy makes it a finding alone."""
    from govern.procedures.revoke import locks_out

    today = ledger_time.elapsed(db, person, now)[:10]
    return [
        one for one in lapsed.over(db, policies.policy(db), today) if not locks_out(db, one.account, one.handle, one.person)
    ]  # what only they can open waits for somebody else who can: it stays a finding


def end(workspace: Workspace, now: str) -> list[Lapsed]:
    """End those grants and the wraps to their holders' keys, in one transaction of whoever runs this (an admin, HR, or a service for `run-due`); what ended.

    Somebody who answers for the account opens it by that, and their wraps stay. What each could know stays known until it is changed.
    """
    if not over(workspace.view(), now, workspace.person):
        return []
    from govern.procedures.emergency import follow
    from govern.procedures.revoke import locks_out
    from govern.procedures.sealing import end_wraps

    with workspace.transaction(now) as tx:
        ending = list[Lapsed]()
        for one in over(tx.register, now, tx.actor):
            if locks_out(tx.register, one.account, one.handle, one.person):  # by what ended just now
                continue
            tx.record("grant.ended", {"grants": [one.grant], "cause": "lapsed"})
            if one.person not in (one.custodian, one.deputy):
                end_wraps(tx, one.person, [one.account])
            ending.append(one)
        for person in sorted({one.person for one in ending}):
            follow(tx, person)
    return ending
