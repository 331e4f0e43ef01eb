"""What may be said of an account, and what an edit changes."""

from __future__ import annotations

import pytest

from govern.errors import Usage
from govern.holdings.accounts import About, changes, depends_on, tags, text, tier

NOW = About(platform="x", tier="standard", deputy="ben", department="PR", login="shop", tags=("brand", "Denmark"), depends_on=("mailbox",))


def test_only_what_differs_is_recorded() -> None:
    body, personal = changes(NOW, About(platform="x", tier="critical", department="PR", login="shop", url="https://x.com"), cleared=())
    assert body == {"tier": "critical"}
    assert personal == {"url": "https://x.com"}


def test_nothing_asked_is_nothing_changed() -> None:
    assert changes(NOW, About(), cleared=()) == ({}, {})


def test_clearing_takes_away_what_is_there() -> None:
    body, personal = changes(NOW, About(), cleared=("deputy", "client", "login", "tags", "depends-on"))
    assert body == {"cleared": ["deputy", "login"], "tags": [], "depends_on": []}
    assert personal == {}


def test_a_field_is_not_set_and_cleared_at_once() -> None:
    with pytest.raises(Usage, match="set and cleared"):
        changes(NOW, About(deputy="mia"), cleared=("deputy",))


@pytest.mark.parametrize("field", ["tier", "platform", "handle", "custodian", ""])
def test_what_an_account_cannot_be_without_is_not_cleared(field: str) -> None:
    with pytest.raises(Usage, match="can't be cleared"):
        changes(NOW, About(), cleared=(field,))


def test_tags_are_added_and_taken_away_singly_whatever_their_case() -> None:
    body, _ = changes(NOW, About(tags=("BRAND", "shop")), cleared=(), untagged=("denmark",))
    assert body == {"tags": ["brand", "shop"]}


def test_clearing_tags_and_giving_new_ones_replaces_them() -> None:
    assert changes(NOW, About(tags=("new",)), cleared=("tags",))[0] == {"tags": ["new"]}


@pytest.mark.parametrize("value", ["", " ", "a:b", "x" * 101])
def test_a_tag_that_no_selector_could_name_is_refused(value: str) -> None:
    with pytest.raises(Usage):
        tags([value])


def test_more_tags_than_an_event_holds_are_refused() -> None:
    assert len(tags(str(n) for n in range(50))) == 50
    with pytest.raises(Usage):
        tags(str(n) for n in range(51))


def test_an_account_does_not_depend_on_itself() -> None:
    assert depends_on("a", ["b", "b", "c"]) == ("b", "c")
    with pytest.raises(Usage):
        depends_on("a", ["b", "a"])


def test_texts_are_trimmed_and_kept_within_what_an_event_holds() -> None:
    assert text("  shop ", "login") == "shop"
    with pytest.raises(Usage):
        text("x" * 501, "login")


def test_there_are_three_tiers() -> None:
    assert tier("low") == "low"
    with pytest.raises(Usage):
        tier("high")
