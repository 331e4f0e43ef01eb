"""`govern place`: where copies lie, who could see them there, what a rotation and a cleaning change."""

from __future__ import annotations

from typing import Any

import pytest

PASSWORD = "correct horse battery staple"


@pytest.fixture
def sheet(story: Any, prepared: Any) -> Any:
    """An account whose password lies in a shared sheet; Anna and Ben are people without keys."""
    return prepared.into(story, _sheet)


def _sheet(vault: Any) -> None:
    vault.init()
    for name in ("anna", "ben"):
        vault.ok("person", "add", name.title(), "--handle", name)
    vault.ok("account", "add", "shop", "--platform", "x", "--login", "acme", "--tag", "brand")
    vault.ok("credential", "add", "shop", "--kind", "password", stdin=PASSWORD)
    vault.ok("place", "add", "The sheet", "--kind", "sheet")


def knows(vault: Any, person: str) -> list[tuple[str, int, bool]]:
    return sorted((one["kind"], one["version"], one["live"]) for one in vault.json("holds", person)["exposures"])


def changed(vault: Any, account: str, secret: str) -> None:
    """A rotation of the password to a secret that was set on the platform already."""
    (rotation,) = vault.json("rotate", account, "--already-changed", "--stdin", stdin=secret)["rotations"]
    if rotation["state"] != "done":
        vault.ok("rotation", "confirm", rotation["id"])


def test_present_people_could_know_what_the_place_holds(sheet: Any) -> None:
    sheet.ok("place", "member", "The sheet", "anna", "--since", "2026-01-01")
    told = sheet.json("place", "holds", "The sheet", "--accounts", "shop")
    assert told["touched"] == ["shop"]
    assert told["known"] == [{"person": "anna", "account": "shop", "kind": "password", "version": 1}]
    assert knows(sheet, "anna") == [("password", 1, True)]
    assert knows(sheet, "ben") == []
    late = sheet.ok("place", "member", "the SHEET", "ben")
    assert "ben could know the password of shop" in late.out


def test_a_rotation_ends_it_and_the_new_secret_is_not_in_the_place(sheet: Any) -> None:
    sheet.ok("place", "member", "The sheet", "anna")
    sheet.ok("place", "holds", "The sheet", "--accounts", "shop")
    changed(sheet, "shop", "quite another secret")
    assert knows(sheet, "anna") == [("password", 1, False)]


def test_a_secret_kept_in_the_place_is_known_again_after_its_rotation(sheet: Any) -> None:
    """The control of the rule above: what is kept there goes on being there."""
    sheet.ok("account", "add", "blog", "--platform", "wordpress", "--login", "acme")
    sheet.ok("place", "member", "The sheet", "anna")
    sheet.ok("credential", "add", "blog", "--kind", "password", "--kept-in", "The sheet")
    (rotation,) = sheet.json("rotate", "blog", "--already-changed")["rotations"]
    if rotation["state"] != "done":
        sheet.ok("rotation", "confirm", rotation["id"])
    assert knows(sheet, "anna") == [("password", 1, False), ("password", 2, True)]


def test_who_is_said_to_have_left_the_place_goes_on_knowing_what_works(sheet: Any) -> None:
    sheet.ok("place", "member", "The sheet", "anna")
    sheet.ok("place", "holds", "The sheet", "--accounts", "tag:brand")
    told = sheet.ok("place", "member", "The sheet", "anna", "--until", "2026-11-01")
    assert "still know" in told.err
    assert knows(sheet, "anna") == [("password", 1, True)]
    (place,) = sheet.json("place", "list")["places"]
    assert place["presences"] == [{"person": "anna", "since": None, "until": "2026-11-01"}]


def test_cleaning_is_recorded_and_ends_no_exposure(sheet: Any) -> None:
    sheet.ok("place", "member", "The sheet", "anna")
    sheet.ok("place", "holds", "The sheet", "--accounts", "shop")
    assert sheet.json("place", "clean", "The sheet", "--accounts", "tag:brand", "--dry-run")["touched"] == ["shop"]
    assert sheet.json("place", "list")["places"][0]["accounts"] == ["shop"]
    told = sheet.ok("place", "clean", "The sheet", "--accounts", "shop")
    assert "govern rotate shop" in told.err
    assert sheet.json("place", "list")["places"][0]["accounts"] == []
    assert knows(sheet, "anna") == [("password", 1, True)]
    assert sheet.run("place", "clean", "The sheet", "--accounts", "shop").code == 3


def test_a_place_that_keeps_the_secret_itself_cannot_be_cleaned_of_it(sheet: Any) -> None:
    sheet.ok("account", "add", "blog", "--platform", "wordpress", "--login", "acme")
    sheet.ok("credential", "add", "blog", "--kind", "password", "--kept-in", "The sheet")
    assert sheet.json("place", "list")["places"][0]["kept"] == ["blog"]
    assert sheet.run("place", "clean", "The sheet", "--accounts", "blog").code == 4


def test_a_dry_run_of_holds_records_nothing(sheet: Any) -> None:
    size = sheet.json("ledger", "checkpoint")["size"]
    assert sheet.json("place", "holds", "The sheet", "--accounts", "platform:x", "--dry-run")["touched"] == ["shop"]
    assert sheet.json("ledger", "checkpoint")["size"] == size


def test_the_same_presence_is_recorded_once(sheet: Any) -> None:
    sheet.ok("place", "member", "The sheet", "anna", "--since", "2026-01-01")
    size = sheet.json("ledger", "checkpoint")["size"]
    assert sheet.json("place", "member", "The sheet", "anna")["recorded"] is False
    assert sheet.json("ledger", "checkpoint")["size"] == size


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("add", "the sheet", "--kind", "sheet"), 4),
        (("add", "New", "--kind", "wiki"), 2),
        (("add", " ", "--kind", "sheet"), 2),
        (("member", "The shed", "anna"), 3),
        (("member", "The sheet", "nobody"), 3),
        (("member", "The sheet", "anna", "--since", "2999-01-01"), 2),
        (("member", "The sheet", "anna", "--since", "2026-02-31"), 2),
        (("member", "The sheet", "anna", "--since", "2026-02-02", "--until", "2026-02-01"), 2),
        (("holds", "The sheet", "--accounts", "tag:none"), 3),
        (("clean", "The sheet", "--accounts", "shop"), 3),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_recorded(sheet: Any, words: tuple[str, ...], code: int) -> None:
    size = sheet.json("ledger", "checkpoint")["size"]
    told = sheet.run("place", *words)
    assert (told.code, told.out) == (code, "")
    assert sheet.json("ledger", "checkpoint")["size"] == size


def test_a_near_name_is_suggested(sheet: Any) -> None:
    assert "did you mean the sheet?" in sheet.run("place", "member", "The sheets", "anna").err.casefold()
