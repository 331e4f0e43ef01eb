"""One run for all at a time: whoever takes the lease goes on, everybody else leaves it at that. It ends when it is given back, or by its time.

The store's write lock decides between two that ask at the same moment; the ledger remembers, so that it holds between machines.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from govern.errors import Refused
from govern.policy import later_rules
from govern.register.queries import policies, reminded

if TYPE_CHECKING:
    from govern.register.queries.reminded import Lease
    from govern.register.transaction import Transaction
    from govern.register.workspace import Workspace


@dataclass(slots=True, kw_only=True)
class Held:
    """A lease of ours. `until`: UTC."""

    id: str
    purpose: str
    until: str
    minutes: int


def later(time: str, minutes: int) -> str:
    """A UTC time so many minutes later."""
    return (datetime.fromisoformat(time) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def take(tx: Transaction, purpose: str) -> Held | Lease:
    """Take the lease of a run (`govern.vocabulary.RUNS`), or say who has it. Nothing is recorded in that case."""
    other = reminded.lease(tx.register, tx.now)
    if other is not None:
        return other
    minutes = later_rules.reminders(policies.policy(tx.register).later).lease
    held = Held(id=tx.new_id(), purpose=purpose, until=later(tx.now, minutes), minutes=minutes)
    tx.record("run.leased", {"lease": held.id, "purpose": purpose, "until": held.until})
    return held


def goes_on(workspace: Workspace, held: Held, clock: Callable[[], str]) -> bool:
    """Whether the lease is still ours; made longer where more than half of it is over. Another run may have begun once it has run out."""
    now = clock()
    if now < later(held.until, -(held.minutes + 1) // 2):
        return True
    until = later(now, held.minutes)
    try:
        with workspace.transaction(now) as tx:
            if tx.register.execute("SELECT 1 FROM leases WHERE id = ?", (held.id,)).fetchone() is None:
                return False  # it had run out, and another run has been and gone since
            tx.record("run.leased", {"lease": held.id, "purpose": held.purpose, "until": until})
    except Refused as refused:
        if refused.rule != "run-leased":
            raise
        return False
    held.until = until
    return True


def give_back(workspace: Workspace, held: Held, now: str) -> None:
    """End it before its time."""
    with workspace.transaction(now) as tx:
        if tx.register.execute("SELECT 1 FROM leases WHERE id = ? AND released_at IS NULL", (held.id,)).fetchone():
            tx.record("run.released", {"lease": held.id})
