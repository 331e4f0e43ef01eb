"""Who may answer for an account, and what that brings. Pure: values in, values or Refused out.

Whoever answers for an account opens its secrets; the first grant is theirs, since before it nobody is there who could give one.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from govern.errors import Refused, Usage
from govern.policy.rules import Policy


def founding(policy: Policy, *, tier: str, actor: str, custodian: str, holders: int, leaving: bool, now: str) -> str | None:
    """The end (UTC time) of the grant by which the actor becomes the first holder of their own account; None where they do not.

    They answer for the account, nobody holds it yet (`holders`), and they stay. It is the one grant to oneself, and ends like any other
    (NIST SP 800-53 AC-2) as late as the policy allows. `now` is UTC ISO 8601.
    """
    if actor != custodian or holders or leaving:
        return None
    end = datetime.strptime(now, "%Y-%m-%dT%H:%M:%S%z") + timedelta(days=policy.grants[tier].longest_days)
    return end.strftime("%Y-%m-%dT%H:%M:%SZ")


def check_responsible(*, role: str, handle: str, status: str) -> None:
    """Refuse somebody who is leaving or has left (PS-4) as the `role` (responsible person, deputy) of an account."""
    if status != "active":
        raise Refused(
            f"{handle} {'has left' if status == 'former' else 'is leaving'} and can't become the {role}",
            rule="leaver",
            control="PS-4",
            hint="name somebody who stays: govern person list",
        )


def check_pair(custodian: str, deputy: str) -> None:
    """Refuse (Usage) one and the same person as responsible person and deputy: a deputy is who is left when the other is gone."""
    if deputy and deputy == custodian:
        raise Usage("the responsible person can't be their own deputy", hint="name another deputy, or none")
