"""Two members and a database that went back to yesterday, through the installed command: refilled by both, or forked by both."""

from __future__ import annotations

from pathlib import Path

import pytest

from ...conftest import Prepared
from .members import Member, enrolled, founded


@pytest.fixture
def since(tmp_path: Path, prepared: Prepared) -> Member:
    """mia's machine, when both went on since the backup."""
    return prepared.into(Member(tmp_path, "mia"), all_of_it)


@pytest.fixture
def two(since: Member) -> tuple[Member, Member]:
    """mia and ben, both admins: the first by the sheets of the recovery quorum. Both know the vault of before and what came since."""
    return since, since.other("ben")


def all_of_it(mia: Member) -> None:
    go_on(founded(mia))


def go_on(mia: Member) -> None:
    ben = enrolled(mia, "ben")
    proposal = mia.json("person", "role", "ben", "admin")["proposals"][0]["id"]
    sheets = [word for path in sorted((mia.home / "recovery").iterdir())[:2] for word in ("--sheet", str(path))]
    mia.ok("proposal", "approve", proposal, *sheets)
    ben.ok("status")
    mia.ok("vault", "backup", "--out", str(mia.folder / "yesterday.db"))
    for who, account in ((mia, "home-page"), (ben, "forum")):
        who.ok("account", "add", account, "--platform", "instagram", "--login", account)
        who.ok("credential", "add", account, "--kind", "password", stdin=f"secret-of-{account}")
    mia.ok("status")


def test_each_puts_back_what_is_theirs(two: tuple[Member, Member]) -> None:
    mia, ben = two
    mia.put_back(mia.folder / "yesterday.db")
    refused = mia.run("reveal", "home-page", "--stdout", "--reason", "work")
    assert (refused.code, refused.out) == (6, "")
    assert "--refill" in refused.err
    first = mia.spawn("vault", "restore", "--refill")
    assert first.code == 0, first
    assert "still lacking: version 1, password of forum: the machine of ben wrote it" in first.err
    assert "still lacking: a wrap of version 1, password of forum (2 of them): the machine of ben wrote it" in first.err
    assert "on the machines of ben" in first.err
    (lacks,) = [one for one in mia.json("status")["findings"] if one["code"] == "secret-lacking"]
    assert (lacks["subject"], lacks["severity"]) == ("forum", "critical")
    assert lacks["message"] == "the database lost version 1 of its password: it is in the journal of ben alone"
    step = next(one for one in mia.json("status")["next"] if one["command"] == "govern vault restore --refill")
    assert step["why"] == "on the machine of ben; where that is gone: govern rotate forum --kind password"
    assert b"forum" not in (mia.home / "lacking").read_bytes()
    assert ben.json("vault", "restore", "--refill")["lacking"] == []
    for who in two:
        assert "secret-lacking" not in {one["code"] for one in who.json("status")["findings"]}
    assert mia.run("reveal", "home-page", "--stdout", "--reason", "work").out == "secret-of-home-page"
    assert ben.run("reveal", "forum", "--stdout", "--reason", "work").out == "secret-of-forum"
    mia.ok("ledger", "verify", "--deep")


def test_a_secret_whose_journal_is_gone_is_told_until_it_is_changed(two: tuple[Member, Member]) -> None:
    """Nobody can put it back: what is left is the platform's own way in, and a new one from there."""
    mia, ben = two
    (ben.home / "journal").write_bytes(b"")
    mia.put_back(mia.folder / "yesterday.db")
    mia.ok("vault", "restore", "--refill")
    assert "secret-lacking" in {one["code"] for one in mia.json("status")["findings"]}
    assert mia.run("reveal", "forum", "--stdout", "--reason", "work").code != 0
    mia.ok("account", "custody", "forum", "mia")
    mia.ok("rotate", "forum", "--already-changed", stdin="set-by-the-platforms-own-recovery")
    assert "secret-lacking" not in {one["code"] for one in mia.json("status")["findings"]}
    assert mia.ok("reveal", "forum", "--stdout", "--reason", "work").out == "set-by-the-platforms-own-recovery"


def test_a_restored_backup_tells_what_it_lacks(two: tuple[Member, Member]) -> None:
    mia, ben = two
    mia.may_replace()
    told = mia.json("vault", "restore", str(mia.folder / "yesterday.db"))
    assert {(one["account"], one["by"]) for one in told["lacking"]} == {("forum", "ben")}
    ben.ok("vault", "restore", "--refill")
    ben.ok("ledger", "verify", "--deep")


def test_a_fork_is_made_by_one_approved_by_another_and_never_followed_silently(two: tuple[Member, Member]) -> None:
    mia, ben = two
    ben.ok("status")
    copy = str(mia.folder / "yesterday.db")
    assert mia.refused("vault", "restore", copy, "--fork")["rule"] == "mendable"
    for who in two:
        (who.home / "journal").write_bytes(b"")
        (who.home / "journal.personal").write_bytes(b"")
    mia.put_back(mia.folder / "yesterday.db")
    mia.may_replace()
    made = mia.spawn("vault", "restore", copy, "--fork", "--reason", "both journals are gone", "--json")
    assert made.code == 0, made
    proposal = made.json()["fork"]
    assert ben.run("status").code == 6
    note = mia.folder / "note"
    note.write_text(mia.ok("ledger", "checkpoint").out)
    assert ben.refused("vault", "trust", str(note))["rule"] == "pinned"
    assert ben.refused("vault", "trust", str(note), "--fork")["rule"] == "fork-unsigned"
    done = ben.spawn("vault", "trust", str(note), "--fork", "--approve", proposal)
    assert done.code == 0, done
    assert "signed by mia and ben" in done.out
    for who in two:
        assert who.run("reveal", "shop", "--stdout", "--reason", "work").out == "correct-horse-battery-staple-shop"
        who.ok("ledger", "verify", "--deep")
    assert [one["state"] for one in mia.json("proposal", "list")["proposals"] if one["act"] == "restore"] == ["approved"]


@pytest.mark.parametrize(
    "words",
    [
        ("restore", "--fork"),
        ("restore", "--refill", "--from-journal"),
        ("restore", "--refill", "--reason", "x"),
        ("trust", "note", "--approve", "x"),
    ],
)
def test_what_is_typed_wrong_changes_nothing(two: tuple[Member, Member], words: tuple[str, ...]) -> None:
    (two[0].folder / "note").write_text("x")
    changed = [str(two[0].folder / "note") if word == "note" else word for word in words]
    assert two[0].run("vault", *changed).code == 2
    two[0].ok("ledger", "verify")
