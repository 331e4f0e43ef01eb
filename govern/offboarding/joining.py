"""Draws up the items of somebody new from what they will hold and still lack. Pure: ids and values in, items out.

A role of their own on a platform comes before a password that others know too: only where the platform has none, or it was given up, is the account
granted. What they are asked to read and learn stands here as the policy asks for it; nothing that they have done already is asked for again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from govern.offboarding.items import Item, ItemKind
from govern.policy.joiner_rules import DEFAULT, JoinerRule


class Planned(NamedTuple):
    """One account that the person will work with. `native`: its platform gives people roles of their own, and nobody gave that up; `has_role`, `granted`,
    `handed`: they have one, are granted the account, were handed a secret of it; `publishes`: a spokesperson is asked for, and they are not named."""

    id: str
    handle: str
    native: bool = False
    has_role: bool = False
    granted: bool = False
    handed: bool = False
    publishes: bool = False


class Arriving(NamedTuple):
    """What there is to know of somebody new. `documents`: ids of what they are asked to acknowledge and have not, in the order of their names;
    `trainings`: subjects; `keys`: they have some; `by_hand`: they will have none."""

    accounts: Sequence[Planned] = ()
    documents: Sequence[str] = ()
    trainings: Sequence[str] = ()
    keys: bool = False
    by_hand: bool = False
    mail: bool = True


def draw_up(found: Arriving, rule: JoinerRule | None, *, starts_on: str, today: str) -> tuple[Item, ...]:
    """All items in the order to work in: what they read first, what they learn, then each account.

    `starts_on`, `today`: ISO dates; nothing is due before the day on which it is asked for, and whoever has begun has the times from that day.
    """
    rule, first = rule or DEFAULT, max(starts_on, today)
    sign, train, keys, hold = (day(first, days) for days in (rule.acknowledge, rule.training, rule.keys, rule.accounts))
    before = max(day(starts_on, -rule.before), day(today, 0))
    items = [Item(kind=ItemKind.HAND_OUT, due=before)] if found.documents else []
    items += [Item(kind=ItemKind.ACKNOWLEDGE, about=document, due=sign) for document in found.documents]
    items += [Item(kind=ItemKind.TRAINING, about=subject, due=train) for subject in found.trainings]
    items += [] if found.mail else [Item(kind=ItemKind.ADDRESS, due=before)]
    by_handle = sorted(found.accounts, key=lambda account: account.handle)
    shared = [account for account in by_handle if not (account.native or account.has_role)]
    if shared and not (found.keys or found.by_hand):
        items.append(Item(kind=ItemKind.ENROL_KEY, due=keys))
    for account in by_handle:
        if account.native and not account.has_role:
            items.append(Item(kind=ItemKind.NATIVE_ROLE, account=account.id, due=hold))
        if account in shared and not account.granted:
            items.append(Item(kind=ItemKind.GRANT, account=account.id, due=hold))
        if account in shared and found.by_hand and not (found.keys or account.handed):
            items.append(Item(kind=ItemKind.HAND_OVER, account=account.id, due=hold))
        if account.publishes:
            items.append(Item(kind=ItemKind.SPOKESPERSON, account=account.id, due=hold))
    return tuple(items)


def day(starts_on: str, days: int) -> str:
    """The UTC time at the end of the day that is so many days after the first one; within the calendar."""
    try:
        found = date.fromisoformat(starts_on) + timedelta(days=days)
    except (OverflowError, ValueError):  # others' programs may have recorded a day that no calendar has
        return f"{starts_on}{_END}"
    return f"{found.isoformat()}{_END}"


_END: Final = "T23:59:59Z"

ASKED: Final = frozenset({ItemKind.ACKNOWLEDGE, ItemKind.TRAINING})
"""What rules of behaviour ask for (PL-4, AT-3): it is there as long as they ask."""
