"""`govern rotate` and `govern rotation`: sealed first, shown next, done when confirmed; on a terminal, from a script, and after a kill."""

from __future__ import annotations

import re
from typing import Any

import pytest

NEW_SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def rotations(acme: Any, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = acme.json("rotation", "list", *words)["rotations"]
    return found


def exposed(acme: Any, account: str, person: str) -> set[tuple[str, int]]:
    rows = acme.json("who", account)["exposed"]
    return {(row["kind"], row["version"]) for row in rows if row["person"] == person and row["live"]}


def test_from_a_script(acme: Any) -> None:
    """Stage, read the secret, change it there, confirm: each a command, and the next one is named each time."""
    told = acme.ok("rotate", "shop", "--because", "compromise")
    (rotation,) = rotations(acme, "--open")
    assert {"account": "shop", "kind": "password", "state": "staged", "trigger": "compromise", "grade": None}.items() <= rotation.items()
    short = rotation["id"][:8]
    assert f"next: govern rotation show {short} --secret new --stdout" in told.err
    refused = acme.run("rotation", "confirm", short)
    assert (refused.code, "nobody has seen the new secret" in refused.err) == (4, True)
    shown = acme.ok("rotation", "show", short, "--secret", "new", "--stdout")
    assert re.fullmatch(r"[!-~]{24}", shown.out)
    assert f"next: govern rotation confirm {short}" in shown.err
    assert exposed(acme, "shop", "anna") == {("password", 1)}
    done = acme.json("rotation", "confirm", short)
    assert done["rotations"][0]["state"] == "done"
    assert done["rotations"][0]["grade"] == "one-person"
    assert done["handover_due"] == [{"person": "anna", "kind": "password"}]
    assert exposed(acme, "shop", "anna") == set()
    assert acme.ok("reveal", "shop", "--stdout").out == shown.out


def test_confirming_twice_changes_nothing(acme: Any) -> None:
    acme.ok("rotate", "shop")
    id_ = rotations(acme)[0]["id"]
    acme.ok("rotation", "show", id_, "--secret", "new", "--stdout")
    acme.ok("rotation", "confirm", id_)
    size = acme.json("ledger", "verify")["size"]
    assert "already" in acme.ok("rotation", "confirm", id_).err
    more = acme.run("rotation", "confirm", id_, "--cut", "sessions")
    assert (more.code, "nothing is added" in more.err, "govern rotate shop --kind password" in more.err) == (4, True, True)
    assert acme.run("rotation", "confirm", id_, "--cut", "sessons").code == 2
    assert acme.json("ledger", "verify")["size"] == size


def test_what_was_ended_there_is_said_again_with_no_effect(acme: Any) -> None:
    acme.ok("rotate", "shop")
    id_ = rotations(acme)[0]["id"]
    acme.ok("rotation", "show", id_, "--secret", "new", "--stdout")
    acme.ok("rotation", "confirm", id_, "--sessions-cut")
    for same in (("--cut", "sessions"), ("--sessions-cut",)):
        assert "already" in acme.ok("rotation", "confirm", id_, *same).err


def test_the_secret_is_recorded_before_it_is_shown(acme: Any) -> None:
    acme.ok("rotate", "shop")
    id_ = rotations(acme)[0]["id"]
    before = acme.json("ledger", "verify")["size"]
    acme.ok("rotation", "show", id_, "--secret", "current", "--stdout")
    shown = acme.json("ledger", "show", "--since", str(before))
    assert [entry["type"] for entry in shown["entries"]] == ["secret.revealed"]


def test_without_a_terminal_and_without_stdout_nothing_is_shown(acme: Any) -> None:
    acme.ok("rotate", "shop")
    told = acme.run("rotation", "show", rotations(acme)[0]["id"], "--secret", "new")
    assert (told.code, told.out) == (2, "")
    assert "--stdout" in told.err


def test_a_secret_from_stdin_and_one_that_was_used_before(acme: Any) -> None:
    acme.ok("rotate", "shop", "--stdin", stdin="second-secret")
    acme.ok("rotation", "confirm", rotations(acme)[0]["id"])
    assert acme.ok("reveal", "shop", "--stdout").out == "second-secret"
    told = acme.ok("rotate", "shop", "--already-changed", stdin="first-secret\n")
    assert "version 1 before; still known to" in told.err
    assert "anna" in told.err
    assert exposed(acme, "shop", "anna") == {("password", 3)}
    assert rotations(acme)[0]["grade"] == "claimed"


def test_a_seed_is_confirmed_by_a_code_of_the_stored_one(acme: Any) -> None:
    assert "--stdin" in acme.ok("rotate", "shop", "--kind", "totp").err
    acme.ok("rotate", "shop", "--kind", "totp", "--stdin", stdin=NEW_SEED)
    id_ = rotations(acme)[0]["id"]
    assert acme.run("rotation", "confirm", id_).code == 4
    assert re.fullmatch(r"\d{6}\n", acme.ok("rotation", "show", id_, "--code").out)
    acme.ok("rotation", "confirm", id_)
    assert exposed(acme, "shop", "anna") == {("password", 1)}


def test_the_platforms_refusal(acme: Any) -> None:
    acme.ok("rotate", "shop", "--typeable")
    id_ = rotations(acme)[0]["id"]
    first = acme.ok("rotation", "show", id_, "--secret", "new", "--stdout").out
    assert re.fullmatch(r"([a-zA-Z0-9]{4}-){4}[a-zA-Z0-9]{4}", first)
    rejected = acme.json("rotation", "reject", id_)["rotations"][0]
    assert (rejected["id"], rejected["state"], rejected["version"]) == (id_, "staged", 3)
    assert acme.ok("rotation", "show", id_, "--secret", "new", "--stdout").out != first


def test_a_dry_run_records_nothing(acme: Any) -> None:
    size = acme.json("ledger", "verify")["size"]
    told = acme.json("rotate", "platform:instagram", "--dry-run")
    assert [(one["account"], one["kind"], one["resumed"]) for one in told["rotations"]] == [("shop", "password", False)]
    assert acme.ok("rotate", "shop", "--dry-run").out.splitlines()[1].startswith("shop")
    assert acme.json("ledger", "verify")["size"] == size


def test_several_at_once(acme: Any) -> None:
    acme.ok("account", "edit", "blog", "--tag", "sale")
    acme.ok("account", "edit", "shop", "--tag", "sale")
    told = acme.json("rotate", "tag:sale", "--because", "breach")
    assert {(one["account"], one["state"]) for one in told["rotations"]} == {("shop", "staged"), ("blog", "staged")}
    assert all(one["due"] for one in told["rotations"])
    assert len(rotations(acme, "--due", "3")) == 2
    assert rotations(acme, "--due", "0") == []
    listed = acme.ok("rotation", "reconcile")
    assert listed.err.count("next: ") == 2


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["rotate"], 2),
        (["rotate", "nowhere"], 3),
        (["rotate", "shop", "--kind", "passkey"], 3),
        (["rotate", "shop", "--kind", "handshake"], 2),
        (["rotate", "shop", "--because", "boredom"], 2),
        (["rotate", "shop", "--connector", "magic"], 3),
        (["rotate", "platform:instagram", "--stdin", "--kind", ""], 2),
        (["rotate", "shop", "--changed-on", "2026-01-01"], 2),
        (["rotation", "show", "abc"], 2),
        (["rotation", "show", "abcdef0123"], 3),
        (["rotation", "confirm", "abcdef0123"], 3),
        (["rotation", "list", "--due", "-1"], 2),
    ],
)
def test_what_cannot_be_says_why(acme: Any, words: list[str], code: int) -> None:
    told = acme.run(*words)
    assert told.code == code, told.err
    assert told.err.startswith("error: ")


