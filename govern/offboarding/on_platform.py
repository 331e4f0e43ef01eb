"""What a platform's profile says of an item: the page, the steps to take there, what goes on working afterwards. Pure."""

from __future__ import annotations

from typing import NamedTuple, assert_never

from govern.offboarding.items import ItemKind
from govern.policy.platforms import page
from govern.policy.profile import Profile, Statement


class There(NamedTuple):
    """Settings page (an https address, or empty) and steps on the platform, in order. `survives` is told with the password alone."""

    page: str = ""
    steps: tuple[Statement, ...] = ()
    survives: tuple[Statement, ...] = ()


def there(kind: ItemKind, about: Profile, *, credential: str = "", url: str = "", tool: Profile | None = None) -> There:
    """What is known for an item of this kind. `credential`: its kind, where the item has one; `url`: the account's; `tool`: the profile of a
    connected tool, where there is one, which has members of its own."""
    match kind:
        case ItemKind.ROTATE | ItemKind.RECOVERY_CHANNEL:
            survives = about.survives if credential == "password" else ()
            return There(page(about, url), about.rotate.get(credential, ()), survives)
        case ItemKind.HAND_BACK | ItemKind.TAKEN_OVER | ItemKind.ENTITLEMENT | ItemKind.NATIVE_ADMIN:
            return There(about.delegation_url or page(about, url), about.cut["roles"])
        case ItemKind.NATIVE_ROLE:
            return There(about.delegation_url or page(about, url), (about.delegation_said,))
        case ItemKind.SESSION:
            return There(page(about, url), about.cut["sessions"])
        case ItemKind.APP:
            of_tool = [said._replace(of=tool.name) for said in tool.cut["roles"]] if tool else []
            return There(page(about, url), (*about.cut["apps"], *of_tool))
        case ItemKind.PROMPTS:
            return There(page(about, url), about.rotate.get("recovery-phone", ()) or about.rotate.get("totp", ()))
        case (
            ItemKind.SUCCESSOR_ADMIN | ItemKind.RECOVERY_SHEET | ItemKind.SOLE_HOLDER | ItemKind.END_GRANT | ItemKind.CUSTODY | ItemKind.DEPUTY
            | ItemKind.DEVICE | ItemKind.RETIRE | ItemKind.CLEAN_PLACE | ItemKind.WITHDRAW_ROLE | ItemKind.REVOKE_KEY | ItemKind.DESTROY_COPIES
            | ItemKind.HAND_OUT | ItemKind.ACKNOWLEDGE | ItemKind.TRAINING | ItemKind.ADDRESS | ItemKind.ENROL_KEY | ItemKind.GRANT
            | ItemKind.HAND_OVER | ItemKind.SPOKESPERSON
        ):  # fmt: skip
            return There()
        case _:
            assert_never(kind)


MINUTES_UNKNOWN = 15
"""A guess of ours for an account on a platform of which nothing is known."""

MINUTES_BESIDE = 5
"""A guess of ours for one role, tool, device or recovery channel."""


def minutes(items: list[tuple[ItemKind, str]], known: dict[str, int]) -> int:
    """About how long the items take: once for each account with a secret to change, with all that is cut there besides, and a little for each
    thing on other accounts. `items`: kind and account (id or empty); `known`: account -> minutes of its platform."""
    changed = {account for kind, account in items if kind is ItemKind.ROTATE}
    others = (ItemKind.ENTITLEMENT, ItemKind.PROMPTS, ItemKind.RECOVERY_CHANNEL, ItemKind.SESSION, ItemKind.APP, ItemKind.DEVICE)
    beside = sum(kind in others and account not in changed for kind, account in items)
    return sum(known.get(account, MINUTES_UNKNOWN) for account in changed) + MINUTES_BESIDE * beside
