"""What the machine of whoever approved does next, once an act of two persons is in force; and what they type then."""

from __future__ import annotations

from typing import Final

from govern.holdings.proposals import Act
from govern.procedures import replace_recovery
from govern.register.queries.proposals import Proposal
from govern.register.workspace import Workspace

NEXT: Final = {
    Act.ROLE: ("govern person list", "who has which role now"),
    Act.POLICY: ("govern policy show", "the rules in force now"),
    Act.RECOVERY: ("govern recovery drill --sheet FILE", "with the new sheets; then destroy the old ones"),
    Act.ERASURE: ("govern ledger verify --deep", "the whole ledger still verifies"),
    Act.ACCOUNTS: ("govern ledger verify --deep", "the whole ledger still verifies"),
    Act.RESTORE: ("govern ledger verify --deep", ""),
}
"""Act -> the next command, and why."""


def follow(workspace: Workspace, proposal: Proposal, now: str) -> list[str]:
    """Sentences about what was done besides; nothing where the act is complete with its approval."""
    if proposal.act is Act.RECOVERY:
        done = replace_recovery.rewrap(workspace, now)
        return [done.told()]
    if proposal.act in (Act.ERASURE, Act.ACCOUNTS):
        return ["backups that are older still hold what was erased; it is dropped again when one is put back: govern vault restore"]
    return []
