"""What follows an emergency grant: once it is over, everything that the person came to know by it is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.register.queries import emergencies, policies
from govern.rotation.triggers import Trigger, due

if TYPE_CHECKING:
    from govern.register.transaction import Transaction


def follow(tx: Transaction, person: str) -> list[str]:
    """Open a rotation of every secret that an emergency of the person (id), now over, left them knowing; ids of those opened.

    For the change of membership, and due as after one: somebody who was one of those who knew is one no more (IA-5 i).
    """
    opened = {}
    for one in emergencies.owed(tx.register, tx.now, person):
        if one.ended and not one.changing and one.credential not in opened:
            id_ = opened[one.credential] = tx.new_id()
            by = due(policies.policy(tx.register), Trigger.MEMBERSHIP, one.tier, tx.now)
            body = {"rotation": id_, "credential": one.credential, "trigger": "membership", "person": person, "due": by}
            tx.record("rotation.opened", body)
    return list(opened.values())
