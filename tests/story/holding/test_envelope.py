"""`govern envelope` and messages: copies that leave on purpose are recorded first, told until they are gone, and changed once somebody read them."""

from __future__ import annotations

import html
import stat
from pathlib import Path
from typing import Any

import pytest

from .conftest import PASSWORD, SEED, Firm


def codes(firm: Firm, code: str) -> list[tuple[str, str]]:
    return [(one["subject"], one["severity"]) for one in firm.json("status")["findings"] if one["code"] == code]


def knows(firm: Firm, person: str) -> set[tuple[str, int, str]]:
    return {(row["kind"], row["version"], row["basis"]) for row in firm.json("who", "shop")["exposed"] if row["person"] == person}


def todo(firm: Firm, what: str) -> list[str]:
    return [one["command"] for one in firm.json("todo")["items"] if one["what"] == what]


def test_a_page_is_recorded_before_it_is_written(shop: Firm, tmp_path: Path) -> None:
    """Who was shown which version, and that paper holds it; then the page, for the printer's eyes alone, with a checkpoint."""
    page = tmp_path / "page.html"
    told = shop.ok("envelope", "print", "shop", "--out", str(page), "--reason", "for the safe")
    assert not shop.shows(told)
    assert shop.types()[-4:] == ["secret.revealed", "secret.revealed", "place.added", "place.holds"]
    text = page.read_text()
    assert PASSWORD in html.unescape(text)
    assert SEED in text
    assert "govern envelope opened shop" in text
    assert f"govern/{shop.vault_id()}" in text, "the checkpoint"
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert ("password", 1, "revealed") in knows(shop, "mia")
    assert [(one["kind"], one["state"]) for one in shop.json("envelope", "list")["envelopes"]] == [
        ("password", "sealed"),
        ("totp", "sealed"),
    ]
    assert codes(shop, "envelope-stale") == []


def test_the_file_is_told_until_it_is_gone(shop: Firm, tmp_path: Path) -> None:
    page = tmp_path / "the page.html"
    told = shop.ok("envelope", "print", "shop", "--out", str(page))
    assert codes(shop, "page-lying") == [(str(page), "warning")]
    assert f"next: rm '{page}'" in told.err
    page.unlink()
    assert codes(shop, "page-lying") == []


