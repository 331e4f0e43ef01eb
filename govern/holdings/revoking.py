"""What to know when a grant ends: how few are left. Pure; nothing here ever blocks, since cutting comes before tidiness."""

from __future__ import annotations

from collections.abc import Iterator

from govern.policy.rules import Policy


def warnings(policy: Policy, *, handle: str, tier: str, person: str, holders: int, answers: bool, only_recovery: bool) -> Iterator[str]:
    """Sentences about one account. `holders`: how many are left; `answers`: the person is its custodian or deputy; `only_recovery`: no keyholder
    is left who opens its secrets (AC-6 for the least, PS-4 e for who can open)."""
    rule, openers = policy.holders[tier], policy.openers
    if answers:
        yield f"{person} stays responsible for {handle} and can still open it: govern account custody {handle} PERSON"
    if only_recovery:
        yield f"only the recovery sheets open {handle} now ({openers.control}); nothing is lost: govern vault recover"
    if holders == 0:
        yield f"nobody holds {handle} now: govern grant {handle} PERSON"
    elif holders < rule.least:
        few = "1 person holds" if holders == 1 else f"{holders} people hold"
        yield f"only {few} {handle} now, {rule.least} are asked for ({rule.control}): govern grant {handle} PERSON"
