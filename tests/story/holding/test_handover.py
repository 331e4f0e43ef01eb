"""`govern handover`: holders without keys get a secret by way of the responsible person; both know it from the fact on."""

from __future__ import annotations

import sys

import pytest

from .conftest import PASSWORD, SEED, Firm


def test_the_fact_names_person_version_and_way_and_both_know(shop: Firm) -> None:
    shop.ok("grant", "shop", "anna")
    told = shop.ok("handover", "shop", "anna", "--kind", "password", "--via", "call", "--stdout")
    assert told.out == PASSWORD
    assert "next: govern handover shop anna --kind totp" in told.err
    assert shop.read("SELECT what, n, purpose, recipient FROM shown") == [("hand-over", 1, "call", shop.id_of("anna"))]
    known = {(row["person"], row["basis"]) for row in shop.json("who", "shop")["exposed"] if row["kind"] == "password"}
    assert {("anna", "handed-over"), ("mia", "revealed")} <= known
    assert "next:" not in shop.ok("handover", "shop", "anna", "--kind", "totp", "--stdout").err


def test_the_json_holds_the_secret_only_with_stdout(shop: Firm) -> None:
    shop.ok("grant", "shop", "anna")
    told = shop.json("handover", "shop", "anna", "--kind", "password", "--stdout")
    assert (told["person"], told["kind"], told["version"], told["via"], told["secret"]) == ("anna", "password", 1, "in-person", PASSWORD)
    refused = shop.run("handover", "shop", "anna", "--kind", "password", "--json")
    assert (refused.code, shop.shows(refused)) == (2, False)


@pytest.mark.parametrize(("kind", "content"), [("password", PASSWORD), ("totp", f"secret={SEED}")])
def test_a_camera_reads_the_secret_from_the_code(shop: Firm, kind: str, content: str) -> None:
    zxingcpp = pytest.importorskip("zxingcpp")
    image = pytest.importorskip("PIL.Image")
    shop.ok("grant", "shop", "anna")
    told = shop.ok("handover", "shop", "anna", "--kind", kind, "--qr")
    assert not shop.shows(told)
    rows = []
    for line in told.out.splitlines():
        rows += [[block in "▀█" for block in line], [block in "▄█" for block in line]]
    picture = image.new("L", (len(rows[0]) * 8, len(rows) * 8), 255)
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                picture.paste(0, (x * 8, y * 8, x * 8 + 8, y * 8 + 8))
    (read,) = zxingcpp.read_barcodes(picture)
    assert content in read.text


def test_without_the_extra_a_code_is_refused_before_anything_is_recorded(shop: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.ok("grant", "shop", "anna")
    monkeypatch.setitem(sys.modules, "segno", None)
    before = shop.types()
    told = shop.run("handover", "shop", "anna", "--kind", "password", "--qr")
    assert told.code == 2
    assert "pip install '.[qr]'" in told.err
    assert shop.types() == before


def test_what_can_not_be_drawn_is_refused_before_anything_is_recorded(firm: Firm) -> None:
    pytest.importorskip("segno")
    firm.secret(firm.account("shop"), secret="x" * 5000)
    firm.person("anna")
    firm.ok("grant", "shop", "anna")
    before = firm.types()
    told = firm.run("handover", "shop", "anna", "--kind", "password", "--qr")
    assert (told.code, "xxxxxx" in told.out + told.err) == (1, False)
    assert firm.types() == before


def test_who_may_be_given_a_secret(shop: Firm) -> None:
    shop.person("gone", left="2026-10-01")
    shop.enrol("ben")
    shop.ok("grant", "shop", "ben")
    shop.ok("grant", "shop", "anna", "--kind", "totp")
    before = shop.types()
    for person, words in (("gone", "has left"), ("ben", "has keys"), ("anna", "not its password"), ("mia", "has keys")):
        told = shop.run("handover", "shop", person, "--kind", "password", "--stdout")
        assert (told.code, told.out) == (4, ""), person
        assert words in told.err
    assert shop.run("handover", "shop", "anna", "--kind", "totp", "--via", "pigeon", "--stdout").code == 2
    assert shop.run("handover", "shop", "anna", "--stdout").code == 2
    assert shop.types() == before
    assert shop.run("handover", "shop", "anna", "--kind", "totp", "--stdout").out == SEED, "the control"


def test_only_who_answers_for_the_account_hands_it_over(shop: Firm) -> None:
    machine = shop.enrol("ben")
    shop.ok("grant", "shop", "ben")
    shop.ok("grant", "shop", "anna")
    told = machine.run("handover", "shop", "anna", "--kind", "password", "--stdout")
    assert (told.code, shop.shows(told)) == (4, False)
    assert machine.run("reveal", "shop", "--stdout").out == PASSWORD, "the control: ben holds it"
