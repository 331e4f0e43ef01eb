"""A document is adopted, published, signed on paper and by key, and asked for before a grant: the installed command from end to end."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

FILLED = [
    word
    for gap in ("organisation", "social_media_manager", "legal_contact", "it_contact", "report_contact")
    for word in ("--set", f"{gap}=Acme {gap}")
]
NAME = "corporate-accounts"


def test_nobody_is_granted_an_account_before_they_have_signed(story: Any, tmp_path: Path) -> None:
    story.init()
    story.ok("account", "add", "page", "--platform", "linkedin", "--login", "acme")
    story.ok("person", "add", "Anna Berg <anna@acme.example>", "--handle", "anna", "--locale", "nl")
    refused = story.run("document", "adopt", NAME, "--shipped")
    assert (refused.code, "--set it_contact=" in refused.err) == (4, True)
    odd = story.run("document", "adopt", NAME, "--shipped", *FILLED, "--set", "it-contact=Acme")
    assert (odd.code, "no gap it-contact" in odd.err) == (2, True)
    adopted = story.json("document", "adopt", NAME, "--shipped", *FILLED)
    version = adopted["documents"][0]["version"]
    assert adopted["missing"] == []
    assert "Acme organisation" in story.ok("document", "show", NAME, "--locale", "fr").out
    planned = story.json("document", "publish", NAME, "--deadline", "2099-12-31", "--dry-run")
    for more in ((), ("--dry-run",)):
        behind = story.run("document", "publish", NAME, "--deadline", "2020-01-01", *more)
        assert (behind.code, "document-deadline" in behind.err) == (4, True), "a dry run promises nothing that is refused"
    assert (planned["people"], planned["dry_run"], story.json("document", "outstanding")["outstanding"]) == (["mia"], True, [])
    story.ok("document", "publish", NAME, "--deadline", "2099-12-31")
    refused = story.run("grant", "page", "anna", "--json")
    assert (refused.code, refused.json()["error"]["rule"], refused.json()["error"]["control"]) == (4, "acknowledgement", "PL-4")

    sheet = tmp_path / "sheet.html"
    story.ok("document", "sheet", NAME, "--person", "anna", "--out", str(sheet))
    page = sheet.read_text(encoding="utf-8")
    assert '<html lang="nl">' in page
    assert f"govern:document:{version}:" in page
    assert sheet.stat().st_mode & 0o777 == 0o600
    signed = ("document", "ack", NAME, "--person", "anna", "--on-behalf", "--evidence")
    empty = tmp_path / "empty.pdf"
    empty.touch()
    nothing = story.run(*signed, str(empty))
    assert (nothing.code, "is empty" in nothing.err) == (1, True)
    assert [story.json(*signed, str(sheet))["new"] for _ in range(2)] == [True, False]
    story.ok("document", "report", "--out", str(tmp_path / "signed.html"), "--locale", "da")
    assert "Anna" in (tmp_path / "signed.html").read_text(encoding="utf-8")
    story.ok("grant", "page", "anna")

    unread = story.run("document", "ack", NAME, "--no-input")
    assert (unread.code, "document show" in unread.err) == (2, True)
    assert story.json("document", "ack", NAME, "--version", version[:12])["new"] is True
    assert story.json("document", "outstanding")["outstanding"] == []
    table = tmp_path / "report.csv"
    story.ok("document", "report", "--csv", str(table))
    assert len(table.read_text().splitlines()) == 3

    again = story.run("document", "adopt", NAME, "--shipped", *FILLED, "--set", "it_contact.fr=le service informatique")
    hint = re.search(r"govern (document show \S+ --version \w+)", again.err)
    assert hint is not None
    assert "le service informatique" in story.ok(*hint[1].split(), "--locale", "fr").out, "the new one, not the one in force"
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "en.md").write_text("=cmd()\n\nNew rules\n")
    assert story.json("document", "adopt", NAME, "--from", str(texts))["missing"] == ["fr", "nl", "da", "nb", "es"]
    assert "+New rules" in story.ok("document", "diff", NAME, "--locale", "en").out
    story.ok("document", "publish", NAME, "--deadline", "2099-12-31", "--to", "everybody")
    assert {one["person"] for one in story.json("document", "outstanding")["outstanding"]} == {"anna", "mia"}
    story.ok("training", "add", "anna", "--subject", "social-media", "--on", "2026-03-02")
    assert [one["person"] for one in story.json("training", "list")["trainings"]] == ["anna"]
    story.ok("ledger", "verify", "--deep")
