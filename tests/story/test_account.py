"""`govern account`: added, listed, shown, edited, handed over, retired."""

from __future__ import annotations

from typing import Any

import pytest


def added(vault: Any, handle: str, *words: str, platform: str = "instagram") -> dict[str, Any]:
    found: dict[str, Any] = vault.json("account", "add", handle, "--platform", platform, "--login", f"{handle}-login", *words)["accounts"][
        0
    ]
    return found


def test_an_account_is_added_and_its_adder_answers_for_it(vault: Any) -> None:
    assert added(vault, "shop") == {
        "handle": "shop", "platform": "instagram", "login": "shop-login", "tier": "standard", "custodian": "mia", "holders": 0, "exposed": 0,
        "department": "", "client": "", "state": "active",
    }  # fmt: skip
    assert [one["handle"] for one in vault.json("account", "list")["accounts"]] == ["shop"]
    told = vault.ok("account", "list")
    assert "shop-login" in told.out
    assert "RESPONSIBLE" in told.out


def test_everything_that_is_said_of_an_account_is_shown(vault: Any) -> None:
    vault.ok("person", "add", "Anna Berg", "--handle", "anna")
    vault.ok("person", "add", "Ben Dahl", "--handle", "ben")
    added(vault, "mailbox", platform="mailbox")
    added(
        vault, "shop", "--custodian", "anna", "--deputy", "ben", "--tier", "critical", "--department", "PR", "--client", "Ø", "--tag", "b",
        "--tag", "a", "--tag", "B", "--depends-on", "mailbox", "--prompts-reach", "ben", "--url", "https://www.instagram.com/x", "--title", "Shop",
    )  # fmt: skip
    (shown,) = vault.json("account", "show", "shop")["accounts"]
    expected = {
        "custodian": "anna", "deputy": "ben", "tier": "critical", "department": "PR", "client": "Ø", "tags": ["a", "b"],
        "depends_on": ["mailbox"], "prompts_reach": "ben", "url": "https://www.instagram.com/x", "title": "Shop", "credentials": [], "held_by": [],
    }  # fmt: skip
    assert {key: shown[key] for key in expected} == expected
    assert vault.json("account", "show", "mailbox")["accounts"][0]["needed_by"] == ["shop"]
    told = vault.ok("account", "show", "shop")
    assert "anna" in told.out
    assert "govern credential add shop" in told.err


@pytest.mark.parametrize(
    ("named", "platform", "note"),
    [("Instagram", "instagram", False), ("instagram.com", "instagram", False), ("Company Wiki", "company.wiki", True)],
)
def test_a_platform_is_known_by_name_or_host_and_an_unknown_one_is_noted(vault: Any, named: str, platform: str, note: bool) -> None:
    told = vault.ok("account", "add", "shop", "--platform", named, "--login", "x", "--json")
    assert told.json()["accounts"][0]["platform"] == platform
    assert ("no platform that govern knows" in told.err) is note


def test_the_platform_is_recognised_from_the_address(vault: Any) -> None:
    told = vault.ok("account", "add", "shop", "--url", "https://www.linkedin.com/company/x", "--login", "x", "--json")
    assert told.json()["accounts"][0]["platform"] == "linkedin"


def test_a_second_account_of_the_same_platform_and_login_is_noted(vault: Any) -> None:
    vault.ok("account", "add", "shop", "--platform", "x", "--login", "acme")
    assert "shop has the same platform and login" in vault.ok("account", "add", "shop-2", "--platform", "x", "--login", "acme").err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("shop", "--platform", "x", "--login", "l"), 4),  # taken
        (("Sh op", "--platform", "x", "--login", "l"), 2),
        (("new", "--login", "l"), 2),
        (("new", "--platform", "x"), 2),
        (("new", "--platform", "x", "--login", "l", "--tier", "high"), 2),
        (("new", "--platform", "x", "--login", "l", "--custodian", "nobody"), 3),
        (("new", "--platform", "x", "--login", "l", "--deputy", "mia"), 2),
        (("new", "--platform", "x", "--login", "l", "--depends-on", "nothing"), 3),
        (("new", "--platform", "x", "--login", "l", "--custodian", "gone"), 4),
        (("new", "--platform", "x", "--login", "l" * 501), 2),
        (("new", "--platform", "x", "--login", "l", "--tag", "a:b"), 2),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_recorded(vault: Any, words: tuple[str, ...], code: int) -> None:
    vault.ok("account", "add", "shop", "--platform", "x", "--login", "l")
    vault.ok("person", "add", "Old Hand", "--handle", "gone", "--left", "2025-01-31")
    before = vault.json("account", "list", "--all")
    told = vault.run("account", "add", *words)
    assert (told.code, told.out) == (code, "")
    assert vault.json("account", "list", "--all") == before


def test_a_name_with_control_characters_is_printed_harmlessly(vault: Any) -> None:
    vault.ok("account", "add", "shop", "--platform", "x", "--login", "a\x1b[31m\u202eb")
    told = vault.ok("account", "list")
    assert "\x1b" not in told.out
    assert "\u202e" not in told.out
    assert "a\\u{1b}[31m\\u{202e}b" in told.out


