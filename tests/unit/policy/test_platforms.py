"""Platform profiles: every one loads, contradicts no other and says how far to trust it; addresses are recognised as browsers read them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.errors import NotFound
from govern.policy.compiled import platforms
from govern.policy.files import platform_texts
from govern.policy.hosts import app_of, host_of, path_of
from govern.policy.platforms import contacts, load_profiles, page, profile, recognise, recognise_title
from govern.policy.profile import GRADES, Profile, from_entry
from govern.vocabulary import KINDS

FIRST_SET = {
    "instagram", "facebook", "x", "linkedin", "tiktok", "youtube", "bluesky", "mastodon", "matrix", "wordpress", "threads", "pinterest",
    "reddit", "snapchat", "discord", "hootsuite", "buffer", "mailbox", "domain",
}  # fmt: skip
PROFILES = sorted(load_profiles().values(), key=lambda one: one.id)
EACH = pytest.mark.parametrize("one", PROFILES, ids=[one.id for one in PROFILES])


def test_the_first_set_is_there_and_every_file_is_loaded() -> None:
    assert set(platform_texts()) == set(load_profiles())
    assert set(load_profiles()) >= FIRST_SET


@EACH
def test_a_profile_says_where_and_how_and_how_far_it_is_to_be_trusted(one: Profile) -> None:
    for said in one.statements():
        assert said.grade in GRADES
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", said.checked_on)
        assert one.sources[said.source].url.startswith("https://")
    assert "password" in one.kinds
    assert set(one.rotate) == set(one.kinds)
    assert all(one.rotate.values())
    assert one.survives
    assert any(one.cut.values())
    assert set(one.kinds) <= set(KINDS)
    assert one.change_password_url or one.pages


@EACH
def test_every_url_is_https(one: Profile) -> None:
    pages = (one.change_password_url, page(one), *one.pages.values())
    urls = [url for url in (*pages, one.delegation_url, *(source.url for source in one.sources.values())) if url]
    assert urls
    assert all(url.startswith("https://") for url in urls)
    assert "{" not in page(one)


def test_no_host_app_path_or_title_belongs_to_two_platforms() -> None:
    said = [what for one in PROFILES for what in (*one.hosts, *one.apps, *one.paths, *one.title_words, *one.whole_titles)]
    assert len(said) == len(set(said))


@EACH
def test_no_host_is_so_short_that_it_is_nobodys(one: Profile) -> None:
    assert all("." in host and host not in ("co.uk", "com.au", "com.mx") for host in one.hosts)


@EACH
def test_a_platform_is_recognised_by_its_hosts_and_what_lies_under_them(one: Profile) -> None:
    for host in one.hosts:
        assert recognise(host) == recognise(f"https://{host}/login?next=/") == recognise(f"m.{host}") == one.id
    for app in one.apps:
        assert recognise(f"androidapp://{app}") == one.id


@EACH
def test_a_shared_login_is_shared_both_ways(one: Profile) -> None:
    assert all(one.id in profile(other).shared_with for other in one.shared_with)


@pytest.mark.parametrize(
    ("address", "platform"),
    [
        ("https://m.facebook.com/login", "facebook"),
        ("HTTPS://WWW.INSTAGRAM.COM:443/brand", "instagram"),
        ("//www.instagram.com/brand", "instagram"),
        ("instagram.com.", "instagram"),
        ("  https://instagram.com  ", "instagram"),
        ("ｉnstagram.com", "instagram"),
        ("https://user:pass@twitter.com/", "x"),
        ("twitter.com/settings/password?x=1#y", "x"),
        ("https://mail.google.com/mail/u/0", "mailbox"),
        ("https://accounts.google.com/signin", "youtube"),
        ("androidapp://com.instagram.android", "instagram"),
        ("android://c2lnbmF0dXJl==@com.twitter.android/", "x"),
        ("iosapp://com.burbn.instagram", "instagram"),
        ("https://blog.firm.example/wp-login.php", "wordpress"),
        ("https://firm.example/blog/wp-admin/", "wordpress"),
    ],
)
def test_addresses_as_files_write_them_are_recognised(address: str, platform: str) -> None:
    assert recognise(address) == platform


@pytest.mark.parametrize(
    "address",
    [
        "https://evil-facebook.com",
        "evilfacebook.com",
        "https://facebook.com.evil.example",
        "https://facebook.com@evil.example/",
        "https://evil.example\\@facebook.com/",
        "https://evil.example/facebook.com",
        "https://evil.example?facebook.com",
        "https://evil.example#.facebook.com",
        "https://f\u0430cebook.com",  # a Cyrillic a
        "https://face\nbook.com",
        "https://face\u200bbook.com",
        "https://facebook.com:evil",
        "https://facebook%2ecom",
        "androidapp://com.instagram.android.evil",
        "androidapp://facebook.com",
        "javascript://facebook.com/%0aalert(1)",
        "mailto:press@facebook.com",
        "press@facebook.com",
        "https://wp-admin.evil.example/",
        "https://evil.example/wp-admins/",
        "https://157.240.1.35/",
        "https://[2a03:2880::1]/",
        "facebook",
        "com",
        "",
        " ",
        "https://",
        "https://.",
        "https://" + "a." * 2000 + "facebook.com",
        "https://" + "é" * 300 + ".facebook.com",
    ],
)
def test_what_only_looks_like_a_platform_is_none(address: str) -> None:
    assert recognise(address) is None


@pytest.mark.parametrize(
    ("title", "platform"),
    [
        ("Instagram brand", "instagram"),
        ("INSTAGRAM", "instagram"),
        ("brand_instagram", "instagram"),
        ("Tik Tok (DE)", "tiktok"),
        ("LinkedIn - firm.example", "linkedin"),
        ("X", "x"),
        ("X (Twitter)", "x"),
        ("facebook.com", "facebook"),
        ("https://www.youtube.com", "youtube"),
        ("Threads", "threads"),
        ("YouTube Google", "youtube"),
        ("Xbox", None),
        ("Brand X", None),
        ("Conversation threads", None),
        ("The Matrix", None),
        ("Ring buffer", None),
        ("Facebook and Instagram", None),
        ("evil-facebook.com", None),
        ("facebook@firm.example", None),
        ("myfacebookthing", None),
        ("", None),
        ("***", None),
    ],
)
def test_a_title_names_a_platform_by_a_whole_word_or_not_at_all(title: str, platform: str | None) -> None:
    assert recognise_title(title) == platform


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80) | st.text(alphabet="htps:/@.[]%\\?#-xfaceb", max_size=60))
def test_no_text_whatever_is_more_than_unknown(text: str) -> None:
    known = {None, *load_profiles()}
    assert recognise(text) in known
    assert recognise_title(text) in known
    assert isinstance(path_of(text), str)
    assert (app_of(text) or "") in text
    host = host_of(text)
    assert host is None or (host.isascii() and host == host.lower() and "." in host)


def test_the_settings_page_follows_the_accounts_own_host() -> None:
    mastodon, mailbox = profile("mastodon"), profile("mailbox")
    assert page(mastodon, "https://social.firm.example/@brand") == "https://social.firm.example/auth/edit"
    assert page(mastodon) == "https://mastodon.social/auth/edit"
    assert page(mailbox, "https://outlook.live.com/mail") == "https://account.live.com/password/Change"
    assert page(mailbox, "https://mail.firm.example") == ""


@EACH
def test_a_profile_says_who_takes_word_of_an_account_that_was_taken_over(one: Profile) -> None:
    """A page, or in words who it is; none was tried, and a page of another host than the platform's own is the account's own server."""
    assert one.contact
    for way in one.contact:
        assert way.said.grade in GRADES[1:], "nobody here has reported an account"
        assert way.url or re.search("^Who|support|registrar|runs", way.said.text), way.said.text
        assert not re.search("github.com|apple", way.url), "a source is no way to reach a platform"


def test_the_way_to_reach_a_server_is_that_of_the_accounts_own_or_none() -> None:
    """Control: another platform's page is the same wherever the account is."""
    mastodon, instagram = profile("mastodon"), profile("instagram")
    assert [url for _, url in contacts(mastodon, "https://toots.acme.example/@acme")] == ["", "https://toots.acme.example/about"]
    assert [url for _, url in contacts(mastodon)] == ["", ""], "mastodon.social takes word of none of its accounts"
    assert [url for _, url in contacts(instagram)] == [url for _, url in contacts(instagram, "https://instagram.com/acme")]
    assert contacts(instagram)[0][1] == "https://www.instagram.com/hacked"


