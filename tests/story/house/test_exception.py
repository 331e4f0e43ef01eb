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