def test_a_secret_kept_elsewhere(acme: Any) -> None:
    acme.ok("place", "add", "Team vault", "--kind", "manager")
    acme.ok("account", "add", "clips", "--platform", "tiktok", "--login", "acme")
    acme.ok("credential", "add", "clips", "--kind", "password", "--kept-in", "Team vault")
    acme.ok("known", "clips", "anna")
    acme.ok("rotate", "clips")
    id_ = rotations(acme)[0]["id"]
    assert acme.run("rotation", "show", id_, "--secret", "new", "--stdout").code == 3
    acme.ok("rotation", "confirm", id_)
    assert exposed(acme, "clips", "anna") == set()


# --- on a terminal --------------------------------------------------------------------------------------------------------------------------


def test_led_through_on_a_terminal(acme: Any, screen: Any) -> None:
    """Page, steps, one key each; the secret only after its entry; the confirmation at the end."""
    shown = screen(acme, "rotate", "shop")
    told = shown.until("[l] later: ")
    assert "page: https://accountscenter.instagram.com/" in told
    assert "  1. Choose the company's account" in told
    assert told.index("before you begin:") < told.index("page: ") < told.index("goes on working: ") < told.index("[n] show the new one")
    assert "login: acme" in told
    shown.type("y")
    assert "nobody has seen the new secret" in shown.until("[l] later: ")
    shown.type("n")
    told = shown.until("[l] later: ")
    secret = re.search(r"^    (\S{24})$", told, re.M)
    assert secret
    shown.type("?")
    assert "one of the letters" in shown.until("[l] later: ")
    shown.type("r")
    assert "another one is sealed" in shown.until("[l] later: ")
    shown.type("n")
    second = re.search(r"^    (\S{24})$", shown.until("[l] later: "), re.M)
    assert second
    assert second[1] != secret[1]
    shown.type("y")
    assert "Signed out everywhere else there?" in shown.until("(y/N): ")
    shown.type("y")
    assert "Connected apps and websites removed there?" in shown.until("(y/N): ")
    shown.type("n")
    assert "Did it give you new backup codes?" in shown.until("(y/N): ")
    shown.type("n")
    assert shown.end() == 0
    assert "not recorded as ended there, and perhaps still good: oauth-apps" in shown.seen
    assert "next: govern handover shop anna --kind password" in shown.seen
    assert acme.ok("reveal", "shop", "--stdout").out == second[1]