def test_nothing_is_recorded_where_nothing_can_be_printed(shop: Firm, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("mine")
    before = shop.types()
    for words, code in (
        (("shop", "--out", str(page)), 4),
        (("shop", "--out", str(tmp_path / "no" / "page.html")), 1),
        (("shop", "--out", str(tmp_path / "new.html"), "--kind", "passkey"), 3),
        (("shop",), 2),
    ):
        assert shop.run("envelope", "print", *words).code == code, words
    assert page.read_text() == "mine"
    assert not (tmp_path / "new.html").exists()
    assert shop.types() == before


def test_who_does_not_hold_it_prints_nothing(shop: Firm, tmp_path: Path) -> None:
    machine = shop.enrol("ben")
    told = machine.run("envelope", "print", "shop", "--out", str(tmp_path / "page.html"))
    assert (told.code, (tmp_path / "page.html").exists()) == (4, False)
    shop.ok("grant", "shop", "ben", "--kind", "password")
    assert machine.run("envelope", "print", "shop", "--kind", "password", "--out", str(tmp_path / "page.html")).code == 0, "the control"


def test_whoever_opens_it_knows_and_a_rotation_is_due(shop: Firm, tmp_path: Path) -> None:
    shop.ok("envelope", "print", "shop", "--kind", "password", "--out", str(tmp_path / "page.html"))
    assert knows(shop, "anna") == set()
    told = shop.json("envelope", "opened", "shop", "--by", "anna", "--note", "nobody was there")
    assert (told["person"], told["kinds"], len(told["rotations"])) == ("anna", ["password"], 1)
    assert ("password", 1, "handed-over") in knows(shop, "anna")
    (rotation,) = shop.json("rotation", "list", "--open")["rotations"]
    assert (rotation["trigger"], bool(rotation["due"])) == ("membership", True)
    shop.ok("rotate", "shop", "--already-changed", stdin="another-one-entirely")
    assert todo(shop, "envelope") == ["govern envelope print shop --kind password --out FILE"]
    shop.ok("envelope", "print", "shop", "--kind", "password", "--out", str(tmp_path / "new.html"))
    (destroy,) = todo(shop, "envelope")
    assert destroy == "govern place clean 'envelope shop 1' --accounts shop"
    shop.ok("place", "clean", "envelope shop 1", "--accounts", "shop")
    assert todo(shop, "envelope") == []
    assert [one["envelope"] for one in shop.json("envelope", "list")["envelopes"]] == ["envelope shop 2"]


def test_a_new_version_makes_an_envelope_stale(shop: Firm, tmp_path: Path) -> None:
    shop.ok("envelope", "print", "shop", "--kind", "password", "--out", str(tmp_path / "page.html"))
    shop.ok("rotate", "shop", "--already-changed", stdin="another-one-entirely")
    assert codes(shop, "envelope-stale") == [("shop", "warning")]
    assert [one["state"] for one in shop.json("envelope", "list")["envelopes"]] == ["stale"]


def test_whoever_may_open_no_rotation_records_the_opening_all_the_same(shop: Firm, tmp_path: Path) -> None:
    """And `status` tells those who may, until it is changed."""
    shop.ok("envelope", "print", "shop", "--kind", "password", "--out", str(tmp_path / "page.html"))
    machine = shop.enrol("ben")
    assert machine.json("envelope", "opened", "shop")["rotations"] == []
    assert ("password", 1, "revealed") in knows(shop, "ben")
    assert codes(shop, "envelope-opened") == [("shop", "critical")]
    shop.ok("rotate", "shop", "--already-changed", stdin="another-one-entirely")
    assert codes(shop, "envelope-opened") == []


def test_nobody_hides_that_it_was_opened(shop: Firm, tmp_path: Path) -> None:
    """Neither by saying that the paper is gone, nor by putting it there anew: only a change does."""
    shop.ok("envelope", "print", "shop", "--kind", "password", "--out", str(tmp_path / "page.html"))
    machine = shop.enrol("ben")
    machine.ok("envelope", "opened", "shop")
    machine.ok("place", "clean", "envelope shop 1", "--accounts", "shop")
    assert codes(shop, "envelope-opened") == [("shop", "critical")]
    assert machine.run("envelope", "opened", "shop").code == 3, "it is gone"
    ((place, credential),) = shop.read("SELECT place, credential FROM place_versions")
    shop.write(lambda tx: tx.record("place.holds", {"place": place, "accounts": [], "versions": [[credential, 1]]}), "ben")
    assert codes(shop, "envelope-opened") == [("shop", "critical")]
    shop.ok("rotate", "shop", "--already-changed", stdin="another-one-entirely")
    assert codes(shop, "envelope-opened") == []


def test_whoever_keeps_the_safe_could_know(shop: Firm, tmp_path: Path) -> None:
    shop.ok("envelope", "print", "shop", "--kind", "password", "--out", str(tmp_path / "page.html"))
    shop.ok("place", "member", "envelope shop 1", "anna")
    assert knows(shop, "anna") == {("password", 1, "place")}, "and nothing of the seed, which is not in it"


def test_only_an_envelope_can_be_opened(shop: Firm) -> None:
    """Judged where the ledger is read: a place that is no paper, or paper in which nothing lies."""
    from govern.errors import Refused

    shop.ok("place", "add", "Wall", "--kind", "paper")
    shop.ok("place", "add", "Sheet", "--kind", "sheet")
    for name in ("Wall", "Sheet"):
        (place,) = shop.read("SELECT id FROM places WHERE name = ?", name)[0]
        body = {"place": place, "person": shop.id_of("anna")}
        with pytest.raises(Refused) as refused:
            shop.write(lambda tx, body=body: tx.record("envelope.opened", body))
        assert refused.value.rule == "no-envelope"
    assert shop.run("envelope", "opened", "shop").code == 3


def test_what_goes_by_messenger_is_a_place_to_clean(shop: Firm) -> None:
    """A chat with the holder, in which that version lies and no other, until it is cleaned; in `todo`, `status` and a departure."""
    shop.ok("grant", "shop", "anna")
    told = shop.json("handover", "shop", "anna", "--kind", "password", "--via", "messenger", "--stdout")
    chat = told["place"]
    assert "anna" not in chat, "names of places are never erased"
    (place,) = [one for one in shop.json("place", "list")["places"] if one["name"] == chat]
    assert (place["kind"], set(place["people"]), place["accounts"]) == ("chat", {"anna", "mia"}, ["shop"])
    assert {kind for kind, _, _ in knows(shop, "anna")} == {"password"}
    assert codes(shop, "place-to-clean") == [(chat, "warning")]
    shop.ok("handover", "shop", "anna", "--kind", "totp", "--via", "messenger", "--stdout")
    assert len(shop.read("SELECT id FROM places")) == 1, "one chat per person"
    (clean,) = set(todo(shop, "clean-place"))
    items = shop.json("offboard", "plan", "anna")["items"]
    assert [one["kind"] for one in items].count("clean-place") == 1
    shop.ok("place", "clean", chat, "--accounts", "shop")
    assert clean == f"govern place clean '{chat}' --accounts shop"
    assert (todo(shop, "clean-place"), codes(shop, "place-to-clean")) == ([], [])


@pytest.mark.parametrize("via", ["in-person", "call", "paper"])
def test_no_other_way_leaves_a_chat(shop: Firm, via: str) -> None:
    shop.ok("grant", "shop", "anna")
    assert shop.json("handover", "shop", "anna", "--kind", "password", "--via", via, "--stdout")["place"] is None
    assert shop.read("SELECT id FROM places") == []


def test_a_replay_finds_the_same(shop: Firm, tmp_path: Path) -> None:
    """What a machine that begins anew reads of copies is what was recorded."""
    shop.ok("grant", "shop", "anna")
    shop.ok("handover", "shop", "anna", "--kind", "password", "--via", "messenger", "--stdout")
    shop.ok("envelope", "print", "shop", "--out", str(tmp_path / "page.html"))
    shop.ok("envelope", "opened", "shop", "--by", "anna")
    query = "SELECT * FROM place_versions ORDER BY place, credential"
    exposed = "SELECT person, credential, n, basis, strength, since FROM exposures ORDER BY 1, 2, 3, 4"
    before: list[Any] = [shop.read(query), shop.read(exposed)]
    (shop.story.home / "register.db").unlink()
    assert [shop.read(query), shop.read(exposed)] == before
