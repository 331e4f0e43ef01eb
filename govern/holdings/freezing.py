"""A frozen account: grants are paused, and secrets are shown to nobody but those who are named. Pure; ids in, a refusal or nothing out.

Nobody is ever locked out for good: whoever answers for the account is always among the named, and where none of the named is an admin any more,
every admin is. Control: NIST SP 800-53 rev. 5 IR-4 (containment).
"""

from __future__ import annotations

from collections.abc import Set
from datetime import date, timedelta

from govern.errors import Refused

CONTROL = "IR-4"
LONGEST = 92
"""Days after which a freeze is looked at again, at the latest: until then nobody is told that it goes on."""


def latest(today: str) -> str:
    """The last day (ISO date) on which a freeze that begins today may be looked at again."""
    try:
        return (date.fromisoformat(today) + timedelta(days=LONGEST)).isoformat()
    except OverflowError:
        return date.max.isoformat()


def able(named: Set[str], custodian: str, admins: Set[str]) -> frozenset[str]:
    """Who is shown secrets of a frozen account: the named, whoever answers for it, and all admins (ids; those with keys) where none of these is one."""
    found = frozenset(named) | {custodian}
    return found if found & admins else found | admins


def must_leave_one(named: Set[str], custodians: Set[str], admins: Set[str]) -> None:
    """Refuse a freeze that names no admin; `custodians`: those of the accounts it is about, each of whom stays able for theirs alone."""
    if not (named & admins or (len(custodians) == 1 and custodians <= admins)):
        raise Refused(
            "a freeze leaves an admin who can act",
            rule="freeze-lockout",
            control=CONTROL,
            hint="name one: govern incident freeze … --allow PERSON",
        )


def refused(handle: str, what: str, frozen: str) -> Refused:
    """The refusal of what a freeze keeps from happening; `what`: a sentence's end; `frozen`: what is thawed, a handle or `--all`."""
    return Refused(f"{handle} is frozen: {what}", rule="frozen", control=CONTROL, hint=f"an admin ends it: govern incident thaw {frozen}")
