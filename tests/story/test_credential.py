"""`govern credential`: a secret sealed here, or kept in a place outside."""

from __future__ import annotations

from typing import Any

import pytest

PASSWORD = "correct horse battery staple"
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def shop(vault: Any) -> Any:
    vault.ok("account", "add", "shop", "--platform", "x", "--login", "acme")
    return vault


def exposed(vault: Any, account: str = "shop") -> list[tuple[str, str, str]]:
    return [(one["person"], one["kind"], one["basis"]) for one in vault.json("who", account)["exposed"] if one["live"]]


def test_a_secret_from_stdin_is_sealed_and_its_setter_holds_it(shop: Any) -> None:
    told = shop.ok("credential", "add", "shop", "--kind", "password", "--json", stdin=f"{PASSWORD}\n")
    found = told.json()
    assert found["holder"] is True
    (row,) = found["credentials"]
    assert {key: row[key] for key in ("kind", "version", "state", "kept_in", "origin")} == {
        "kind": "password", "version": 1, "state": "current", "kept_in": None, "origin": "set",
    }  # fmt: skip
    assert PASSWORD not in told.out + told.err
    assert exposed(shop) == [("mia", "password", "sealed"), ("mia", "password", "set")]
    assert [one["person"] for one in shop.json("who", "shop")["holders"]] == ["mia"]
    assert shop.ok("reveal", "shop", "--stdout").out == PASSWORD


def test_the_second_credential_makes_no_second_grant(shop: Any) -> None:
    shop.ok("credential", "add", "shop", "--kind", "password", stdin=PASSWORD)
    assert shop.json("credential", "add", "shop", "--kind", "totp", stdin=SEED)["holder"] is False
    assert len(shop.json("who", "shop")["holders"]) == 1


def test_whoever_adds_for_somebody_else_does_not_become_the_holder(shop: Any) -> None:
    shop.ok("person", "add", "Anna Berg", "--handle", "anna")
    shop.ok("account", "custody", "shop", "anna")
    assert shop.json("credential", "add", "shop", "--kind", "password", stdin=PASSWORD)["holder"] is False
    assert shop.json("who", "shop")["holders"] == []
    assert ("mia", "password", "set") in exposed(shop)


@pytest.mark.parametrize(
    ("seed", "weak"),
    [(SEED, False), ("jbsw y3dp ehpk 3pxp", True), (f"otpauth://totp/Acme:shop?secret={SEED}&digits=8&period=60", False)],
)
def test_seeds_are_read_in_every_notation_and_a_weak_one_is_noted(shop: Any, seed: str, weak: bool) -> None:
    told = shop.ok("credential", "add", "shop", "--kind", "totp", "--json", stdin=seed)
    assert told.json()["credentials"][0]["weak"] is weak
    assert ("fewer than 128 bits" in told.err) is weak
    assert len(shop.ok("code", "shop").out.split()[0]) == (8 if "digits" in seed else 6)


@pytest.mark.parametrize("seed", ["not a seed!", "otpauth://totp/x?secret=1", "A"])
def test_what_is_no_seed_is_refused_without_quoting_it(shop: Any, seed: str) -> None:
    told = shop.run("credential", "add", "shop", "--kind", "totp", stdin=seed)
    assert (told.code, told.out) == (2, "")
    assert seed not in told.err
    assert shop.json("credential", "list", "shop")["credentials"] == []


@pytest.mark.parametrize(
    ("words", "stdin", "code"),
    [
        (("shop", "--kind", "password"), "", 2),
        (("shop", "--kind", "password"), b"\xff\xfe", 2),
        (("shop", "--kind", "password"), "x" * 10_001, 2),
        (("shop", "--kind", "passwort"), "x", 2),
        (("shop", "--kind", "password", "--changed-at", "2999-01-01"), "x", 2),
        (("shop", "--kind", "password", "--kept-in", "nowhere"), "", 3),
        (("ship", "--kind", "password"), "x", 3),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_recorded(shop: Any, words: tuple[str, ...], stdin: Any, code: int) -> None:
    size = shop.json("ledger", "checkpoint")["size"]
    assert shop.run("credential", "add", *words, stdin=stdin).code == code
    assert shop.json("ledger", "checkpoint")["size"] == size


def test_an_account_has_one_credential_of_a_kind(shop: Any) -> None:
    shop.ok("credential", "add", "shop", "--kind", "password", stdin=PASSWORD)
    told = shop.run("credential", "add", "shop", "--kind", "password", stdin="another one")
    assert (told.code, "govern rotate shop" in told.err) == (4, True)


def test_a_secret_kept_outside_has_a_version_that_people_can_know(shop: Any) -> None:
    shop.ok("person", "add", "Anna Berg", "--handle", "anna")
    shop.ok("place", "add", "Team manager", "--kind", "manager")
    shop.ok("place", "member", "Team manager", "anna")
    (row,) = shop.json("credential", "add", "shop", "--kind", "password", "--kept-in", "team MANAGER")["credentials"]
    assert {key: row[key] for key in ("version", "state", "kept_in", "origin")} == {
        "version": 1, "state": "current", "kept_in": "Team manager", "origin": "claimed",
    }  # fmt: skip
    assert exposed(shop) == [("anna", "password", "place")]
    told = shop.run("reveal", "shop", "--stdout")
    assert (told.code, told.out, "Team manager" in told.err) == (3, "", True)


def test_due_is_counted_from_the_claimed_change(shop: Any) -> None:
    shop.ok("account", "edit", "shop", "--tier", "critical")
    (row,) = shop.json("credential", "add", "shop", "--kind", "password", "--changed-at", "2026-01-01", stdin=PASSWORD)["credentials"]
    assert (row["changed_at"], row["due"], row["claimed"]) == ("2026-01-01T00:00:00Z", "2026-06-30", True)
    assert "2026-01-01 (claimed)" in shop.ok("credential", "list", "shop").out


def test_a_passkey_is_never_due(shop: Any) -> None:
    shop.ok("place", "add", "Mia's phone", "--kind", "other")
    (row,) = shop.json("credential", "add", "shop", "--kind", "passkey", "--kept-in", "Mia's phone")["credentials"]
    assert row["due"] is None


def test_holders_without_keys_are_named_to_hand_over_to(shop: Any) -> None:
    shop.ok("credential", "add", "shop", "--kind", "password", stdin=PASSWORD)
    shop.ok("person", "add", "Anna Berg", "--handle", "anna")
    shop.ok("grant", "shop", "anna")
    assert "govern handover shop anna --kind totp" in shop.ok("credential", "add", "shop", "--kind", "totp", stdin=SEED).err


def test_without_a_secret_and_without_a_terminal_the_missing_input_is_named(shop: Any) -> None:
    told = shop.spawn("credential", "add", "shop", "--kind", "password", "--no-input")
    assert (told.code, "stdin" in told.err) == (2, True)
