"""What becomes of a login from a foreign file: which account it is, what it is called, whether it adds, differs, or is known already."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.errors import NotFound
from govern.fields import handle as is_handle
from govern.holdings.importing import (
    Choice,
    Outcome,
    base_handle,
    identity,
    judge,
    left_before,
    numbering,
    outcome,
    place,
)

SITE = "https://shop.example/login"


@pytest.mark.parametrize(
    ("urls", "title", "named", "platform", "url"),
    [
        (("https://www.instagram.com/acme",), "Anything", "", "instagram", "https://www.instagram.com/acme"),
        (("https://shop.example", "https://twitter.com"), "Login", "", "x", "https://twitter.com"),
        ((), "Instagram brand", "", "instagram", ""),
        ((SITE,), "Instagram brand", "", "instagram", SITE),
        ((), "Our shop", "", "other", ""),
        ((), "Acme", "Twitter", "x", ""),
        ((), "Acme", "TikTok", "tiktok", ""),
        (("https://www.facebook.com/acme",), "Acme", "Social media", "facebook", "https://www.facebook.com/acme"),
        ((), "Instagram backup", "Snapchat", "snapchat", ""),
        (("not an address", SITE), "Shop", "", "other", SITE),
        (("x" * 3000, SITE), "Shop", "", "other", SITE),
    ],
)
def test_the_platform_comes_from_a_known_name_then_the_host_then_the_title(
    urls: tuple[str, ...], title: str, named: str, platform: str, url: str
) -> None:
    where = place(urls, title, named)
    assert (where.platform, where.url) == (platform, url)


def test_an_address_that_only_looks_like_a_platform_is_not_one() -> None:
    assert place(("https://instagram.com.evil.example/login",), "Login").platform == "other"
    assert place(("https://instagram.com@evil.example/",), "Login").platform == "other"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("instagram", "Acme", "https://instagram.com/a", "Acme"), ("instagram", "acme ", "https://www.instagram.com/b", "Brand")),
        (("other", "acme", "https://shop.example/a", "Shop"), ("other", "ACME", "https://www.shop.example/b", "The shop")),
        (("other", "acme", "", "Our Shop"), ("other", "acme", "", "our shop ")),
        (("tumblr", "acme", SITE, "A"), ("other", "acme", SITE, "B")),
    ],
)
def test_two_logins_are_one_account_where_platform_or_host_or_title_and_login_agree(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert identity(*one) == identity(*other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("instagram", "acme", "", "A"), ("instagram", "acme.shop", "", "A")),
        (("instagram", "acme", "", "A"), ("facebook", "acme", "", "A")),
        (("other", "acme", "https://a.example", "A"), ("other", "acme", "https://b.example", "A")),
        (("other", "acme", "", "A"), ("other", "acme", "", "B")),
        # the same login on two installations, and two entries without a login, are two accounts
        (("wordpress", "admin", "https://a.example/wp-login.php", "A"), ("wordpress", "admin", "https://b.example/wp-login.php", "A")),
        (("mastodon", "acme", "https://mastodon.social", "A"), ("mastodon", "acme", "https://mas.to", "A")),
        (("instagram", "", "", "Brand"), ("instagram", "", "", "Shop")),
    ],
)
def test_two_logins_are_two_accounts_where_anything_tells_them_apart(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert identity(*one) != identity(*other)


@pytest.mark.parametrize(
    ("platform", "title", "login", "url", "handle"),
    [
        ("instagram", "Acme", "acme", "", "instagram.acme"),
        ("instagram", "Acme Instagram", "acme", "", "acme.instagram"),
        ("instagram", "Instagram", "acme_official", "", "instagram.acme_official"),
        ("instagram", "www.instagram.com", "acme", "https://www.instagram.com", "instagram.acme"),
        ("x", "X", "@acme", "", "x.acme"),
        ("other", "Our Shop", "", "", "our.shop"),
        ("other", "", "acme", "https://www.shop.example/login", "shop.example"),
        ("other", "", "acme", "", "acme"),
        ("other", "", "", "", "account"),
        ("other", "Работа", "", "", "account"),
        ("instagram", "Søren Ærø", "", "", "instagram.soren.aero"),
    ],
)
def test_a_handle_says_platform_and_title_else_login(platform: str, title: str, login: str, url: str, handle: str) -> None:
    assert base_handle(platform, title, login, url) == handle


@pytest.mark.parametrize(
    ("named", "handle"),
    [("shop", "shop"), ("Shop", "instagram.acme"), ("anna@acme.example", "instagram.acme"), ("s" * 60, "instagram.acme")],
)
def test_what_a_spreadsheet_calls_an_account_is_its_handle_where_it_can_be_one(named: str, handle: str) -> None:
    assert base_handle("instagram", "Acme", "acme", "", named=named) == handle


@pytest.mark.parametrize(
    ("platform", "title", "login", "url"),
    [
        ("instagram", "Instagram", "anna.smith@acme.example", ""),
        ("other", "anna.smith@acme.example", "", ""),
        ("other", "Shop (anna.smith@acme.example)", "", ""),
        ("other", "", "anna.smith@acme.example", ""),
        ("mailbox", "anna.smith@acme.example", "anna.smith@acme.example", ""),
    ],
)
def test_a_handle_stands_for_good_so_nobodys_mail_address_is_in_it(platform: str, title: str, login: str, url: str) -> None:
    assert "anna" not in base_handle(platform, title, login, url)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=90), st.text(max_size=90), st.text(max_size=90), st.sampled_from(["other", "instagram", "x" * 40, "wordpress"]))
def test_whatever_a_file_holds_gives_a_handle_that_a_number_fits_behind(title: str, login: str, url: str, platform: str) -> None:
    give = numbering(lambda _: False)
    base = base_handle(platform, title, login, url)
    for _ in range(3):
        assert is_handle(give(base))
    assert is_handle(f"{base}-123456")


def test_two_of_one_name_get_two_handles_and_taken_ones_are_passed_over() -> None:
    give = numbering({"shop", "shop-3"}.__contains__)
    assert [give("shop"), give("shop"), give("shop"), give("other"), give("shop-2")] == ["shop-2", "shop-4", "shop-5", "other", "shop-2-2"]


def test_many_of_one_name_cost_no_search() -> None:
    asked: list[str] = []
    give = numbering(lambda handle: bool(asked.append(handle)))
    handles = {give("login") for _ in range(2000)}
    assert len(handles) == 2000
    assert len(asked) == 2000


@pytest.mark.parametrize(
    ("have", "comes", "missing", "differs"),
    [
        ([], ["a"], ["a"], False),
        ([], [], [], False),
        (["a"], [], [], False),
        (["a"], ["a"], [], False),
        (["a"], ["b"], [], True),
        (["a"], ["a", "b"], ["b"], False),
        (["a", "b"], ["b"], [], False),
        (["a"], ["b", "c"], [], True),
        ([None], ["a"], [], True),
        ([None, "a"], ["a"], [], False),
    ],
)
def test_what_is_not_here_is_missing_and_what_matches_nothing_differs(
    have: list[str | None], comes: list[str], missing: list[str], differs: bool
) -> None:
    assert judge(have, comes) == (missing, differs)


def test_a_login_goes_to_one_list_and_a_difference_is_told_before_all_else() -> None:
    assert outcome(here=False, adds=True, differs=False) is Outcome.CREATED
    assert outcome(here=True, adds=True, differs=False) is Outcome.MERGED
    assert outcome(here=True, adds=True, differs=True) is Outcome.CONFLICT
    assert outcome(here=True, adds=False, differs=False) is Outcome.UNCHANGED


@pytest.mark.parametrize(
    ("left_on", "changed_at", "gone"),
    [
        ("2024-03-01", "2024-03-02T00:00:00Z", True),
        ("2024-03-01", "2024-03-01T23:00:00Z", False),
        ("", "2024-03-01T23:00:00Z", False),
        ("2024-03-01", None, False),
    ],
)
def test_whoever_left_before_a_change_may_know_only_the_earlier_password(left_on: str, changed_at: str | None, gone: bool) -> None:
    assert left_before(left_on, changed_at) is gone


class TestChoice:
    def test_without_names_everything_is_taken(self) -> None:
        assert Choice().takes("", (), "other")

    def test_a_folder_is_taken_with_what_lies_in_it_whatever_the_case(self) -> None:
        choice = Choice(folders=("emails",))
        assert choice.takes("Emails/WS", (), "other")
        assert choice.takes("Emails", (), "other")
        assert not choice.takes("Emails2", (), "other")

    def test_several_names_take_anything_that_one_of_them_names(self) -> None:
        choice = Choice(folders=("Bank",), collections=("Team",), platforms=("X",))
        assert choice.takes("Bank", (), "other")
        assert choice.takes("", ("Team/Social",), "other")
        assert choice.takes("", (), "x")
        assert not choice.takes("", ("Private",), "instagram")

    def test_what_is_excluded_is_not_taken_even_where_it_is_named(self) -> None:
        choice = Choice(folders=("Bank",), excluded=("bank/private", "x"))
        assert choice.takes("Bank", (), "other")
        assert not choice.takes("Bank/Private", (), "other")
        assert not choice.takes("Bank", (), "x")

    def test_a_name_that_nothing_has_is_refused_with_those_that_are_there(self) -> None:
        Choice(folders=("Bank",)).check({"Bank", ""}, set(), {"x"})
        with pytest.raises(NotFound, match="folder 'Bnak'") as caught:
            Choice(folders=("Bnak",)).check({"Bank", ""}, set(), {"x"})
        assert "Bank" in caught.value.hint
        with pytest.raises(NotFound):
            Choice(excluded=("Bnak",)).check({"Bank"}, set(), {"x"})
