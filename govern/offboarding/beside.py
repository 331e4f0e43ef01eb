"""Items from what ties a person to accounts beside secrets: roles on platforms, tools, devices, where codes and recovery go. Pure.

What could keep others from changing a secret comes before the secrets: whoever still has a role can undo a change, and a code that goes to
somebody who is gone stops it. Sessions and tools come after them: what signs in again, or is connected anew,
is to need what is new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from govern.offboarding import deadlines
from govern.offboarding.items import Item, ItemKind
from govern.policy.rules import Policy


class Tie(NamedTuple):
    """One thing that ties the person to an account, by ids; `about` is the entitlement, app or device, `sole`: nobody else has such a role."""

    kind: ItemKind
    account: str = ""
    about: str = ""
    credential: str = ""
    version: int = 0
    sole: bool = False


_BEFORE: Final = (ItemKind.ENTITLEMENT, ItemKind.PROMPTS, ItemKind.RECOVERY_CHANNEL)
_AFTER: Final = (ItemKind.SESSION, ItemKind.APP, ItemKind.DEVICE)
KINDS: Final = frozenset({*_BEFORE, *_AFTER, ItemKind.NATIVE_ADMIN})
"""Kinds of items that are drawn up here."""


def in_the_way(ties: Sequence[Tie], *, due: str) -> list[Item]:
    """Accounts of which nobody else could give and take roles: they hold up the closing. In the order of `ties`, like all below."""
    return [
        Item(kind=ItemKind.NATIVE_ADMIN, account=tie.account, about=tie.about, due=due, blocking=True)
        for tie in ties
        if tie.kind is ItemKind.ENTITLEMENT and tie.sole
    ]


def before_secrets(ties: Sequence[Tie], tiers: Mapping[str, str], policy: Policy, *, cut_at: str) -> list[Item]:
    """What is done before secrets are changed. `tiers`: account id -> tier."""
    return _items(ties, _BEFORE, tiers, policy, cut_at)


def after_secrets(ties: Sequence[Tie], tiers: Mapping[str, str], policy: Policy, *, cut_at: str) -> list[Item]:
    """What is done after secrets were changed; a device is of no account, and has the days of a standard one."""
    return _items(ties, _AFTER, tiers, policy, cut_at)


def _items(ties: Sequence[Tie], kinds: Sequence[ItemKind], tiers: Mapping[str, str], policy: Policy, cut_at: str) -> list[Item]:
    return [
        Item(
            kind=tie.kind, account=tie.account, credential=tie.credential, version=tie.version, about=tie.about,
            due=deadlines.duty_due(policy, tiers.get(tie.account, "standard"), cut_at),
        )
        for kind in kinds
        for tie in ties
        if tie.kind is kind
    ]  # fmt: skip
