"""Somebody new, from the opening to the closing: the installed command from end to end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

GAPS = ("organisation", "it_contact", "legal_contact", "report_contact", "social_media_manager")


def test_somebody_new_signs_learns_and_gets_in(story: Any, tmp_path: Path) -> None:
    story.init()
    for account, platform in (("page", "linkedin"), ("feed", "mastodon")):
        story.ok("account", "add", account, "--platform", platform, "--login", "acme", "--department", "PR")
    story.ok("credential", "add", "feed", "--kind", "password", stdin="feed-secret")
    story.ok("person", "add", "Finn Gram", "--handle", "finn", "--locale", "da")
    story.ok("document", "adopt", "corporate-accounts", "--shipped", *(word for gap in GAPS for word in ("--set", f"{gap}=Mia")))
    story.ok("document", "publish", "corporate-accounts", "--deadline", "2099-12-31")
    asked = ("onboard", "open", "finn", "--starts-on", "2099-12-01", "--department", "PR", "--by-hand")
    planned = story.json(*asked, "--dry-run")
    assert (planned["schema"], planned["dry_run"], story.json("onboard", "list")["cases"]) == ("govern.onboard/1", True, [])
    opened = story.json(*asked)
    kinds = [one["kind"] for one in opened["items"]]
    assert (
        kinds
        == ["hand-out", "acknowledge", "mail-address", "grant", "hand-over", "native-role"]
        == [one["kind"] for one in planned["items"]]
    )
    case = opened["case"]["id"][:8]
    for words in (("offboard", "show", case), ("offboard", "cut", case), ("onboard", "done", case, "2")):
        told = story.run(*words)
        assert (told.code in (2, 4), "hint: " in told.err) == (True, True)
    assert "govern onboard show" in story.run("offboard", "close", case).err
    written = story.json("onboard", "report", case, "--out", str(tmp_path / "sheets"))
    page = Path(written["welcome"]).read_text(encoding="utf-8")
    assert ("Velkommen, " in page, "feed" in page, "secret" in page, written["locale"]) == (True, True, False, "da")
    assert len(written["documents"]) == len(written["checklists"]) == 1
    assert written["checklists"][0]["locale"] == "en", "what is for mia is in her machine's language, not in that of somebody new"
    story.ok("onboard", "done", case, "1", "--note", "by post")
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(b"signed")
    story.ok("document", "ack", "corporate-accounts", "--person", "finn", "--on-behalf", "--evidence", str(scan))
    story.ok("person", "edit", "finn", "--mail", "finn@acme.example")
    story.ok("grant", "feed", "finn")
    story.ok("handover", "feed", "finn", "--kind", "password", "--stdout")
    left = [one["kind"] for one in story.json("onboard", "show", case)["items"] if one["state"] == "open"]
    assert left == ["native-role"]
    assert [one["what"] for one in story.json("todo")["items"] if one["what"] == "case-item"] == ["case-item"]
    assert story.run("onboard", "close", case).code == 4
    told = story.ok("entitlement", "add", "page", "finn", "--role", "editor")
    closed = story.json("onboard", "close", case, "--statement", "all there")["case"]
    assert (closed["state"], closed["signed_by_one"]) == ("closed", True)
    assert story.json("offboard", "list")["cases"] == []
    assert story.ok("ledger", "verify", "--deep").code == 0, told.err
