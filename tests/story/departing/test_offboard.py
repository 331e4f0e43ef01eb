"""`govern offboard`: from the plan to the report, as HR and an admin walk through it."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

NEW_SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def items(acme: Any, case: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = acme.json("offboard", "show", case)["items"]
    return found


def rotate_all(acme: Any, case: str) -> None:
    """Every secret of the case changed, the guided way."""
    acme.ok("rotate", "--case", case)
    for rotation in acme.json("rotation", "list", "--open")["rotations"]:
        acme.ok("rotation", "show", rotation["id"], "--secret", "new", "--stdout")
        acme.ok("rotation", "confirm", rotation["id"])


def test_from_the_plan_to_the_report(acme: Any, tmp_path: Path) -> None:
    plan = acme.json("offboard", "plan", "anna")
    assert [(item["kind"], item["account"], item["credential"], item["state"]) for item in plan["items"]] == [
        ("end-grant", "shop", None, "open"),
        ("rotate", "shop", "password", "open"),
    ]
    assert acme.json("offboard", "list")["cases"] == []
    opened = acme.json("offboard", "open", "anna", "--requested-by", "mia", "--last-day", "2099-11-30")
    assert {"person": "anna", "kind": "leaver", "state": "cut", "items": 2, "open": 1}.items() <= opened["case"].items()
    case = opened["case"]["id"]
    assert acme.json("holds", "anna")["grants"] == []
    assert [(e["kind"], e["live"]) for e in acme.json("holds", "anna")["exposures"]] == [("password", True)]
    refused = acme.run("offboard", "close", case)
    assert (refused.code, "1 item of the case is open" in refused.err) == (4, True)
    refused = acme.run("offboard", "done", case, "2")
    assert (refused.code, "govern rotate shop --kind password" in refused.err) == (4, True)
    rotate_all(acme, case)
    assert [(item["state"], item["grade"]) for item in items(acme, case)] == [("done", "one-person"), ("done", "one-person")]
    closed = acme.json("offboard", "close", case[:6], "--statement", "all done")
    assert (closed["case"]["state"], closed["case"]["signed_by_one"]) == ("closed", True)
    assert all(not e["live"] for e in acme.json("holds", "anna")["exposures"])
    assert acme.json("person", "show", "anna")["people"][0]["left_on"] == "2099-11-30"
    written = acme.json("offboard", "report", case, "--out", str(tmp_path / "out"))["files"]
    page, data = (Path(path) for path in written)
    assert (page.suffix, data.suffix) == (".html", ".json")
    report = json.loads(data.read_text())
    assert report["result"] == "Anna Sø knows nothing that works."
    assert [(s["account"], s["kind"], s["outcome"]) for s in report["secrets"]] == [("shop", "password", "works no more")]
    index = report["secrets"][0]["entry"]
    entries = acme.json("ledger", "show")["entries"]
    assert entries[index]["type"] == "rotation.confirmed"
    assert "first-secret" not in page.read_text() + data.read_text()
    noted = tmp_path / "note"
    noted.write_text(report["checkpoint"])
    acme.ok("ledger", "compare", str(noted))


def test_the_report_is_one_page_that_loads_nothing_and_no_name_can_change(acme: Any, tmp_path: Path) -> None:
    acme.ok("person", "add", "Eve & \u202e\x1b[31mSons", "--handle", "eve")
    acme.ok("known", "blog", "eve")
    case = acme.json("offboard", "open", "eve")["case"]["id"]
    acme.ok("offboard", "waive", case, "1", "--reason", "<b>gone</b><script>alert(1)</script>")
    page, _ = acme.json("offboard", "report", case, "--out", str(tmp_path))["files"]
    text = Path(page).read_text()

    class Page(HTMLParser):
        tags: set[str] = set()
        links: list[str] = []

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.tags.add(tag)
            self.links += [value or "" for name, value in attrs if name in ("src", "href", "action", "data")]

    Page().feed(text)
    assert not {"script", "img", "link", "iframe", "object", "form", "b"} & Page.tags
    assert Page.links == []
    assert not {"\u202e", "\x1b"} & set(text)
    assert "Eve &amp; " in text
    assert "&lt;script&gt;" in text
    assert "☒" in text
    assert (Path(page).stat().st_mode & 0o777) == 0o600


def test_nothing_held_is_a_result(acme: Any, tmp_path: Path) -> None:
    acme.ok("person", "add", "Bo Berg", "--handle", "bo")
    told = acme.ok("offboard", "open", "bo")
    assert "nothing held" in told.out
    case = acme.json("offboard", "list")["cases"][0]["id"]
    acme.ok("offboard", "close", case)
    page, _ = acme.json("offboard", "report", case, "--out", str(tmp_path))["files"]
    assert "held nothing and could know nothing" in Path(page).read_text()


def test_a_cut_to_come_is_told_with_its_zone_and_made_when_due(acme: Any) -> None:
    told = acme.ok("offboard", "open", "anna", "--cut-at", "2098-11-30T14:00+01:00")
    assert "2098-11-30T13:00:00Z" in told.err
    case = acme.json("offboard", "list")["cases"][0]
    assert (case["state"], case["cut_at"]) == ("open", "2098-11-30T13:00:00Z")
    assert "no cut is due" in acme.ok("offboard", "run-due").err
    assert acme.json("holds", "anna")["grants"]
    assert acme.run("offboard", "close", case["id"]).code == 4
    assert acme.json("offboard", "cut", case["id"])["case"]["state"] == "cut"
    assert acme.json("holds", "anna")["grants"] == []
    assert acme.json("offboard", "run-due")["cases"] == []


def test_items_in_every_way(acme: Any, tmp_path: Path) -> None:
    acme.ok("place", "add", "Passwords.xlsx", "--kind", "sheet")
    acme.ok("place", "member", "Passwords.xlsx", "anna")
    acme.ok("place", "holds", "Passwords.xlsx", "--accounts", "shop")
    acme.ok("account", "edit", "blog", "--deputy", "anna")
    case = acme.json("offboard", "open", "anna")["case"]["id"]
    kinds = {item["kind"]: str(item["number"]) for item in items(acme, case)}
    evidence = tmp_path / "mail.txt"
    evidence.write_text("removed")
    acme.ok("offboard", "assign", case, kinds["clean-place"], "mia")
    acme.ok("offboard", "done", case, kinds["clean-place"], "--evidence", str(evidence), "--note", "by IT")
    assert acme.run("offboard", "done", case, kinds["deputy"]).code == 4
    acme.ok("account", "edit", "blog", "--clear", "deputy")
    acme.ok("offboard", "refresh", case)
    found = {item["kind"]: item for item in items(acme, case)}
    assert (found["clean-place"]["state"], len(found["clean-place"]["evidence"]), found["clean-place"]["note"]) == ("done", 64, "by IT")
    assert (found["deputy"]["state"], found["clean-place"]["assignee"]) == ("done", "mia")
    told = acme.run("offboard", "verify", case, kinds["deputy"])
    assert (told.code, "the ledger itself shows this done" in told.err, f"govern offboard show {case[:8]}" in told.err) == (4, True, True)
    acme.ok("offboard", "reopen", case, kinds["clean-place"])
    acme.ok("offboard", "not-applicable", case, kinds["clean-place"], "--reason", "the sheet is gone")
    missing = acme.run("offboard", "waive", case, kinds["rotate"])
    assert (missing.code, "--reason" in missing.err) == (2, True)
    acme.ok("offboard", "waive", case, kinds["rotate"], "--reason", "the account closes on Friday")
    states = {item["state"] for item in items(acme, case)}
    assert "open" not in states or states == {"open", "done", "waived", "not-applicable"}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["offboard", "open", "mia"], 4, "nobody opens their own departure"),
        (["offboard", "open", "anna", "--kind", "fired"], 2, "no kind of departure"),
        (["offboard", "open", "anna", "--cut-at", "tomorrow"], 2, "is no time"),
        (["offboard", "open", "anna", "--cut-at", "2020-01-01T09:00"], 2, "lies in the past"),
        (["offboard", "open", "anna", "--cut-at", "9999-12-31T23:59+00:00"], 2, "beyond the calendar"),
        (["offboard", "open", "anna", "--last-day", "soon"], 2, "is no date"),
        (["offboard", "open", "anna", "--evidence", "/nowhere/x"], 3, "/nowhere/x"),
        (["offboard", "open", "nobody"], 3, "no person"),
        (["offboard", "plan", "nobody"], 3, "no person"),
        (["offboard", "show", "abcdef"], 3, "no case"),
        (["offboard", "show", "a"], 2, "no id"),
        (["offboard", "close", "abcdef"], 3, "no case"),
    ],
)
def test_what_cannot_be_says_why(acme: Any, words: list[str], code: int, said: str) -> None:
    size = acme.json("ledger", "verify")["size"]
    told = acme.run(*words)
    assert (told.code, said in told.err) == (code, True), told.err
    assert acme.json("ledger", "verify")["size"] == size


def test_a_case_in_json_says_what_an_error_says(acme: Any) -> None:
    told = acme.run("offboard", "show", "abcdef", "--json")
    assert (told.code, told.json()["error"]["code"]) == (3, "not-found")


def test_a_planned_cut_is_told_as_planned_and_a_made_one_as_made(acme: Any) -> None:
    """Nothing offers the closing of a case whose cut is to come, and the time of the cut is the one at which it was made."""
    case = acme.json("offboard", "open", "anna", "--cut-at", "2099-11-30T14:00+00:00")["case"]
    assert (case["cut_at"], case["cut_made_at"]) == ("2099-11-30T14:00:00Z", None)
    (found,) = [one for one in acme.json("status")["findings"] if one["code"] == "case-open"]
    assert (found["severity"], found["message"]) == ("info", "the cut of anna is planned for 2099-11-30T14:00:00Z")
    made = acme.json("offboard", "cut", case["id"])["case"]
    assert made["cut_at"] == made["cut_made_at"] < "2099"
    assert acme.json("offboard", "list")["cases"][0]["cut_at"] == made["cut_at"]
    assert all(item["due"] < "2099" for item in items(acme, case["id"]))
    assert all(one["due"] < "2099" for one in acme.json("rotation", "list")["rotations"])


def test_a_case_without_items_is_not_ready_before_its_cut(acme: Any) -> None:
    acme.ok("person", "add", "Bo <bo@acme.example>", "--handle", "bo")
    case = acme.json("offboard", "open", "bo", "--cut-at", "2099-11-30T14:00+00:00")["case"]["id"]
    assert "ready to be closed" not in acme.ok("status").out
    acme.ok("offboard", "cut", case)
    assert "ready to be closed" in acme.ok("status").out


def test_what_came_up_or_was_done_since_is_taken_in_first(acme: Any) -> None:
    """The next step is never about an item whose ground is gone, and never the closing of a list that is not whole."""
    case = acme.json("offboard", "open", "anna", "--kind", "mover")["case"]["id"]
    acme.ok("offboard", "waive", case, "2", "--reason", "known")
    assert f"next: govern offboard close {case[:8]}" in acme.ok("offboard", "show", case).err
    acme.ok("known", "blog", "anna")
    assert f"next: govern offboard refresh {case[:8]}" in acme.ok("offboard", "show", case).err
    acme.ok("offboard", "refresh", case)
    assert "next: govern rotate blog --kind password" in acme.ok("offboard", "show", case).err


def test_a_refusal_names_the_case_and_the_item(acme: Any) -> None:
    case = acme.json("offboard", "open", "anna")["case"]["id"]
    short = case[:8]
    assert f"govern offboard show {short}" in acme.run("offboard", "cut", case).err
    assert f"govern offboard show {short}" in acme.run("offboard", "close", case).err
    assert f"govern offboard done {short} 2" in acme.run("offboard", "verify", case, "2").err


def test_a_returned_sheet_is_entered_by_the_codes_that_it_carries(acme: Any, tmp_path: Path) -> None:
    acme.ok("person", "add", "Carl Bo", "--handle", "carl")
    acme.ok("place", "add", "Passwords.xlsx", "--kind", "sheet")
    acme.ok("place", "member", "Passwords.xlsx", "anna")
    acme.ok("place", "holds", "Passwords.xlsx", "--accounts", "shop")
    case = acme.json("offboard", "open", "anna")["case"]["id"]
    by_kind = {item["kind"]: item["code"] for item in items(acme, case)}
    page, _ = acme.json("offboard", "report", case, "--out", str(tmp_path))["files"]
    assert all(code in Path(page).read_text() for code in by_kind.values())
    slip = acme.run("offboard", "done", case, "--sheet", "7-ABC", "--on-behalf-of", "carl")
    assert (slip.code, "nothing was entered" in slip.err) == (3, True)
    sheet = f"{by_kind['clean-place'].lower()} {by_kind['rotate']}"
    entered = acme.json("offboard", "done", case, "--sheet", sheet, "--on-behalf-of", "carl")
    assert [(item["kind"], item["grade"], item["ended_by"], item["entered_by"]) for item in entered["items"]] == [
        ("clean-place", "on-behalf", "carl", "mia")
    ]
    assert [one["code"] for one in entered["left"]] == [by_kind["rotate"]]
    assert acme.run("offboard", "done", case, "--sheet", by_kind["rotate"], "--on-behalf-of", "carl").code == 4
    assert acme.run("offboard", "done", case, "--sheet", by_kind["rotate"]).code == 2
    assert acme.run("offboard", "done", case).code == 2


def test_each_kind_is_planned_and_opened_as_it_is_about(acme: Any) -> None:
    """A mover keeps what is named; of an agency everybody goes; a client's accounts go back."""
    acme.ok("account", "add", "cafe", "--platform", "facebook", "--login", "cafe", "--client", "Loud")
    for who in ("ada", "ben"):
        acme.ok("person", "add", who.title(), "--handle", who, "--external", "Loud")
    acme.ok("known", "blog", "ada")
    kept = acme.json("offboard", "plan", "anna", "--kind", "mover", "--keep", "shop")
    assert kept["items"] == []
    back = acme.json("offboard", "open", "ada", "--kind", "client-ended")
    assert [(item["kind"], item["account"]) for item in back["items"]] == [
        ("hand-back", "cafe"), ("taken-over", "cafe"), ("retire-account", "cafe"),
    ]  # fmt: skip
    case = back["case"]["id"]
    for number in ("1", "2"):
        acme.ok("offboard", "done", case, number)
    acme.ok("account", "retire", "cafe", "--returned")
    acme.ok("offboard", "refresh", case)
    assert acme.json("offboard", "close", case)["case"]["state"] == "closed"
    gone = acme.json("offboard", "open", "Loud", "--kind", "agency-ended")
    assert sorted(case["person"] for case in gone["cases"]) == ["ada", "ben"]
    assert {item["kind"] for item in gone["items"]} == {"rotate", "destroy-copies"}
    assert acme.run("offboard", "open", "anna", "--keep", "shop").code == 2
    moved = acme.json("offboard", "open", "anna", "--kind", "mover", "--keep", "shop")
    assert (len(moved["case"]["kept"]), moved["items"]) == (1, [])
    assert acme.json("holds", "anna")["grants"] != []


