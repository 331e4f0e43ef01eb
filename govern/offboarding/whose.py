"""Whose work an item of a case is: of the one it was assigned to, else of those who may do what it asks for. Pure; ids in, ids out.

Never of the person whom the case is about, and of nobody who is gone themselves.
"""

from __future__ import annotations

from collections.abc import Set
from typing import NamedTuple, assert_never

from govern.offboarding.items import ItemKind


class Staff(NamedTuple):
    """People who stay. `admins` have the role admin, `runs` work on cases (admin or hr)."""

    present: Set[str]
    admins: Set[str]
    runs: Set[str]


def whose(kind: ItemKind, *, assignee: str, answers: Set[str], subject: str, staff: Staff) -> frozenset[str]:
    """Ids of those who see an item among their work. `answers`: custodian and deputy of its account; empty ids count for nobody."""
    if assignee and assignee in staff.present - {subject}:
        return frozenset({assignee})
    match kind:
        case (
            ItemKind.HAND_BACK | ItemKind.TAKEN_OVER | ItemKind.RETIRE | ItemKind.ROTATE | ItemKind.ENTITLEMENT | ItemKind.PROMPTS
            | ItemKind.RECOVERY_CHANNEL | ItemKind.APP | ItemKind.SESSION | ItemKind.NATIVE_ROLE | ItemKind.GRANT | ItemKind.HAND_OVER
            | ItemKind.SPOKESPERSON
        ):  # fmt: skip
            found = frozenset(answers & staff.present) - {subject}
            return found or frozenset(staff.admins) - {subject}
        case (
            ItemKind.END_GRANT | ItemKind.CLEAN_PLACE | ItemKind.DEVICE | ItemKind.DESTROY_COPIES | ItemKind.HAND_OUT | ItemKind.ACKNOWLEDGE
            | ItemKind.TRAINING | ItemKind.ADDRESS
        ):  # fmt: skip
            return frozenset(staff.runs) - {subject}
        case (
            ItemKind.CUSTODY | ItemKind.SOLE_HOLDER | ItemKind.NATIVE_ADMIN | ItemKind.DEPUTY | ItemKind.WITHDRAW_ROLE | ItemKind.REVOKE_KEY
            | ItemKind.ENROL_KEY
        ):  # fmt: skip
            return frozenset(staff.admins) - {subject}
        case ItemKind.SUCCESSOR_ADMIN | ItemKind.RECOVERY_SHEET:
            return frozenset(staff.admins) - {subject} or frozenset(staff.runs) - {subject}  # while there is no other admin, HR sees to it
        case _:
            assert_never(kind)
