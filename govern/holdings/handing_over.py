"""Which secrets holders without keys are given after a change, and by when. Pure; knows no ledger and no person.

A rotation must not lock out those who post: whoever goes on holding an account without keys is handed the new secret. One-time backup codes
are given one at a time, and what nobody keeps (a passkey, a recovery phone) is not given at all.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from govern.policy.rules import Policy

NOT_HANDED: Final = frozenset({"backup-codes", "passkey", "recovery-email", "recovery-phone"})
"""Kinds that are never handed over whole."""

AT_FIRST: Final = frozenset({"password"})
"""Kinds that a new holder needs before anything was changed; the rest they ask for."""


def due_by(policy: Policy, tier: str, since: str) -> str:
    """The day (ISO 8601) by which a holder has the secret that counts `since` a UTC time; empty beyond the calendar.

    The same days as for a change of membership (NIST SP 800-53 AC-2 k): what shuts somebody out keeps the others in.
    """
    try:
        return (date.fromisoformat(since[:10]) + timedelta(days=policy.membership_deadline_days[tier])).isoformat()
    except (OverflowError, ValueError):
        return ""
