"""An account is taken over: reported, frozen, changed, cleared by a second person, closed, printed; by the installed command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

STEPS = ("evidence", "platform", "recover", "sessions", "scheduled-posts", "warn", "correct", "inform", "apologise")


def test_a_takeover_from_the_report_to_the_time_line(story: Any, tmp_path: Path) -> None:
    story.init()
    story.ok("account", "add", "box", "--platform", "mailbox", "--login", "acme@acme.example")
    story.ok("account", "add", "page", "--platform", "facebook", "--login", "acme", "--depends-on", "box")
    for account in ("page", "box"):
        story.ok("credential", "add", account, "--kind", "password", stdin=f"{account}-first-secret")
    story.ok("person", "add", "Anna Berg <anna@acme.example>", "--handle", "anna")
    told = story.json("incident", "report", "--account", "page", "--kind", "takeover", "--note", "not ours", "--on-behalf-of", "anna")
    assert ([one["why"] for one in told["call"]], "no channel" in told["not_told_because"]) == (["responsible"], True)
    opened = story.json("incident", "open", told["report"]["id"], "--second", "anna")
    assert sorted(one["account"] for one in opened["rotations"]) == ["box", "page"]
    incident = opened["incident"]["id"]
    frozen = story.json("incident", "freeze", "page")
    assert (frozen["step_done"], frozen["freeze"]["everything"]) == ("freeze", False)
    refused = story.run("grant", "page", "anna")
    assert refused.code == 0, "anna works on it"
    early = story.run("incident", "done", incident, "rotate")
    assert (early.code, "rotations-open" in early.err) == (4, True)
    for account in ("page", "box"):
        story.ok("rotate", account, "--already-changed", stdin=f"{account}-second-secret")
    for step in ("rotate", *STEPS):
        story.ok("incident", "done", incident, step)
    text = story.json("incident", "text", incident, "takeover-ended", "--locale", "nl", "--set", "from=9:00", "--set", "until=10:00")
    assert (text["open"], "page" in text["text"]) == ([], True)
    told = story.run("incident", "text", incident, "to-the-platform")
    assert ("https://www.facebook.com/hacked" in told.err, "facebook.com" in told.out) == (True, False), (
        "whom it goes to, beside what is sent"
    )
    story.ok("account", "edit", "page", "--url", "https://facebook.example/\x1b]0;mine\x07")
    shown = story.ok("incident", "text", incident, "to-the-platform", "--set", "mail=\x1b[31m\x9b2J").out
    assert ("\\u{1b}]0;mine\\u{7}" in shown, "\\u{1b}[31m\\u{9b}2J" in shown) == (True, True), (
        "nobody else writes to the terminal of who answers it"
    )
    assert not {"\x1b", "\x07", "\x9b"} & set(shown)
    clear = story.json("incident", "all-clear", incident)["incident"]
    assert clear["clear_by_one"] is True, "nobody else has keys"
    story.ok("incident", "thaw", "page")
    story.ok("incident", "close", incident, "--lessons", "a second factor everywhere")
    out = tmp_path / "time line"
    story.ok("incident", "report", incident, "--out", str(out), "--locale", "da")
    (page,), (data,) = out.glob("*.html"), out.glob("*.json")
    assert page.stat().st_mode & 0o777 == 0o600
    assert "a second factor everywhere" in page.read_text(encoding="utf-8")
    assert "https://www.facebook.com/hacked" in page.read_text(encoding="utf-8")
    lines = [one["what"] for one in json.loads(data.read_text(encoding="utf-8"))["lines"]]
    assert (lines[0], lines[-1], lines.count("changed")) == ("reported", "closed", 2)
    assert {"frozen", "thawed", "all clear"} <= set(lines)


def test_a_drill_leaves_everything_as_it_was(story: Any) -> None:
    story.init()
    story.ok("account", "add", "page", "--platform", "facebook", "--login", "acme")
    story.ok("credential", "add", "page", "--kind", "password", stdin="page-first-secret")
    drilled = story.json("incident", "drill", "page")
    assert (drilled["incident"]["drill"], drilled["rotations"]) == (True, [])
    assert story.json("rotation", "list", "--open")["rotations"] == []
    assert story.ok("reveal", "page", "--stdout").out.strip() == "page-first-secret"
    assert story.json("incident", "list")["incidents"][0]["drill"] is True
