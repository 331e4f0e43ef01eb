"""`govern code`: the fact first, then the code of this moment; a code is not the seed."""

from __future__ import annotations

import pytest

from govern.vault.otp import code, parse

from .conftest import SEED, Firm


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> int:
    """A clock that stands at 2030-01-01T00:00:07Z."""
    monkeypatch.setattr("govern.cli.settings.now", lambda: "2030-01-01T00:00:07Z")
    return 1893456007


def test_the_code_and_the_seconds_left(shop: Firm, clock: int) -> None:
    told = shop.ok("code", "shop")
    expected = code(parse(SEED), clock)[0]
    assert told.out == f"{expected}\n"
    assert "23 s left" in told.err
    answer = shop.json("code", "shop")
    assert (answer["code"], answer["seconds"]) == (expected, 23)
    assert shop.types()[-2:] == ["code.shown", "code.shown"]


def test_neither_the_seed_is_shown_nor_known_by_a_code(shop: Firm) -> None:
    shop.ok("grant", "shop", "anna")
    told = shop.ok("code", "shop", "--for", "anna", "--reason", "on the phone")
    assert not shop.shows(told, SEED)
    assert shop.json("holds", "anna")["exposures"] == []
    assert shop.read("SELECT what, recipient, reason FROM shown") == [("code", shop.id_of("anna"), "on the phone")]


def test_a_code_is_given_to_nobody_who_does_not_hold_it(shop: Firm) -> None:
    shop.person("gone", left="2026-10-01")
    for person in ("ben", "gone"):
        told = shop.run("code", "shop", "--for", person)
        assert (told.code, told.out) == (4, "")
    shop.ok("grant", "shop", "ben", "--kind", "password")
    assert shop.run("code", "shop", "--for", "ben").code == 4
    machine = shop.enrol("anna")
    assert machine.run("code", "shop").code == 4
    assert "code.shown" not in shop.types()


def test_a_seed_that_gives_no_code_is_refused_before_anything_is_recorded(firm: Firm) -> None:
    otp = {"kind": "hotp", "digits": 6, "period": 30, "algorithm": "SHA1", "issuer": "", "name": "", "counter": 3}
    firm.secret(firm.account("shop"), "totp", {"secret": SEED, "otp": otp})
    told = firm.run("code", "shop")
    assert (told.code, told.out) == (4, "")
    firm.secret(firm.account("other"), "totp", "not base32!")
    told = firm.run("code", "other")
    assert (told.code, told.out) == (1, "")
    assert "code.shown" not in firm.types()


def test_an_account_without_codes_says_what_it_has(firm: Firm) -> None:
    firm.secret(firm.account("shop"))
    told = firm.run("code", "shop")
    assert told.code == 3
    assert "has no totp" in told.err


def test_of_two_seeds_the_one_is_named_by_the_beginning_of_its_id(shop: Firm, clock: int) -> None:
    """A refusal lists what can be typed; then `code`, `reveal`, `handover` and `rotate` all take it."""
    other = "NBSWY3DPEB3W64TMMQQGC3TEEBSXM3DP"
    shop.secret(shop.read("SELECT id FROM accounts")[0][0], "totp", other)
    told = shop.run("code", "shop")
    assert (told.code, told.out) == (4, "")
    ids = [one["id"][:8] for one in shop.json("credential", "list", "shop")["credentials"] if one["kind"] == "totp"]
    assert all(f"--credential {id_}" in told.err and id_ in shop.ok("credential", "list", "shop").out for id_ in ids)
    assert [shop.json("code", "shop", "--credential", id_)["code"] for id_ in ids] == [code(parse(s), clock)[0] for s in (SEED, other)]
    assert shop.ok("reveal", "shop", "--kind", "totp", "--credential", ids[1], "--stdout").out == other
    shop.ok("grant", "shop", "anna", "--emergency")  # by this clock its password is overdue past its grace
    assert shop.ok("handover", "shop", "anna", "--kind", "totp", "--credential", ids[0], "--stdout").out == SEED
    (rotation,) = shop.json("rotate", "shop", "--kind", "totp", "--credential", ids[1], "--dry-run")["rotations"]
    assert rotation["kind"] == "totp"
    assert shop.run("code", "shop", "--credential", "ffffffffffffffff").code == 3
    assert shop.run("rotate", "shop", "--kind", "totp", "--credential", "ffffffffffffffff").code == 3
