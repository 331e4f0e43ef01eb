"""`govern platform`: what is known of each platform and how far it is to be trusted, without a vault; and how a rotation uses it."""

from __future__ import annotations

from typing import Any

import pytest


def test_every_platform_is_listed_with_its_grades_even_where_there_is_no_vault(story: Any) -> None:
    told = story.json("platform", "list")
    assert told["schema"] == "govern.platform.list/1"
    by_id = {one["id"]: one for one in told["platforms"]}
    assert len(by_id) == 19
    assert by_id["matrix"]["grades"]["tested"] > 0
    assert by_id["instagram"]["grades"]["tested"] == 0
    assert by_id["threads"]["shared_with"] == ["instagram"]
    assert "instagram" in story.ok("platform", "list").out


def test_one_platform_is_shown_with_limits_pages_steps_and_what_survives(story: Any) -> None:
    told = story.json("platform", "show", "bluesky")
    assert told["schema"] == "govern.platform.show/1"
    about = told["platform"]
    assert about["residual"] == [
        {
            "seconds": 7200, "text": "Access that was issued before, posting included", "grade": "tested", "checked_on": "2026-11-21", "source": "pds",
        }
    ]  # fmt: skip
    assert set(about["rotate"]) == set(about["kinds"])
    assert about["sources"]["pds"]["url"].startswith("https://")
    seen = story.ok("platform", "show", "bluesky").out
    assert "for 2 hours: Access that was issued before, posting included  [tested]" in seen
    assert "Change the app-password:" in seen
    assert "8 to 20 characters, with lower, digit, symbol" in story.ok("platform", "show", "tiktok").out


def test_a_platform_is_found_by_an_address_too(story: Any) -> None:
    assert story.json("platform", "show", "https://www.instagram.com/acme")["platform"]["id"] == "instagram"
    told = story.run("platform", "show", "myspace")
    assert told.code == 3
    assert "no platform is called 'myspace'" in told.err


def test_a_rotation_tells_of_prompts_logins_and_tools_before_its_secret_can_be_seen(vault: Any) -> None:
    vault.ok("person", "add", "Anna Sø <anna@acme.example>", "--handle", "anna")
    vault.ok("account", "add", "shop", "--platform", "instagram", "--login", "acme", "--prompts-reach", "anna")
    vault.ok("credential", "add", "shop", "--kind", "password", stdin="first-secret-of-acme")
    told = vault.ok("rotate", "shop").err
    for piece in (
        "before you begin:", "its codes and prompts reach anna", "prompts: ", "logged out: ", "disconnects: ", "scheduled posts: ", "takes about 15 minutes",
        "page: https://accountscenter.instagram.com/password_and_security/password/change/", "  1. Choose the company's account",
    ):  # fmt: skip
        assert piece in told
    assert told.index("before you begin") < told.index("page: ") < told.index("  1. ") < told.index("next: govern rotation show")
    id_ = vault.json("rotation", "list")["rotations"][0]["id"]
    assert "goes on working: People and partners of the business portfolio" in vault.ok("rotation", "show", id_).err
    before = vault.json("rotation", "show", id_)["preflight"]
    assert (before["prompts_reach"], before["prompts_gone"], before["same_login"]) == ("anna", False, [])
    assert set(before["platform"]["rotate"]) == {"password"}
    vault.ok("person", "add", "Ben <ben@acme.example>", "--handle", "ben", "--left", "2026-01-31")
    vault.ok("account", "edit", "shop", "--prompts-reach", "ben")
    assert "its codes and prompts reach ben, who is leaving or gone: ask them for the code now" in vault.ok("rotation", "show", id_).err
    assert vault.json("rotation", "show", id_)["preflight"]["prompts_gone"] is True


