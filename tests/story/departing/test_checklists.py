"""`offboard report` writes a checklist for everybody who has something left to do: their items, in their language, to tick and to give back."""

from __future__ import annotations

from html import unescape
from pathlib import Path
from typing import Any

import pytest

from govern.languages import LOCALES


@pytest.fixture
def case(acme: Any) -> str:
    """Bent (da) answers for the shop, Chloé (fr) is the blog's deputy; Mia opens the departure of Anna, who answers for the blog."""
    acme.ok("person", "add", "Bent Aagaard", "--handle", "bent", "--locale", "da")
    acme.ok("person", "add", "Chloé Dupont", "--handle", "chloe", "--locale", "fr")
    acme.ok("account", "custody", "shop", "bent")
    acme.ok("account", "custody", "blog", "anna")
    acme.ok("account", "edit", "blog", "--deputy", "chloe")
    acme.ok("known", "blog", "anna")
    return str(acme.json("offboard", "open", "anna", "--cut-at", "2099-02-03T14:05Z")["case"]["id"])


def checklists(acme: Any, case: str, out: Path, *more: str) -> dict[str, tuple[str, str, list[int]]]:
    """Person -> locale, page, numbers of items."""
    found = acme.json("offboard", "report", case, "--out", str(out), *more)["checklists"]
    assert all((Path(one["file"]).stat().st_mode & 0o777) == 0o600 for one in found)
    return {one["person"]: (one["locale"], unescape(Path(one["file"]).read_text(encoding="utf-8")), one["items"]) for one in found}


def test_everybody_gets_their_own_items_in_their_own_language(acme: Any, case: str, tmp_path: Path) -> None:
    found = checklists(acme, case, tmp_path)
    assert {person: locale for person, (locale, _, _) in found.items()} == {"bent": "da", "chloe": "fr", "mia": "en"}
    bent, chloe, mia = (found[person][1] for person in ("bent", "chloe", "mia"))
    assert "skift: adgangskode (version 1)" in bent
    assert "Adgangen lukkes 3. feb. 2099 14.05 UTC." in bent
    assert "changer\u00a0: mot de passe (version 1)" in chloe
    assert "shop" not in chloe
    assert "blog" not in bent
    assert "make somebody else responsible" in mia
    assert "change the password" not in mia
    assert "give this sheet back to <bdi>Mia Holm</bdi>" in mia


def test_every_open_item_is_on_one_sheet_alone_but_what_the_cut_ends(acme: Any, case: str, tmp_path: Path) -> None:
    items = acme.json("offboard", "show", case)["items"]
    acme.ok("offboard", "not-applicable", case, str(next(one["number"] for one in items if one["kind"] == "custody")), "--reason", "shared")
    left = [one for one in acme.json("offboard", "show", case)["items"] if one["state"] == "open" and one["kind"] != "end-grant"]
    assert "end-grant" in {one["kind"] for one in items}
    found = checklists(acme, case, tmp_path)
    assert sorted(number for _, _, numbers in found.values() for number in numbers) == sorted(one["number"] for one in left)
    for _, page, numbers in found.values():
        assert {one["number"] for one in left if one["code"] in page} == set(numbers)
        assert page.count("☐") == len(numbers)


def test_an_assigned_item_goes_to_whom_it_was_assigned_to(acme: Any, case: str, tmp_path: Path) -> None:
    number = next(
        one["number"] for one in acme.json("offboard", "show", case)["items"] if one["kind"] == "rotate" and one["account"] == "shop"
    )
    assert number in checklists(acme, case, tmp_path)["bent"][2]
    acme.ok("offboard", "assign", case, str(number), "chloe")
    found = checklists(acme, case, tmp_path)
    assert number in found["chloe"][2]
    assert number not in found.get("bent", ("", "", []))[2]


def test_a_language_that_is_named_is_that_of_all_sheets(acme: Any, case: str, tmp_path: Path) -> None:
    for locale in LOCALES:
        found = checklists(acme, case, tmp_path / locale, "--locale", locale)
        assert {spoken for spoken, _, _ in found.values()} == {locale}
        assert all(f'<html lang="{locale}">' in page for _, page, _ in found.values())


def test_a_returned_sheet_is_entered_by_its_codes_and_then_there_is_none(acme: Any, tmp_path: Path) -> None:
    acme.ok("person", "add", "Carl Bo", "--handle", "carl")
    acme.ok("place", "add", "Passwords.xlsx", "--kind", "sheet")
    acme.ok("person", "add", "Eve Lund", "--handle", "eve")
    acme.ok("place", "member", "Passwords.xlsx", "eve")
    acme.ok("place", "holds", "Passwords.xlsx", "--accounts", "shop")
    case = acme.json("offboard", "open", "eve")["case"]["id"]
    (page,) = (page for _, page, _ in checklists(acme, case, tmp_path).values())
    place = next(one for one in acme.json("offboard", "show", case)["items"] if one["kind"] == "clean-place")
    assert place["code"] in page
    assert "Everything granted ended on" in page
    assert acme.json("offboard", "done", case, "--sheet", place["code"], "--on-behalf-of", "carl")["items"][0]["grade"] == "on-behalf"
    assert all(place["code"] not in page for _, page, _ in checklists(acme, case, tmp_path).values())


def test_no_sheet_names_an_embargoed_departure_before_its_cut(acme: Any, tmp_path: Path) -> None:
    """Control: after the cut there are sheets."""
    acme.ok("known", "blog", "anna")
    case = acme.json("offboard", "open", "anna", "--embargo")["case"]["id"]
    assert checklists(acme, case, tmp_path) == {}
    acme.ok("offboard", "cut", case)
    assert checklists(acme, case, tmp_path) != {}


def test_a_sheet_holds_no_secret_and_no_name_gets_out_of_its_place(acme: Any, tmp_path: Path) -> None:
    acme.ok("person", "add", "Eve & \u202e\x1b[31mSons", "--handle", "eve")
    acme.ok("known", "blog", "eve")
    case = acme.json("offboard", "open", "eve")["case"]["id"]
    (one,) = acme.json("offboard", "report", case, "--out", str(tmp_path))["checklists"]
    page = Path(one["file"]).read_text(encoding="utf-8")
    assert not {"\u202e", "\x1b"} & set(page)
    assert "Eve &amp; " in page
    assert "blog-secret" not in page
