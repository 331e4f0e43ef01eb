"""Whom a file names: who answers for an account, and who is said to know its secrets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .conftest import Inside, row

HEAD = "account,login,password,responsible,department,known to"


def exposed(vault: Any, account: str) -> set[tuple[str, str]]:
    return {(each["person"], each["basis"]) for each in vault.json("who", account)["exposed"]}


def test_unknown_names_become_people_without_keys(vault: Any, sheet: Callable[..., str]) -> None:
    told = vault.json("import", sheet(HEAD, "Shop,shop,password-one,,,Anna Smith; Ben Carter <ben@acme.example>"))
    assert [(each["handle"], each["name"]) for each in told["people"]] == [("anna.smith", "Anna Smith"), ("ben.carter", "Ben Carter")]
    people = {each["handle"]: each for each in vault.json("person", "list")["people"]}
    assert people["ben.carter"]["mail"] == "ben@acme.example"
    assert not people["ben.carter"]["keyholder"]
    assert {("anna.smith", "declared"), ("ben.carter", "declared")} <= exposed(vault, "shop")


def test_people_are_found_by_handle_mail_or_name_and_not_added_twice(vault: Any, sheet: Callable[..., str]) -> None:
    vault.ok("person", "add", "Anna Smith <anna@acme.example>", "--handle", "anna")
    rows = ("Shop,shop,password-one,,,anna", "Shop,shop2,password-two,,,ANNA@acme.example", "Shop,shop3,password-two,,,anna  smith")
    told = vault.json("import", sheet(HEAD, *rows))
    assert told["people"] == []
    assert all(("anna", "declared") in exposed(vault, handle) for handle in told["created"])


def test_a_name_written_nearly_like_another_is_listed_and_not_merged(vault: Any, sheet: Callable[..., str]) -> None:
    vault.ok("person", "add", "Anna Smith", "--handle", "anna")
    told = vault.json("import", sheet(HEAD, "Shop,shop,password-one,,,Ana Smith"))
    assert told["people"] == [{"handle": "ana.smith", "name": "Ana Smith", "near": ["anna"]}]
    assert any("Ana Smith" in warning and "anna" in warning for warning in told["warnings"])
    assert ("anna", "declared") not in exposed(vault, "shop")


def test_a_name_that_two_people_have_is_said_and_nobody_is_taken_for_them(vault: Any, sheet: Callable[..., str]) -> None:
    for handle in ("anna1", "anna2"):
        vault.ok("person", "add", "Anna Smith", "--handle", handle)
    told = vault.json("import", sheet(HEAD, "Shop,shop,password-one,Anna Smith,,Anna Smith"))
    assert told["people"] == []
    assert any("anna1, anna2" in warning for warning in told["warnings"])
    assert {person for person, _ in exposed(vault, "shop")} == {"mia", "others-unknown"}
    assert vault.json("account", "show", "shop")["accounts"][0]["custodian"] == "mia"


def test_known_to_names_somebody_for_the_whole_file(vault: Any, bitwarden: Callable[..., str], inside: Inside) -> None:
    vault.ok("person", "add", "Anna Smith", "--handle", "anna")
    path = bitwarden(row("Shop", "shop", "password-one"), row("Other", "other", "password-two"))
    vault.ok("import", path, "--known-to", "anna")
    assert ("anna", "declared") in exposed(vault, "shop") & exposed(vault, "other")
    before = inside.size()
    assert len(vault.json("import", path, "--known-to", "anna")["unchanged"]) == 2
    assert inside.size() == before


def test_somebody_who_turns_out_to_know_it_is_added_to_what_is_here(vault: Any, bitwarden: Callable[..., str]) -> None:
    vault.ok("person", "add", "Anna Smith", "--handle", "anna")
    path = bitwarden(row("Shop", "shop", "password-one"))
    vault.ok("import", path)
    assert vault.json("import", path, "--known-to", "anna")["merged"] == ["shop"]
    assert ("anna", "declared") in exposed(vault, "shop")


def test_the_responsible_person_answers_and_the_importer_stays_holder(vault: Any, sheet: Callable[..., str], inside: Inside) -> None:
    vault.ok("import", sheet(HEAD, "Shop,shop,password-one,Ben Carter,Sales,"))
    account = vault.json("account", "show", "shop")["accounts"][0]
    assert account["custodian"] == "ben.carter"
    assert inside.register("SELECT department FROM accounts") == [("Sales",)]
    assert [holder["person"] for holder in vault.json("who", "shop")["holders"]] == ["mia"]
    assert vault.ok("reveal", "shop", "--stdout").out == "password-one"


def test_somebody_who_left_is_not_made_responsible(vault: Any, sheet: Callable[..., str]) -> None:
    vault.ok("person", "add", "Otto Falk", "--handle", "otto", "--left", "2024-01-31")
    told = vault.json("import", sheet(HEAD, "Shop,shop,password-one,Otto Falk,,"))
    assert vault.json("account", "show", "shop")["accounts"][0]["custodian"] == "mia"
    assert any("otto" in warning and "responsible" in warning for warning in told["warnings"])


@pytest.mark.parametrize(("left", "warned"), [("2023-01-31", True), ("2024-01-31", False)])
def test_whoever_left_before_the_claimed_change_is_told_apart(vault: Any, tmp_path: Any, left: str, warned: bool) -> None:
    vault.ok("person", "add", "Otto Falk", "--handle", "otto", "--left", left)
    (tmp_path / "logins.csv").write_text(
        '"url","username","password","httpRealm","formActionOrigin","guid","timeCreated","timeLastUsed","timePasswordChanged"\n'
        '"https://shop.example","shop","password-one",,"","{1}","1","1","1700000000000"\n',
        encoding="utf-8",
    )
    told = vault.json("import", str(tmp_path / "logins.csv"), "--known-to", "otto")
    assert any("otto left before" in warning for warning in told["warnings"]) is warned
    assert ("otto", "declared") in exposed(vault, "shop.example")


def test_where_there_is_no_secret_nobody_can_know_one(vault: Any, sheet: Callable[..., str]) -> None:
    told = vault.json("import", sheet("account,login,known to", "Shop,shop,Anna Smith"))
    assert any("no secret" in warning for warning in told["warnings"])
    assert vault.json("who", "shop")["exposed"] == []


class TestSecretsStayOutside:
    """`--without-secrets`: the ledger, the clock and the case beside another program."""

    def test_accounts_come_in_and_the_place_is_recorded_and_nothing_is_sealed(
        self, vault: Any, bitwarden: Callable[..., str], inside: Inside
    ) -> None:
        path = bitwarden(
            row("Shop", "shop", "password-one", totp="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"), row("Other", "other", "password-two")
        )
        assert len(vault.json("import", path, "--without-secrets")["created"]) == 2
        assert inside.size()[2] == 0
        assert inside.register("SELECT kind, name FROM places") == [("manager", "Bitwarden")]
        assert inside.register("SELECT count(*), count(kept_in) FROM credentials") == [(3, 3)]
        assert ("others-unknown", "unknown") in exposed(vault, "shop")

    def test_the_place_is_made_once_and_the_same_file_changes_nothing(
        self, vault: Any, bitwarden: Callable[..., str], inside: Inside
    ) -> None:
        path = bitwarden(row("Shop", "shop", "password-one"))
        vault.ok("import", path, "--without-secrets")
        before = inside.size()
        assert vault.json("import", path, "--without-secrets")["unchanged"] == ["shop"]
        assert inside.size() == before
        vault.ok("import", bitwarden(row("More", "more", "password-two")), "--without-secrets")
        assert inside.register("SELECT count(*) FROM places") == [(1,)]

    @pytest.mark.parametrize("words", [("Bitwarden", "--kind", "manager"), ("bitwarden", "--kind", "other")])
    def test_a_place_of_the_programs_name_that_is_there_is_the_place(
        self, vault: Any, bitwarden: Callable[..., str], inside: Inside, words: tuple[str, ...]
    ) -> None:
        vault.ok("place", "add", *words)
        vault.ok("import", bitwarden(row("Shop", "shop", "password-one")), "--without-secrets")
        assert inside.register("SELECT kind, name FROM places") == [(words[2], words[0])]
        assert inside.register("SELECT count(*) FROM credentials WHERE kept_in IS NOT NULL") == [(1,)]

    @pytest.mark.parametrize(
        ("text", "place"),
        [
            ("name,url,username,password\nShop,https://shop.example,shop,password-one\n", ("browser", "Chrome")),
            ("url,username,password,totp,extra,name,grouping,fav\nhttps://shop.example,shop,password-one,,,Shop,,0\n", ("manager", "LastPass")),
            ('"Account","Login Name","Password","Web Site","Comments"\n"Shop","shop","password-one","",""\n', ("manager", "KeePass")),
            ("account;login;password\nShop;shop;password-one\n", ("sheet", "b.csv")),
        ],
    )  # fmt: skip
    def test_the_place_is_named_after_the_program_else_after_the_file(
        self, vault: Any, tmp_path: Any, inside: Inside, text: str, place: tuple[str, str]
    ) -> None:
        (tmp_path / "b.csv").write_text(text, encoding="utf-8")
        vault.ok("import", str(tmp_path / "b.csv"), "--without-secrets")
        assert inside.register("SELECT kind, name FROM places") == [place]

    def test_a_sheet_without_passwords_still_says_who_knows(self, vault: Any, sheet: Callable[..., str], inside: Inside) -> None:
        told = vault.run("import", sheet("account,login,known to", "Shop,shop,Anna Smith"), "--without-secrets")
        assert "plaintext" not in told.err
        assert inside.register("SELECT kind FROM places") == [("sheet",)]
        assert exposed(vault, "shop") == {("anna.smith", "declared"), ("others-unknown", "unknown")}

    def test_what_is_kept_elsewhere_is_not_sealed_by_a_later_import(
        self, vault: Any, bitwarden: Callable[..., str], inside: Inside
    ) -> None:
        path = bitwarden(row("Shop", "shop", "password-one"))
        vault.ok("import", path, "--without-secrets")
        told = vault.json("import", path)
        assert told["unchanged"] == ["shop"]
        assert any("kept elsewhere" in warning for warning in told["warnings"])
        assert inside.size()[2] == 0