def test_what_is_rotated_on_instagram_is_marked_for_threads_with_the_same_login_and_for_no_other(vault: Any) -> None:
    for handle, platform, login in (("shop", "instagram", "acme"), ("chat", "threads", "@Acme"), ("zenith", "threads", "zenith")):
        vault.ok("account", "add", handle, "--platform", platform, "--login", login)
        vault.ok("credential", "add", handle, "--kind", "password", stdin=f"secret-of-{handle}")
    for handle in ("chat", "zenith"):
        vault.ok("rotate", handle, "--already-changed", "--changed-on", "2026-01-31", stdin=f"later-secret-of-{handle}")

    def stale() -> set[str]:
        return {one["subject"] for one in vault.json("status")["findings"] if one["code"] == "shared-login"}

    told = vault.ok("rotate", "shop").err
    assert "chat has the same login: it changes with this one" in told
    assert "zenith" not in told
    assert stale() == set(), "nothing has changed there yet"
    id_ = vault.json("rotation", "list", "--open")["rotations"][0]["id"]
    vault.ok("rotation", "show", id_, "--secret", "new", "--stdout")
    told = vault.json("rotation", "confirm", id_)
    assert told["same_login"] == ["chat"]
    assert stale() == {"chat"}
    day = told["rotations"][0]["ended_at"][:10]
    vault.ok("rotate", "chat", "--already-changed", "--changed-on", day, stdin="the-new-one-of-both")
    assert stale() == set()


@pytest.mark.parametrize("outside", [False, True], ids=["rotated here", "changed outside"])
def test_both_came_in_and_one_was_changed_on_one_day(vault: Any, outside: bool) -> None:
    """As on the day of an import; recorded for the other as well, neither marks the other any more."""
    for handle, platform in (("shop", "instagram"), ("chat", "threads")):
        vault.ok("account", "add", handle, "--platform", platform, "--login", "acme")
        vault.ok("credential", "add", handle, "--kind", "password", stdin="secret-of-both")

    def stale() -> set[str]:
        return {one["subject"] for one in vault.json("status")["findings"] if one["code"] == "shared-login"}

    assert stale() == set()
    if outside:
        vault.ok("rotate", "shop", "--already-changed", stdin="the-new-one-of-both")
    else:
        id_ = vault.json("rotate", "shop")["rotations"][0]["id"]
        vault.ok("rotation", "show", id_, "--secret", "new", "--stdout")
        vault.ok("rotation", "confirm", id_)
    assert stale() == {"chat"}
    told = vault.ok("rotate", "chat", "--already-changed", stdin=vault.ok("reveal", "shop", "--stdout").out)
    assert stale() == set(), told.err
    id_ = vault.json("rotate", "chat")["rotations"][0]["id"]
    vault.ok("rotation", "show", id_, "--secret", "new", "--stdout")
    vault.ok("rotation", "confirm", id_)
    assert stale() == {"shop"}, "a rotation after that changes both again"


def test_what_only_a_new_password_does_is_told_of_no_other_kind(vault: Any) -> None:
    """A new seed logs nobody out and disconnects no tool; a new api-token disconnects what works with the old one."""
    vault.ok("account", "add", "shop", "--platform", "instagram", "--login", "acme")
    vault.ok("account", "add", "chat", "--platform", "threads", "--login", "acme")
    vault.ok("account", "add", "news", "--platform", "x", "--login", "acme")
    seed = "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU"
    for handle, kind, secret in (
        ("shop", "password", "first-secret"), ("shop", "totp", seed), ("chat", "password", "first-secret"), ("news", "api-token", "first-api-token"),
    ):  # fmt: skip
        vault.ok("credential", "add", handle, "--kind", kind, stdin=secret)
    told = vault.ok("rotate", "shop").err
    assert ("logged out:" in told, "disconnects:" in told, "scheduled posts:" in told) == (True, True, True)
    told = vault.ok("rotate", "shop", "--kind", "totp", "--stdin", stdin=seed[::-1]).err
    assert ("logged out:" in told, "disconnects:" in told, "scheduled posts:" in told) == (False, False, False)
    assert "chat has the same login: it changes with this one" in told
    told = vault.ok("rotate", "news", "--kind", "api-token", "--stdin", stdin="second-api-token").err
    assert "disconnects: every tool that works with the present one" in told
    rotations = vault.json("rotation", "list", "--open")["rotations"]
    id_ = next(one["id"] for one in rotations if one["kind"] == "totp")
    assert f"next: govern rotation show {id_[:8]} --code" in vault.ok("rotation", "show", id_).err
    vault.ok("rotation", "show", id_, "--code")
    assert "govern rotate chat" not in vault.ok("rotation", "confirm", id_).err, "it has no seed here"