def test_an_edit_changes_fields_clears_fields_and_says_so(vault: Any) -> None:
    vault.ok("person", "add", "Ben Dahl", "--handle", "ben")
    added(vault, "shop", "--deputy", "ben", "--department", "PR", "--tag", "old")
    done = vault.json(
        "account", "edit", "shop", "--tier", "critical", "--clear", "deputy", "--clear", "department", "--untag", "old", "--tag", "new",
        "--login", "other", "--url", "https://x.com/a",
    )["accounts"]  # fmt: skip
    assert done[0]["changed"] == ["department", "deputy", "login", "tags", "tier", "url"]
    (shown,) = vault.json("account", "show", "shop")["accounts"]
    assert {key: shown[key] for key in ("tier", "deputy", "department", "tags", "login", "url")} == {
        "tier": "critical", "deputy": None, "department": "", "tags": ["new"], "login": "other", "url": "https://x.com/a",
    }  # fmt: skip
    vault.ok("account", "edit", "shop", "--clear", "login", "--clear", "url")
    assert vault.json("account", "show", "shop")["accounts"][0]["login"] == ""


def test_an_edit_that_changes_nothing_records_nothing(vault: Any) -> None:
    added(vault, "shop", "--department", "PR")
    size = vault.json("ledger", "checkpoint")["size"]
    assert "changed nothing" in vault.ok("account", "edit", "shop", "--department", "PR").out
    assert vault.json("ledger", "checkpoint")["size"] == size
    assert vault.run("account", "edit", "shop").code == 2


def test_a_selector_edits_many_and_a_dry_run_shows_which(vault: Any) -> None:
    for handle in ("a", "b"):
        added(vault, handle, "--tag", "brand")
    added(vault, "c")
    assert [one["handle"] for one in vault.json("account", "edit", "tag:brand", "--tier", "low", "--dry-run")["accounts"]] == ["a", "b"]
    assert {one["tier"] for one in vault.json("account", "list")["accounts"]} == {"standard"}
    vault.ok("account", "edit", "tag:brand", "--tier", "low")
    assert [one["tier"] for one in vault.json("account", "list")["accounts"]] == ["low", "low", "standard"]
    assert vault.run("account", "edit", "tag:brand", "--login", "one").code == 2


def test_retiring_ends_the_grants_in_the_same_step(vault: Any) -> None:
    vault.ok("person", "add", "Anna Berg", "--handle", "anna")
    added(vault, "mailbox", platform="mailbox")
    added(vault, "shop", "--depends-on", "mailbox")
    vault.ok("credential", "add", "mailbox", "--kind", "password", stdin="correct horse")
    vault.ok("grant", "mailbox", "anna")
    plan = vault.json("account", "retire", "mailbox", "--dry-run")["accounts"]
    assert [(each["handle"], each["ended"], each["needed_by"]) for each in plan] == [("mailbox", ["mia", "anna"], ["shop"])]
    assert vault.json("account", "show", "mailbox")["accounts"][0]["holders"] == 2
    size = vault.json("ledger", "checkpoint")["size"]
    told = vault.ok("account", "retire", "mailbox")
    assert "still needed by shop" in told.err
    assert vault.json("ledger", "checkpoint")["size"] == size + 2
    assert vault.json("who", "mailbox")["holders"] == []
    assert [one["handle"] for one in vault.json("account", "list")["accounts"]] == ["shop"]
    assert [one["state"] for one in vault.json("account", "list", "--all")["accounts"]] == ["retired", "active"]
    for words in (("retire", "mailbox"), ("edit", "mailbox", "--tier", "low"), ("custody", "mailbox", "anna")):
        assert vault.run("account", *words).code == 4
    assert vault.run("credential", "add", "mailbox", "--kind", "totp", "--kept-in", "x").code in (3, 4)


def test_an_account_with_an_open_rotation_is_not_retired(vault: Any) -> None:
    added(vault, "shop")
    vault.ok("credential", "add", "shop", "--kind", "password", stdin="correct horse")
    vault.ok("rotate", "shop")
    told = vault.run("account", "retire", "shop")
    assert (told.code, "open rotation" in told.err) == (4, True)


def test_an_empty_list_says_what_to_do_first(vault: Any) -> None:
    told = vault.ok("account", "list")
    assert (told.out, "govern import FILE" in told.err) == ("", True)
    assert vault.json("account", "list") == {"schema": "govern.account/1", "accounts": []}


@pytest.mark.parametrize("words", [("list", "tag:\udcff"), ("show", "\udcff"), ("add", "shop", "--platform", "x", "--login", "\udcff")])
def test_an_argument_that_is_no_text_is_wrong_usage_and_no_defect(vault: Any, words: tuple[str, ...]) -> None:
    told = vault.run("account", *words)
    assert told.code in (1, 2, 3)
    assert "defect" not in told.err


def test_what_changes_an_account_tells_it_as_the_list_does(vault: Any) -> None:
    vault.ok("account", "add", "shop", "--platform", "instagram", "--login", "acme.shop")
    vault.ok("person", "add", "Otto Berg", "--handle", "otto")
    keys = {"handle", "platform", "login", "tier", "custodian", "holders", "exposed"}
    for words in (("edit", "shop", "--tier", "critical"), ("custody", "shop", "otto"), ("retire", "shop")):
        for tried in (("--dry-run",), ()):
            (told,) = vault.json("account", *words, *tried)["accounts"]
            assert keys <= set(told), words
    assert (told["tier"], told["custodian"], told["state"]) == ("critical", "otto", "retired")
