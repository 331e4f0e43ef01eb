"""Forgetting an account that was handed back, its secrets included: when that may be. Pure.

No secret is ever lost that somebody here may still need. What was handed back is somebody else's: the statement that it was, which the ledger
holds, is the ground on which its last wraps may go, recovery's too. Control: NIST SP 800-53 rev. 5 SI-12(3) (information disposal), PS-7.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from govern.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedBack:
    """One account. `returned_at`: when the ledger was told that it was handed back (UTC), or empty; counts of open grants, of open rotations, and of
    wraps to active keys of people."""

    handle: str
    returned_at: str
    grants: int = 0
    rotations: int = 0
    openers: int = 0


def may_erase_account(account: HandedBack, on: str, retention_days: int) -> None:
    """Return where the account may be forgotten on this date; else raise Refused with what comes first."""
    name = account.handle
    if not account.returned_at:
        raise Refused(
            f"{name} was not handed back: its secrets are kept", rule="not-returned", control="SI-12(3)",
            hint=f"where it is somebody else's by now: govern account retire {name} --returned",
        )  # fmt: skip
    for number, what, hint in (
        (account.grants, "is still held", f"govern account retire {name} --returned"),
        (account.rotations, "has an open rotation", "finish it first: govern rotation list --open"),
        (account.openers, "can still be opened with somebody's key", f"govern account retire {name} --returned"),
    ):
        if number:
            raise Refused(f"{name} {what} ({number})", rule="erasure-early", control="SI-12(3)", hint=hint)
    try:
        until = date.fromisoformat(account.returned_at[:10]) + timedelta(days=retention_days)
    except (ValueError, OverflowError):
        raise Refused(
            "the day on which it was handed back is no date", rule="retention", control="SI-12(3)", hint=f"govern account show {name}"
        ) from None
    if on < until.isoformat():
        raise Refused(
            f"{name} was handed back on {account.returned_at[:10]}: what is kept of it is kept until {until.isoformat()}", rule="retention",
            control="SI-12(3)", hint="come back then; how long is a rule of the policy: govern policy show",
        )  # fmt: skip
