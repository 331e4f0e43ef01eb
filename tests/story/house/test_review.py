"""A review from its opening to its report: the installed command from end to end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def test_a_review_is_opened_decided_closed_and_reported(story: Any, tmp_path: Path) -> None:
    story.init()
    story.ok("account", "add", "page", "--platform", "linkedin", "--login", "acme")
    for name, handle in (("Anna Berg", "anna"), ("Ole =Lind", "ole")):
        story.ok("person", "add", f"{name} <{handle}@acme.example>", "--handle", handle)
        story.ok("grant", "page", handle)
    assert story.run("review", "open", "--scope", "person:mia").code == 3
    opened = story.json("review", "open", "--scope", "all")["reviews"][0]
    short = opened["id"][:8]
    assert [(one["person"], one["reviewer"], one["state"]) for one in opened["items"]] == [("anna", "mia", "open"), ("ole", "mia", "open")]
    assert story.run("review", "close", short).code == 4
    assert story.run("review", "decide", short, "--reason", "all of them").code == 2, "lines are named"
    told = story.json("review", "decide", short, "1", "keep", "--reason", "runs the page")
    assert told["percent"] == 50
    story.ok("review", "decide", short, "--end", "2", "--reason", "@moved")
    assert [one["person"] for one in story.json("who", "page")["holders"]] == ["anna"]
    story.ok("review", "close", short)
    story.ok("review", "report", short, "--out", str(tmp_path / "report"), "--locale", "nb")
    page, data, table = ((tmp_path / "report" / f"review-{short}.{kind}").read_text(encoding="utf-8") for kind in ("html", "json", "csv"))
    assert "Gjennomgang av tillatelser" in page
    assert [one["state"] for one in json.loads(data)["items"]] == ["keep", "end"]
    assert ",@moved" not in table
    assert "moved" in table
    assert story.json("review", "run-due", "--dry-run")["due"] == []
