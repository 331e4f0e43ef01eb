"""What a secret that is overdue past its grace keeps from happening: new grants, and on the tiers that the policy names
whatever shows a secret or lets somebody in by it: reveals, hand-overs, codes.

Judged when somebody asks, by the day: the ledger takes what was recorded all the same, and `govern status` tells of it.
"""

from __future__ import annotations

import sqlite3

from govern.errors import Refused
from govern.policy.rules import Policy
from govern.register.queries import holdings, policies
from govern.register.queries.accounts import Account
from govern.register.queries.overdue import Overdue, past_grace
from govern.rotation.schedule import Cause


def may_grant(db: sqlite3.Connection, policy: Policy, account: Account, today: str) -> None:
    """Refuse a grant on an account of which something is overdue past its grace. An emergency grant is not asked: it is how to get in."""
    rule = policy.later.overdue
    if rule is None or not rule.no_grants:
        return
    found = past_grace(db, policy, today, account.id)
    if found:
        raise _refused(f"{account.handle} is given to nobody else", found[0], rule.control)


def may_be_shown(db: sqlite3.Connection, account: Account, now: str, *people: str) -> None:
    """Refuse to show a secret of an account, or a code that gets into it, to any of these people (ids) who may not be shown one now."""
    policy = policies.policy(db)
    for person in dict.fromkeys(people):
        may_reveal(db, policy, account, person, now)


def may_reveal(db: sqlite3.Connection, policy: Policy, account: Account, person: str, now: str) -> None:
    """Refuse to show a secret of an account on a tier that the policy names, while something of it is overdue past its grace.

    Not to the responsible person and their deputy, and not to whoever holds an emergency grant (an incident); a rotation shows its
    secrets by itself and does not ask here.
    """
    rule = policy.later.overdue
    if rule is None or account.tier not in rule.no_reveals or person in (account.custodian, account.deputy):
        return
    held = [one for one in holdings.of_accounts(db, [account.id]) if one.person == person]
    if any(one.emergency and (not one.until or one.until > now) for one in held):
        return
    found = past_grace(db, policy, now[:10], account.id)
    if found:
        raise _refused(f"{account.handle} is shown to the responsible person only", found[0], rule.control)


def trigger_of(cause: Cause) -> str:
    """The reason code of a rotation that mends it."""
    return "membership" if cause is Cause.EVENT else "schedule"


def _refused(what: str, found: Overdue, control: str) -> Refused:
    return Refused(
        f"{what}: its {found.kind} was to be changed by {found.due}",
        rule="overdue",
        control=control,
        hint=f"first: govern rotate {found.handle} --kind {found.kind} --because {trigger_of(found.cause)}",
    )