def test_a_platform_that_makes_a_successor_wait_is_told_in_time_or_plainly_too_late(acme: Any) -> None:
    acme.ok("account", "add", "channel", "--platform", "youtube", "--login", "acme", "--custodian", "anna")
    (one,) = acme.json("offboard", "plan", "anna", "--last-day", "2099-11-30")["lead_times"]
    assert (one["account"], one["days"], one["by"], one["late"], one["grade"]) == ("channel", 7, "2099-11-23", False, "specification")
    assert "name a successor there by 2099-11-23" in acme.ok("offboard", "plan", "anna", "--last-day", "2099-11-30").err
    told = acme.ok("offboard", "open", "anna")
    assert "too late for this cut: channel" in told.err
    assert "seven days" in told.err


def test_who_pauses_comes_back_to_what_they_held(acme: Any) -> None:
    told = acme.ok("offboard", "open", "anna", "--kind", "pause")
    assert "held before, to be given again: shop: govern grant ACCOUNT anna" in told.err
    case = acme.json("offboard", "list")["cases"][0]["id"]
    assert acme.json("offboard", "show", case)["case"]["held"] == ["shop"]
    acme.ok("grant", "shop", "anna")
    assert acme.json("offboard", "show", case)["case"]["held"] == []


def test_new_passwords_are_staged_with_the_cut_and_never_before_it(acme: Any) -> None:
    early = acme.run("offboard", "open", "anna", "--cut-at", "2099-11-30T14:00Z", "--stage")
    assert (early.code, "offboard run-due --stage" in early.err) == (2, True)
    told = acme.ok("offboard", "open", "anna", "--stage")
    assert "1 new secret staged" in told.err
    assert [(one["account"], one["kind"], one["state"]) for one in acme.json("rotation", "list", "--open")["rotations"]] == [
        ("shop", "password", "staged")
    ]


def test_the_plan_of_ones_own_departure_ends_with_what_one_may_type(acme: Any) -> None:
    """It ended with a command that was refused."""
    own = acme.ok("offboard", "plan", "mia").err
    assert "govern offboard open" not in own
    assert "next: govern person invite PERSON    (nobody opens their own departure: name a successor first, who opens it)" in own
    assert "next: govern offboard open anna" in acme.ok("offboard", "plan", "anna").err


def test_a_departure_is_named_by_its_person_and_a_closed_one_says_what_there_is_to_do_with_it(acme: Any) -> None:
    case = acme.json("offboard", "open", "anna")["case"]["id"]
    rotate_all(acme, "anna")
    assert acme.json("offboard", "show", "anna")["case"]["id"] == case
    assert acme.json("offboard", "close", "anna")["case"]["state"] == "closed"
    for words in (("close", "anna"), ("done", "anna", "1")):
        refused = acme.run("offboard", *words)
        assert (refused.code, f"govern offboard report {case[:8]} --out DIR" in refused.err) == (4, True)
