"""A secret that stays in a place outside: nothing given is swallowed, and what is told next can be done."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def kept(vault: Any) -> Any:
    """The shop's password is kept in a sheet; anna holds the shop."""
    vault.ok("person", "add", "Anna Sø <anna@acme.example>", "--handle", "anna")
    vault.ok("account", "add", "shop", "--platform", "instagram", "--login", "acme")
    vault.ok("place", "add", "Team sheet", "--kind", "sheet")
    vault.ok("credential", "add", "shop", "--kind", "password", "--kept-in", "Team sheet")
    return vault


def size(story: Any) -> int:
    found: int = story.json("ledger", "verify")["size"]
    return found


@pytest.mark.parametrize("words", [("--stdin",), ("--already-changed",), ("--already-changed", "--stdin")])
def test_a_secret_given_for_it_is_refused_and_nothing_is_recorded(kept: Any, words: tuple[str, ...]) -> None:
    before = size(kept)
    refused = kept.run("rotate", "shop", *words, stdin="new-secret")
    assert (refused.code, "is kept in Team sheet: the secret stays there" in refused.err) == (2, True)
    assert "without --stdin" in refused.err
    assert size(kept) == before


def test_without_a_secret_it_goes_on(kept: Any) -> None:
    kept.ok("rotate", "shop", "--already-changed")
    assert kept.json("rotation", "list")["rotations"][0]["state"] == "done"


def test_the_next_secret_after_a_refusal_is_refused_too(kept: Any) -> None:
    kept.ok("rotate", "shop")
    id_ = kept.json("rotation", "list", "--open")["rotations"][0]["id"]
    refused = kept.run("rotation", "reject", id_, "--stdin", stdin="new-secret")
    assert (refused.code, "the secret stays there" in refused.err) == (2, True)
    assert kept.json("rotation", "list")["rotations"][0]["state"] == "staged"
    kept.ok("rotation", "reject", id_)


def test_adding_one_says_that_nothing_was_read(kept: Any) -> None:
    told = kept.ok("credential", "add", "shop", "--kind", "totp", "--kept-in", "Team sheet", stdin="a-secret")
    assert "its secret stays in Team sheet: nothing was read from stdin" in told.err


def test_an_installed_command_waits_for_no_pipe_that_nobody_writes_to(kept: Any) -> None:
    told = kept.spawn("rotate", "shop", "--already-changed", stdin="new-secret")
    assert (told.code, "the secret stays there" in told.err) == (2, True)
    assert kept.spawn("rotate", "shop", "--already-changed").code == 0


def test_a_version_that_is_no_number_of_one_is_a_wrong_call(kept: Any) -> None:
    kept.ok("rotate", "shop")
    id_ = kept.json("rotation", "list", "--open")["rotations"][0]["id"]
    assert [kept.run("rotation", "confirm", id_, "--version", n).code for n in ("99999999999999999999", "-1", "9007199254740992")] == [
        2,
        2,
        3,
    ]


def test_a_holder_is_led_to_the_place_not_to_a_hand_over(kept: Any) -> None:
    told = kept.ok("grant", "shop", "anna", "--kind", "password", "--kind", "totp")
    assert "next: govern place member 'Team sheet' anna" in told.err
    assert "shop has no totp yet" in told.err
    assert "not yet handed over" not in told.out
    kept.ok("rotate", "shop")
    id_ = kept.json("rotation", "list", "--open")["rotations"][0]["id"]
    done = kept.ok("rotation", "confirm", id_)
    assert "next: govern place member 'Team sheet' anna" in done.err
    assert "govern handover" not in done.err
    kept.ok("place", "member", "Team sheet", "anna")
    kept.ok("rotate", "shop")
    id_ = kept.json("rotation", "list", "--open")["rotations"][0]["id"]
    assert kept.json("rotation", "confirm", id_)["place_due"] == []


def test_the_secret_of_a_retired_account_is_not_rotated(kept: Any) -> None:
    kept.ok("account", "retire", "shop")
    refused = kept.run("rotate", "shop")
    assert (refused.code, "shop is retired" in refused.err, "--kind" in refused.err) == (4, True, False)
