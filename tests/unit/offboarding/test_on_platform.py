"""What a platform's profile says of an item: the right steps for each kind, and a guess of the time that all of it takes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.offboarding.items import ItemKind
from govern.offboarding.on_platform import MINUTES_BESIDE, MINUTES_UNKNOWN, minutes, there
from govern.policy.platforms import load_profiles, profile

SHOP = profile("instagram")


def texts(kind: ItemKind, credential: str = "", tool: str = "") -> list[str]:
    return [one.line for one in there(kind, SHOP, credential=credential, tool=profile(tool) if tool else None).steps]


@pytest.mark.parametrize("credential", ["password", "totp", "recovery-email", "recovery-phone"])
def test_a_change_has_the_steps_of_its_kind(credential: str) -> None:
    assert texts(ItemKind.ROTATE, credential) == [one.text for one in SHOP.rotate[credential]] != []


def test_a_recovery_channel_has_those_of_the_change_that_replaces_it() -> None:
    assert texts(ItemKind.RECOVERY_CHANNEL, "recovery-email") == texts(ItemKind.ROTATE, "recovery-email")


def test_a_role_has_those_that_remove_people_and_a_tool_those_that_remove_tools() -> None:
    roles, apps = [one.text for one in SHOP.cut["roles"]], [one.text for one in SHOP.cut["apps"]]
    assert texts(ItemKind.ENTITLEMENT) == texts(ItemKind.NATIVE_ADMIN) == roles
    assert texts(ItemKind.APP) == apps
    assert not set(roles) & set(apps)


def test_a_tool_with_a_profile_of_its_own_has_members_to_remove_there_too() -> None:
    assert texts(ItemKind.APP, tool="hootsuite")[len(SHOP.cut["apps"]) :] == [
        f"Hootsuite: {one.text}" for one in profile("hootsuite").cut["roles"]
    ]  # fmt: skip


def test_what_survives_is_told_with_the_password_alone() -> None:
    assert there(ItemKind.ROTATE, SHOP, credential="password").survives == SHOP.survives != ()
    assert there(ItemKind.ROTATE, SHOP, credential="totp").survives == ()


@pytest.mark.parametrize("kind", ItemKind)
@pytest.mark.parametrize("platform", sorted(load_profiles()))
def test_every_kind_of_item_has_an_answer_on_every_platform(kind: ItemKind, platform: str) -> None:
    found = there(kind, profile(platform), credential="password")
    assert found.page == "" or found.page.startswith("https://")
    assert all(one.text and one.grade for one in found.steps)


def test_an_account_with_a_secret_to_change_takes_its_minutes_once_with_all_that_is_cut_there() -> None:
    items = [(ItemKind.ROTATE, "a"), (ItemKind.ROTATE, "a"), (ItemKind.APP, "a"), (ItemKind.PROMPTS, "a")]
    assert minutes(items, {"a": 10}) == 10
    assert minutes(items, {}) == MINUTES_UNKNOWN
    assert minutes([*items, (ItemKind.ENTITLEMENT, "b"), (ItemKind.DEVICE, "")], {"a": 10, "b": 30}) == 10 + 2 * MINUTES_BESIDE
    assert minutes([(ItemKind.CUSTODY, "a"), (ItemKind.REVOKE_KEY, "")], {"a": 10}) == 0


@given(st.lists(st.tuples(st.sampled_from(list(ItemKind)), st.sampled_from(["", "a", "b"])), max_size=10), st.integers(1, 240))
@settings(max_examples=100, deadline=None)
def test_one_item_more_never_takes_less_time_unless_it_brings_the_account_in_order(items: list[tuple[ItemKind, str]], known: int) -> None:
    """Whatever there is besides a change is done with it."""
    before = minutes(items, {"a": known})
    for kind in (ItemKind.APP, ItemKind.DEVICE, ItemKind.CUSTODY):
        assert minutes([*items, (kind, "b")], {"a": known}) >= before
