"""A main password that is changed by a mailed code: who has the mailbox types it in, now or later, on a terminal or from a script."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from govern.testing.platform import Platform
from tests.unit.rotation.served import AtProto, Served, served

FIRST = "first-secret"
ROTATE = ("rotate", "sky", "--connector", "bluesky")


@pytest.fixture
def link() -> Iterator[Served]:
    with served(Platform(password=FIRST, mails=True), AtProto) as one:
        yield one


@pytest.fixture
def firm(vault: Any, link: Served) -> Any:
    vault.ok("account", "add", "sky", "--platform", "bluesky", "--login", "brand.test", "--url", link.url)
    vault.ok("credential", "add", "sky", "--kind", "password", stdin=FIRST)
    return vault


def rotation(firm: Any) -> dict[str, Any]:
    (found,) = firm.json("rotation", "list")["rotations"]
    return dict(found)


def test_without_a_terminal_it_waits_and_says_for_what(firm: Any, link: Served) -> None:
    """Nothing is changed there; `show`, `list` and `status` name the command that takes the code, and that one brings it to its end."""
    told = firm.run(*ROTATE)
    assert told.code == 1
    assert "the platform has mailed a code to the account's mailbox, and waits for it" in told.err
    waiting = rotation(firm)
    command = f"govern rotation reconcile {waiting['id'][:8]} --mailed-code"
    assert (waiting["state"], waiting["awaits"], waiting["next"]) == ("unknown", "mailed-code", command)
    assert command in told.err
    assert link.platform.password == FIRST
    shown = firm.ok("rotation", "show", waiting["id"])
    assert "bluesky has mailed a code to the account's mailbox; nothing is changed there until it is typed in" in shown.out
    assert command in shown.err
    assert command in [step["command"] for step in firm.json("status")["next"]]
    mails = len(link.asked)
    assert firm.run("rotation", "reconcile").code == 1
    assert len(link.asked) == mails, "nobody typed a code in, so nothing is asked there"
    code = link.platform.mailed
    told = firm.ok("rotation", "reconcile", waiting["id"], "--mailed-code", stdin=f"{code}\n")
    assert code not in told.out + told.err
    assert {"state": "done", "grade": "probed", "awaits": None}.items() <= rotation(firm).items()
    new = firm.ok("reveal", "sky", "--stdout").out
    assert new == link.platform.password != FIRST
    assert rotation(firm)["residual_until"]
    assert code not in firm.ok("ledger", "show", "--json").out


def test_a_wrong_code_changes_nothing_and_another_one_can_be_had(firm: Any, link: Served) -> None:
    firm.run(*ROTATE)
    waiting, first = rotation(firm), link.platform.mailed
    told = firm.run("rotation", "reconcile", waiting["id"], "--mailed-code", stdin="WRONG-CODE")
    assert (told.code, "the platform does not take this code (400 InvalidToken)" in told.err) == (1, True)
    assert rotation(firm)["awaits"] == "mailed-code"
    assert firm.run(*ROTATE).code == 1
    second = link.platform.mailed
    assert second != first
    assert firm.run("rotation", "reconcile", waiting["id"], "--mailed-code", stdin=first).code == 1
    told = firm.ok(*ROTATE, "--mailed-code", stdin=second)
    assert rotation(firm)["id"] == waiting["id"]
    assert firm.ok("reveal", "sky", "--stdout").out == link.platform.password != FIRST


def test_on_a_terminal_it_is_asked_for_and_not_shown(firm: Any, link: Served, screen: Any) -> None:
    shown = screen(firm, *ROTATE)
    shown.until("(empty: later): ")
    code = link.platform.mailed
    shown.type(code)
    assert shown.end() == 0
    assert code not in shown.seen
    assert firm.ok("reveal", "sky", "--stdout").out == link.platform.password != FIRST


def test_killed_at_the_question_it_goes_on_with_the_same_code(firm: Any, link: Served, screen: Any) -> None:
    shown = screen(firm, *ROTATE)
    shown.until("(empty: later): ")
    shown.kill()
    assert rotation(firm)["awaits"] == "mailed-code"
    again = screen(firm, "rotation", "reconcile")
    again.until("(empty: later): ")
    again.type(link.platform.mailed)
    assert again.end() == 0
    assert firm.ok("reveal", "sky", "--stdout").out == link.platform.password != FIRST


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*ROTATE, "--mailed-code"), "no code was mailed for it"),
        (("rotate", "sky", "--mailed-code"), "--mailed-code is for a connector"),
        (("rotation", "reconcile", "--mailed-code"), "no code was mailed for it"),
    ],
)
def test_a_code_that_nobody_asked_for_is_not_taken(firm: Any, link: Served, words: tuple[str, ...], said: str) -> None:
    told = firm.run(*words, stdin="CODE")
    assert (told.code, said in told.err) == (2, True), told.err
    assert link.asked == []


def test_without_the_present_password_no_code_is_mailed(firm: Any, link: Served) -> None:
    """Only it says where the mail goes."""
    link.platform.password = "changed-by-somebody"
    told = firm.run(*ROTATE)
    assert told.code == 1
    assert "no secret that is stored here works" in told.err
    assert link.platform.mailed == ""
