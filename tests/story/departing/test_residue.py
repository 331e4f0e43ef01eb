"""What a changed password leaves alive is recorded, and told wherever somebody may still get in by it, until it has run out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def done(acme: Any, *words: str) -> dict[str, Any]:
    acme.ok("rotate", "shop", "--stdin", stdin="a-secret-of-our-own")
    id_ = acme.json("rotation", "list")["rotations"][0]["id"]
    told: dict[str, Any] = acme.json("rotation", "confirm", id_, *words)
    return told


def test_what_was_ended_is_recorded_and_the_rest_is_told(acme: Any) -> None:
    told = done(acme, "--cut", "oauth-apps", "--cut", "sessions")
    assert told["rotations"][0]["cut"] == ["sessions", "oauth-apps"]
    id_ = told["rotations"][0]["id"]
    assert "ended there with it: sessions, oauth-apps" in acme.ok("rotation", "show", id_).out
    acme.ok("rotate", "shop", "--already-changed", stdin="another-secret-of-ours")
    last = acme.json("rotation", "list")["rotations"][0]["id"]
    assert "not recorded as ended there, and perhaps still good: sessions, oauth-apps" in acme.ok("rotation", "show", last).err


def test_whoever_was_signed_in_gets_in_until_a_time_that_is_told(acme: Any, tmp_path: Path) -> None:
    """In `rotation show`, in `who`, and in the report of a departure."""
    until = "2999-01-01T14:00:00Z"
    told = done(acme, "--residual-until", until)
    assert told["rotations"][0]["residual_until"] == until
    assert f"still gets in until {until}" in acme.ok("rotation", "show", told["rotations"][0]["id"]).err
    rows = {
        (row["person"], row["version"]): row["residual_until"] for row in acme.json("who", "shop")["exposed"] if row["kind"] == "password"
    }
    assert rows["anna", 1] == until
    assert rows["mia", 2] is None, "the control: what counts now needs no session"
    assert f"anna may still be signed in by password v1 until {until}" in acme.ok("who", "shop").out
    assert f"anna may still be signed in to shop by password v1 until {until}" in acme.ok("holds", "anna").out
    assert [row["residual_until"] for row in acme.json("holds", "anna")["exposures"]] == [until]


def test_the_report_of_a_departure_says_so(acme: Any, tmp_path: Path) -> None:
    acme.ok("offboard", "open", "anna", "--cut-at", "now")
    case = acme.json("offboard", "list")["cases"][0]["id"]
    done(acme, "--cut", "sessions", "--residual-until", "2999-01-01T14:00:00Z")
    acme.ok("offboard", "report", case, "--out", str(tmp_path / "report"))
    page = next((tmp_path / "report").glob("*.html")).read_text()
    assert "may still be signed in until 2999-01-01 14:00 UTC" in page
    assert "not recorded as ended: oauth-apps" in page


def test_of_a_change_that_was_made_already_too(acme: Any) -> None:
    told = acme.json("rotate", "shop", "--already-changed", "--cut", "sessions", stdin="another-secret-of-ours")["rotations"][0]
    assert (told["cut"], told["not_ended"]) == (["sessions"], ["oauth-apps"])
    assert acme.run("rotate", "shop", "--cut", "sessions").code == 2


def test_a_time_that_has_passed_is_none(acme: Any) -> None:
    assert done(acme, "--residual-until", "2020-01-01T00:00:00Z")["rotations"][0]["residual_until"] is None


@pytest.mark.parametrize("words", [("--cut", "corners"), ("--residual-until", "tomorrow")])
def test_what_cannot_be_is_refused_and_nothing_recorded(acme: Any, words: tuple[str, str]) -> None:
    acme.ok("rotate", "shop", "--stdin", stdin="a-secret-of-our-own")
    id_ = acme.json("rotation", "list")["rotations"][0]["id"]
    assert acme.run("rotation", "confirm", id_, *words).code == 2
    assert acme.json("rotation", "list")["rotations"][0]["state"] == "staged"
