"""A rule is set aside for an account, told, and counts again: the installed command from end to end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any


def test_an_exception_is_granted_listed_and_ended(story: Any) -> None:
    story.init()
    story.ok("account", "add", "page", "--platform", "linkedin", "--login", "acme")
    until = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    asked = ("exception", "add", "page", "--point", "second-factor", "--until", until)
    assert (story.run(*asked, "--no-input").code, "--reason" in story.run(*asked, "--no-input").err) == (2, True)
    added = story.json(*asked, "--reason", "its phone is lost")["exceptions"][0]
    assert (added["account"], added["until"], added["over"]) == ("page", until, False)
    assert "its phone is lost" in story.ok("exception", "list").out
    assert story.json("exception", "end", added["id"][:8])["exceptions"][0]["ended_by"] == "mia"
    assert story.json("exception", "list")["exceptions"] == []


def test_an_account_is_described_and_checked(story: Any) -> None:
    story.init()
    story.ok("account", "add", "page", "--platform", "linkedin", "--login", "acme")
    assert story.run("account", "describe", "page", "--second-factor", "none").code == 4
    assert story.run("account", "describe", "page", "--second-factor", "smoke").code == 2
    until = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    story.ok("exception", "add", "page", "--point", "second-factor", "--until", until, "--reason", "its phone is lost")
    told = story.json("account", "describe", "page", "--second-factor", "none", "--purpose", "News", "--mail", "company")["accounts"][0]
    assert (told["second_factor"], told["purpose"], told["business"]) == ("none", "News", None)
    off = {one["code"] for point in story.json("account", "check", "page")["points"] for one in point["off"]}
    assert "factor-excepted" in off
    assert not off & {"purpose", "mail-unknown", "factor-unknown"}
    assert "by exception" in story.ok("account", "check").out
