"""Who holds an account from its first day on: the responsible person, until somebody else does. Used by adding and by importing."""

from __future__ import annotations

from govern.holdings.custody import founding
from govern.register.queries import gate
from govern.register.queries.policies import policy
from govern.register.transaction import Transaction


def become_first_holder(tx: Transaction, account_id: str) -> bool:
    """Record the actor's founding grant on their own new account where nobody holds it yet; whether it was recorded."""
    row = tx.register.execute(
        "SELECT a.tier, a.custodian, p.leaving OR p.left_on IS NOT NULL,"
        " (SELECT count(*) FROM grants g WHERE g.account = a.id AND g.ended_at IS NULL)"
        " FROM accounts a JOIN people p ON p.id = ? WHERE a.id = ?",
        (tx.actor, account_id),
    ).fetchone()
    if row is None:
        return False
    tier, custodian, leaving, holders = row
    until = founding(
        policy(tx.register), tier=tier, actor=tx.actor, custodian=custodian, holders=holders, leaving=bool(leaving), now=tx.now
    )
    if until is None or gate.missing(tx.register, account_id, tx.actor, tx.now[:10]):
        return False
    tx.record("grant.issued", {"grant": tx.new_id(), "account": account_id, "person": tx.actor, "until": until, "founding": True})
    return True