def test_a_profile_may_leave_out_who_takes_word() -> None:
    entry = next(entry for entry in platforms() if entry["id"] == "x")
    del entry["contact"]
    assert contacts(from_entry(entry)) == []


def test_only_servers_that_were_really_run_have_tested_statements() -> None:
    assert {one.id for one in PROFILES for said in one.statements() if said.grade == "tested"} == {"matrix", "bluesky", "wordpress"}


def test_what_outlives_a_revocation_is_known_in_seconds() -> None:
    (rest,) = profile("bluesky").residual
    assert (rest.seconds, rest.said.grade) == (7200, "tested")


def test_a_statement_without_grade_source_and_day_has_those_of_its_file() -> None:
    x = profile("x")
    said = {one.text: one for one in x.rotate["api-token"]}
    assert {one.grade for one in said.values()} == {"unproven", "specification", "guided"}
    assert said["Put the new ones where the tool keeps them, then try it"][1:4] == (x.grade, x.checked_on, x.source)


def test_limits_that_are_known_are_kept_and_others_are_unknown() -> None:
    assert (profile("tiktok").password.min, profile("tiktok").password.max) == (8, 20)
    assert profile("instagram").password.max is None


def test_an_unknown_platform_is_not_found() -> None:
    with pytest.raises(NotFound, match="no platform is called 'myspace'"):
        profile("myspace")
