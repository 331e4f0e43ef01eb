"""`govern todo`: what is open for whom, until it is done; and nothing of a departure to the one who leaves."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest


def open_(firm: Any, *words: str) -> list[tuple[str, str, str]]:
    found = firm.json("todo", *words)["items"]
    return [(one["what"], one["account"], one["person"]) for one in found if one["what"] != "drill"]


@pytest.fixture
def rotated(shop: Any) -> Any:
    """anna and ben hold `shop` and were given its password; then it changed."""
    for person in ("anna", "ben"):
        shop.ok("grant", "shop", person, "--kind", "password")
        shop.ok("handover", "shop", person, "--kind", "password", "--stdout")
    assert open_(shop) == []
    shop.ok("rotate", "shop", "--already-changed", stdin="another-secret-now")
    return shop


def test_a_hand_over_is_due_after_a_rotation_until_it_is_made_or_the_grant_ends(rotated: Any) -> None:
    """Of each remaining holder without keys, with a day by which; in `todo` as in `status`."""
    assert open_(rotated) == [("hand-over", "shop", "anna"), ("hand-over", "shop", "ben")]
    due = [finding for finding in rotated.json("status")["findings"] if finding["code"] == "hand-over-due"]
    assert [(one["subject"], bool(one["due"]), one["severity"]) for one in due] == [("shop", True, "info")] * 2
    rotated.ok("handover", "shop", "anna", "--kind", "password", "--stdout")
    assert open_(rotated) == [("hand-over", "shop", "ben")]
    rotated.ok("revoke", "shop", "ben")
    assert [what for what, _, _ in open_(rotated)] == []


def test_a_hand_over_that_was_let_slip_is_a_warning(rotated: Any) -> None:
    """Somebody who posts is locked out by then."""
    from govern.register.queries import handovers
    from govern.register.queries.policies import policy

    workspace = rotated.workspace()
    db = workspace.view()
    day = handovers.findings(db, policy(db), "2000-01-01")
    due = {finding.due for finding in day}.pop()
    months = (date.fromisoformat(due) + timedelta(days=40)).isoformat()
    found = {on: [f.severity for f in handovers.findings(db, policy(db), on)] for on in (due, months, "2999-01-01")}
    workspace.close()
    assert found == {due: ["info"] * 2, months: ["warning"] * 2, "2999-01-01": []}, "the grants have ended by then"


def test_whoever_has_keys_or_leaves_is_due_nothing(rotated: Any) -> None:
    rotated.enrol("ben")
    assert open_(rotated) == [("hand-over", "shop", "anna")]
    rotated.ok("offboard", "open", "anna", "--cut-at", "now")
    assert ("hand-over", "shop", "anna") not in open_(rotated)


def test_rotations_and_items_of_a_departure_are_somebodys(rotated: Any) -> None:
    """A rotation stands once, however many items it ends; an assigned item is its assignee's alone."""
    rotated.ok("place", "add", "Wall", "--kind", "paper")
    rotated.ok("place", "holds", "Wall", "--accounts", "shop")
    rotated.ok("place", "member", "Wall", "ben")
    rotated.ok("offboard", "open", "ben", "--cut-at", "now")
    mine = open_(rotated)
    assert mine.count(("rotation", "shop", None)) == 2, "password and seed lay in that place"
    assert ("case-item", None, "ben") in mine
    case = rotated.json("offboard", "list")["cases"][0]["id"]
    items = rotated.json("offboard", "show", case)["items"]
    place = next(str(number) for number, item in enumerate(items, 1) if item["kind"] == "clean-place")
    rotated.ok("offboard", "assign", case, place, "anna")
    assert ("case-item", None, "ben") not in open_(rotated)
    assert open_(rotated, "--person", "anna") == [("case-item", None, "ben")]
    assert open_(rotated, "--person", "ben") == []
    everybody = rotated.json("todo", "--all")["items"]
    assert {tuple(one["for"]) for one in everybody} == {("mia",), ("anna",)}
    rotated.ok("offboard", "done", case, place)
    assert open_(rotated, "--person", "anna") == []


def test_an_embargoed_departure_stands_in_nobody_elses_list(rotated: Any) -> None:
    """mia, who opened it, finds it in her own; not in that of another admin, nor in the leaver's. The control: without an embargo it is."""
    rotated.person("cleo")
    rotated.admin("cleo")
    rotated.ok("offboard", "open", "ben", "--embargo")
    cut = ("cut", None, "ben")
    assert cut in open_(rotated)
    assert cut not in open_(rotated, "--person", "cleo")
    assert open_(rotated, "--person", "ben") == []
    assert cut not in open_(rotated, "--all")
    rotated.ok("offboard", "open", "anna", "--cut-at", "2099-01-01T09:00:00Z")
    assert ("cut", None, "anna") in open_(rotated, "--person", "cleo")
    assert open_(rotated, "--person", "anna") == []


def test_on_screen_it_ends_with_what_to_type(rotated: Any) -> None:
    told = rotated.ok("todo")
    assert "anna does not have the new one" in told.out
    assert "next: govern handover shop anna --kind password" in told.err
    assert rotated.run("todo", "--person", "anna", "--all").code == 2
    assert rotated.run("todo", "--person", "nobody").code == 3
