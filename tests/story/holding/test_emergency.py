"""`govern grant --emergency`: 24 hours, every admin told, and a rotation once it is over, which nobody gives up while the person knows."""

from __future__ import annotations

from typing import Any

import pytest

from govern.errors import Refused
from govern.register.queries import emergencies

from .conftest import PASSWORD, Firm


def found(firm: Any, code: str) -> list[dict[str, Any]]:
    return [one for one in firm.json("status")["findings"] if one["code"] == code]


def todo(firm: Any, *words: str) -> list[str]:
    return [one["why"] for one in firm.json("todo", *words)["items"] if one["what"] == "emergency"]


def open_rotations(firm: Any) -> set[tuple[str, str]]:
    return {(one["kind"], one["trigger"]) for one in firm.json("rotation", "list", "--open")["rotations"]}


@pytest.fixture
def alarmed(shop: Firm) -> Firm:
    """anna was given `shop` in an emergency, and its password over the phone."""
    shop.person("cleo")
    shop.admin("cleo")
    told = shop.ok("grant", "shop", "anna", "--emergency", "--reason", "the site is down")
    assert "every admin is told" in told.err
    shop.ok("handover", "shop", "anna", "--kind", "password", "--via", "call", "--stdout")
    return shop


def test_every_admin_is_told_and_nobody_else(alarmed: Firm) -> None:
    (finding,) = found(alarmed, "emergency-grant")
    assert (finding["severity"], finding["subject"], bool(finding["due"])) == ("warning", "shop", True)
    assert todo(alarmed) == todo(alarmed, "--person", "cleo") == ["mia gave it to anna"]
    assert todo(alarmed, "--person", "ben") == []


def test_an_ordinary_grant_alarms_nobody(shop: Firm) -> None:
    """The control."""
    shop.ok("grant", "shop", "anna", "--days", "1")
    shop.ok("handover", "shop", "anna", "--kind", "password", "--stdout")
    assert shop.json("revoke", "shop", "anna")["rotations"] == []
    assert (found(shop, "emergency-grant"), found(shop, "emergency-over"), todo(shop)) == ([], [], [])


def test_its_end_opens_a_rotation_of_what_they_know(alarmed: Firm) -> None:
    """Of that alone, due as after a departure; once it is done, nobody is told any more."""
    told = alarmed.json("revoke", "shop", "anna")
    assert len(told["rotations"]) == 1
    assert open_rotations(alarmed) == {("password", "membership")}
    (rotation,) = alarmed.json("rotation", "list", "--open")["rotations"]
    assert rotation["due"]
    assert found(alarmed, "emergency-over") == [], "the open rotation says it"
    alarmed.ok("rotate", "shop", "--already-changed", stdin="another-and-better-one")
    assert (found(alarmed, "emergency-over"), found(alarmed, "emergency-grant"), todo(alarmed)) == ([], [], [])


def test_one_that_ran_out_is_owed_until_somebody_ends_it(alarmed: Firm) -> None:
    """As `status` and `todo` of a later day see it; `grant.ended` by itself changes nothing of it."""
    workspace = alarmed.workspace()
    db = workspace.view()
    later = "2099-01-01T00:00:00Z"
    assert [(one.kind, one.ended, one.command) for one in emergencies.owed(db, later)] == [("password", False, "govern revoke shop anna")]
    assert emergencies.owed(db, "2026-01-01T00:00:00Z") == []
    workspace.close()
    ((grant,),) = alarmed.read("SELECT id FROM grants WHERE emergency = 1")
    alarmed.write(lambda tx: tx.record("grant.ended", {"grants": [grant], "cause": "revoked"}))
    (finding,) = found(alarmed, "emergency-over")
    assert (finding["severity"], finding["subject"]) == ("critical", "shop")
    assert todo(alarmed) == ["it is over, and anna knows the password"]


def test_whoever_holds_it_otherwise_by_then_goes_on_knowing(alarmed: Firm) -> None:
    alarmed.ok("grant", "shop", "anna", "--days", "90")
    assert (found(alarmed, "emergency-over"), open_rotations(alarmed)) == ([], set())


def test_the_rotation_that_follows_is_not_given_up(alarmed: Firm) -> None:
    """Judged where the ledger is read. The control: a rotation for another reason is."""
    (rotation,) = alarmed.json("revoke", "shop", "anna")["rotations"]
    with pytest.raises(Refused) as refused:
        alarmed.write(lambda tx: tx.record("rotation.aborted", {"rotation": rotation}))
    assert (refused.value.rule, refused.value.control) == ("emergency", "IA-5 i")
    assert alarmed.run("rotation", "abort", rotation).code == 4
    alarmed.ok("rotate", "shop", "--kind", "totp", "--because", "manual")
    (other,) = [one["id"] for one in alarmed.json("rotation", "list", "--open")["rotations"] if one["kind"] == "totp"]
    alarmed.ok("rotation", "abort", other)
    assert alarmed.ok("reveal", "shop", "--stdout").out == PASSWORD
