"""Somebody is named, found, printed, and named no more: the installed command from end to end."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def test_the_list_is_kept_shown_and_printed(story: Any, tmp_path: Path) -> None:
    story.init()
    story.ok("account", "add", "page", "--platform", "linkedin", "--login", "acme")
    story.ok("person", "add", "Anna Berg <anna@acme.example>", "--handle", "anna")
    refused = story.run("spokesperson", "add", "page", "anna", "--no-input")
    assert (refused.code, "--trained-on" in refused.err) == (2, True)
    added = story.json("spokesperson", "add", "page", "anna", "--trained-on", "2026-03-02")
    assert [(one["account"], one["person"]) for one in added["spokespersons"]] == [("page", "anna")]
    assert story.json("who", "page")["spokespersons"] == [{"person": "anna", "trained_on": "2026-03-02"}]
    assert "May publish: anna (trained on 2026-03-02)" in story.ok("who", "page").out
    sheet = tmp_path / "sheet.html"
    story.ok("spokesperson", "sheet", "--out", str(sheet), "--locale", "fr")
    assert "anna@acme.example" in sheet.read_text(encoding="utf-8")
    assert sheet.stat().st_mode & 0o777 == 0o600
    told = story.run("spokesperson", "sheet", "--out", str(sheet))
    assert (told.code, "exists already" in told.err) == (4, True), "somebody may have written on it"
    story.ok("spokesperson", "end", "page", "anna")
    assert story.json("spokesperson", "list")["spokespersons"] == []