def test_led_through_what_the_platform_issues(acme: Any, screen: Any) -> None:
    """Nothing is asked for before the page is told; only the letters in brackets do anything; a mistyped seed can be typed again."""
    shown = screen(acme, "rotate", "shop", "--kind", "totp")
    told = shown.until("[l] later: ")
    assert "page of its password: " in told
    assert "take its key as text, and give it to govern before typing a code" in told
    shown.type("y")
    assert "one of the letters" in shown.until("[l] later: ")
    shown.type("s")
    shown.until("shows it: ")
    shown.type("1")
    assert "error: " in shown.until("[l] later: ")
    shown.type("s")
    shown.until("shows it: ")
    shown.type("NBSWY3DPEB3W64TMMQQGC3TEEBSXM3DP")
    shown.until("[l] later: ")
    shown.type("y")
    told = shown.until("[l] later: ")
    assert "[c] shows a code" in told
    assert "govern rotation" not in told
    shown.type("c")
    shown.until("[l] later: ")
    shown.type("y")
    assert "new backup codes?" in shown.until("(y/N): ")
    shown.type("n")
    assert shown.end() == 0
    assert acme.ok("reveal", "shop", "--kind", "totp", "--stdout").out == "NBSWY3DPEB3W64TMMQQGC3TEEBSXM3DP"


def test_killed_between_showing_and_confirming(acme: Any, screen: Any) -> None:
    """The rotation is there, open, with both secrets to be had; going on leads on where it stood."""
    shown = screen(acme, "rotate", "shop")
    shown.until("[l] later: ")
    shown.type("n")
    secret = re.search(r"^    (\S{24})$", shown.until("[l] later: "), re.M)
    assert secret
    shown.kill()
    (rotation,) = rotations(acme, "--open")
    assert (rotation["state"], rotation["shown"]) == ("staged", True)
    assert acme.ok("rotation", "show", rotation["id"], "--secret", "new", "--stdout").out == secret[1]
    assert acme.ok("rotation", "show", rotation["id"], "--secret", "current", "--stdout").out == "first-secret"
    again = acme.json("rotate", "shop")["rotations"][0]
    assert (again["id"], again["resumed"], again["staged"]) == (rotation["id"], True, False)
    acme.ok("rotation", "confirm", rotation["id"])
    assert acme.json("ledger", "verify", "--deep")["findings"] == []


def test_left_in_doubt_and_for_later(acme: Any, screen: Any) -> None:
    shown = screen(acme, "rotate", "shop")
    shown.until("[l] later: ")
    shown.type("u")
    shown.until("[l] later: ")
    shown.type("l")
    assert shown.end() == 0
    assert rotations(acme)[0]["state"] == "unknown"
    assert acme.json("status")["next"]


def test_a_refusal_names_the_rotation_and_the_account(acme: Any) -> None:
    acme.ok("rotate", "shop")
    short = rotations(acme, "--open")[0]["id"][:8]
    assert f"govern rotation show {short} --secret new --stdout" in acme.run("rotation", "confirm", short).err
    acme.ok("rotation", "abort", short)
    assert "govern rotate shop --kind password" in acme.run("rotation", "confirm", short).err


def test_every_rotation_that_is_shown_ends_with_what_to_type_next(acme: Any) -> None:
    """A seed's too, at each of its steps, and one that has ended."""
    rotation = acme.json("rotate", "shop", "--kind", "totp", "--stdin", stdin="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXQ")["rotations"][0]["id"]
    assert f"next: govern rotation show {rotation[:8]} --code" in acme.ok("rotation", "show", rotation).err
    acme.ok("rotation", "show", rotation, "--code")
    acme.ok("rotation", "confirm", rotation)
    assert "next: govern who shop" in acme.ok("rotation", "show", rotation).err
