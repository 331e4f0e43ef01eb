"""Acts of two persons: proposing one, approving it as another admin or with recovery sheets, taking it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from govern.errors import Refused
from govern.holdings.proposals import Act
from govern.procedures import epochs
from govern.register.queries import proposals
from govern.register.queries.proposals import Proposal
from govern.register.transaction import Transaction
from govern.register.workspace import Workspace
from govern.vault.keys import Keys

if TYPE_CHECKING:
    from govern.vault.sheet import Sheet


def propose(tx: Transaction, act: Act, parameters: Mapping[str, Any], reason: str = "", *, id_: str = "") -> Proposal:
    """Put it to a second person; nothing has changed yet."""
    proposal = id_ or tx.new_id()
    told = {key: value for key, value in parameters.items() if value is not None}
    tx.record("proposal.made", {"proposal": proposal, "act": act.value, "parameters": told}, {"reason": reason})
    return proposals.by_id(tx.register, proposal)


def approve(tx: Transaction, proposal: Proposal) -> Proposal:
    """Be the second person: it takes effect with this entry."""
    tx.record("proposal.approved", {"proposal": proposal.id})
    _share(tx, proposal)
    return proposals.by_id(tx.register, proposal.id)


def _share(tx: Transaction, proposal: Proposal) -> None:
    """Whoever was made admin or auditor reads the cases from now on; recovery may not record it, so a member does."""
    if proposal.act is Act.ROLE and tx.actor != tx.workspace.keys.id.hex():
        epochs.share_cases(tx, proposal.parameters["person"])


def withdraw(tx: Transaction, proposal: Proposal) -> Proposal:
    """Take it back, or turn it down: any admin may."""
    tx.record("proposal.withdrawn", {"proposal": proposal.id})
    return proposals.by_id(tx.register, proposal.id)


def recovery_keys(workspace: Workspace, sheets: Sequence[Sheet]) -> Keys:
    """The recovery key in force, from its sheets; Refused (code `recovery-sheet`) for too few, wrong, mixed or older ones."""
    if not sheets:
        raise Refused(
            "no recovery sheet was given", rule="recovery-sheet", code="recovery-sheet", hint="--sheet FILE, as often as the sheets say"
        )
    row = workspace.view().execute("SELECT id FROM keys WHERE state = 'recovery'").fetchone()
    from govern.vault.recovery import combine

    return Keys(combine(sheets, vault=workspace.vault, recovery_key_id=bytes.fromhex(row[0])))


def approve_with_sheets(workspace: Workspace, sheets: Sequence[Sheet], id_: str, now: str) -> Proposal:
    """The recovery quorum is the second person: on this member's machine, under the recovery key's signature, and recorded as its use.

    What this member may not read stays unread, although the recovery key could: the compartments are read with the member's own keys.
    """
    proposal = proposals.find(workspace.view(), id_)
    recovery = recovery_keys(workspace, sheets)
    signing = Workspace(
        path=workspace.path, home=workspace.home, vault=workspace.vault, person=recovery.id.hex(), checkpoint=b"",
        unlock=lambda: recovery, reader=lambda: workspace.keys, random=workspace.random,
    )  # fmt: skip
    try:
        with signing.transaction(now) as tx:
            tx.record("recovery.used", {"purpose": "second-person"})
            approved = approve(tx, proposals.by_id(tx.register, proposal.id))
    finally:
        signing.close()
    with workspace.transaction(now) as tx:
        _share(tx, approved)
    return approved
