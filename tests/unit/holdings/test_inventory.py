"""What may be said of roles and tools: names without superfluous blanks, scopes once each, and which names of roles give roles to others."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.errors import Usage
from govern.holdings import inventory


@pytest.mark.parametrize("role", ["Admin", "super admin", "SUPER-ADMIN", "primary_owner", "owner", "full control"])
def test_these_give_roles_on_every_platform(role: str) -> None:
    assert inventory.gives_roles(role)


@pytest.mark.parametrize("role", ["content", "content admin", "editor", "analyst", "ownership transfer", ""])
def test_these_do_not_or_not_everywhere(role: str) -> None:
    assert not inventory.gives_roles(role)


def test_a_label_is_what_people_read() -> None:
    assert inventory.label("  super \t admin ", "--role") == "super admin"


@pytest.mark.parametrize("text", ["", "   ", "x" * 101])
def test_a_label_that_is_none_is_refused_by_its_option(text: str) -> None:
    with pytest.raises(Usage, match="--role"):
        inventory.label(text, "--role")


def test_scopes_may_stand_in_one_text_or_several() -> None:
    assert inventory.scopes(["publish,  read messages", "publish", ","]) == ("publish", "read messages")


def test_more_scopes_than_are_kept_are_refused() -> None:
    assert len(inventory.scopes(str(n) for n in range(50))) == 50
    with pytest.raises(Usage):
        inventory.scopes(str(n) for n in range(51))


def test_a_kind_of_device_is_one_of_a_few() -> None:
    assert inventory.device_kind("phone") == "phone"
    with pytest.raises(Usage):
        inventory.device_kind("toaster")


@given(st.lists(st.text(max_size=200), max_size=60))
@settings(max_examples=100, deadline=None)
def test_whatever_is_typed_gives_scopes_that_can_be_kept_or_a_refusal(texts: list[str]) -> None:
    try:
        found = inventory.scopes(texts)
    except Usage:
        return
    assert len(found) == len(set(found)) <= 50
    assert all(0 < len(scope) <= 100 and scope == " ".join(scope.split()) for scope in found)
