"""`govern vault` and `govern recovery`: copies, putting one back, starting again from sheets."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ..conftest import Story


def sheets(story: Story, *which: int) -> list[str]:
    files = sorted((story.home / "recovery").iterdir())
    return [word for number in which for word in ("--sheet", str(files[number]))]


def with_secret(story: Story) -> Story:
    story.ok("account", "add", "shop", "--platform", "instagram", "--login", "acme.shop")
    story.ok("credential", "add", "shop", "--kind", "password", stdin="correct horse")
    return story


def test_a_backup_holds_no_name_and_no_secret(vault: Story) -> None:
    with_secret(vault)
    copy = vault.folder / "copy.db"
    vault.ok("vault", "backup", "--out", str(copy))
    data = copy.read_bytes()
    for word in (b"Mia", b"mia@acme", b"acme.shop", b"correct horse", b"shop", b"instagram"):
        assert word not in data


def test_the_checkpoint_that_a_backup_tells_is_the_one_that_the_copy_holds(vault: Story) -> None:
    """Kept apart from the copy, it is what a restored copy is held against. The control: the newest one, which tells of the backup itself."""
    with_secret(vault)
    copy, note, newest = (vault.folder / name for name in ("copy.db", "note", "newest"))
    told = vault.ok("vault", "backup", "--out", str(copy))
    note.write_text(told.out)
    newest.write_text(vault.ok("ledger", "checkpoint").out)
    with closing(sqlite3.connect(copy)) as db:
        assert db.execute("SELECT note FROM checkpoint ORDER BY size DESC").fetchone() == (told.out.encode(),)
        ((size,),) = db.execute("SELECT count(*) FROM entry")
    assert note.read_text().splitlines()[1] == str(size)
    assert f"{size} entries" in told.err
    assert vault.json("ledger", "show")["entries"][-1]["type"] == "backup.made"
    machine = Story(vault.folder / "machine")
    machine.folder.mkdir()
    recover = ["vault", "recover", "--vault", str(copy), "--handle", "mia", *sheets(vault, 0, 1), "--checkpoint"]
    assert machine.run(*recover, str(newest)).code == 6, "the control"
    restored = vault.folder / "again.db"
    shutil.copy(copy, restored)
    recover[3] = str(restored)
    assert machine.ok(*recover, str(note)).code == 0
    environment = machine.environment()
    machine.environment = lambda **more: {**environment, "GOVERN_VAULT": str(restored), **more}  # type: ignore[method-assign]
    assert machine.ok("reveal", "shop", "--stdout").out == "correct horse"
    machine.ok("ledger", "compare", str(note))
    as_json = vault.json("vault", "backup", "--out", str(vault.folder / "second.db"))
    assert as_json["checkpoint"].splitlines()[1] == str(as_json["size"])


def test_recovery_tells_the_checkpoint_that_the_copy_held_so_that_paper_can_be_compared(vault: Story) -> None:
    """Without a noted checkpoint: size and root as they stood before the recovery's own entries, which no paper has."""
    copy = vault.folder / "copy.db"
    note = vault.ok("vault", "backup", "--out", str(copy)).out
    for number, more in enumerate(([], ["--json"])):
        machine = Story(vault.folder / f"machine-{number}")
        machine.folder.mkdir()
        shutil.copy(copy, machine.folder / "found.db")
        told = machine.ok("vault", "recover", "--vault", str(machine.folder / "found.db"), "--handle", "mia", *sheets(vault, 0, 1), *more)
        size, root = note.splitlines()[1:3]
        assert f"({size} entries" in told.err
        assert root in told.err.splitlines()
        if more:
            assert told.json()["held"] == note
            assert int(told.json()["checkpoint"].splitlines()[1]) > int(size), "control"


def test_a_restored_backup_is_refilled_from_the_journal(vault: Story) -> None:
    """Nothing that was acknowledged after the backup is lost, the secret opens, and everything verifies."""
    copy = vault.folder / "copy.db"
    vault.ok("vault", "backup", "--out", str(copy))
    with_secret(vault)
    (vault.home / "vault.db").write_bytes(b"gone")
    for suffix in ("-wal", "-shm"):
        (vault.home / f"vault.db{suffix}").unlink(missing_ok=True)
    assert vault.run("account", "list").code == 6, "control: the damaged database is refused"
    told = vault.json("vault", "restore", str(copy))
    assert told["refilled"] > 0
    assert Path(told["aside"]).exists()
    assert vault.ok("reveal", "shop", "--stdout").out == "correct horse"
    vault.ok("ledger", "verify", "--deep")


def test_yesterdays_database_is_refused_and_the_journal_alone_mends_it(vault: Story) -> None:
    yesterday = vault.folder / "yesterday.db"
    vault.ok("vault", "backup", "--out", str(yesterday))
    with_secret(vault)
    (vault.home / "vault.db-wal").unlink(missing_ok=True)
    (vault.home / "vault.db-shm").unlink(missing_ok=True)
    shutil.copy(yesterday, vault.home / "vault.db")
    told = vault.run("reveal", "shop", "--stdout")
    assert (told.code, told.out) == (6, "")
    assert "--from-journal" in told.err
    vault.ok("vault", "restore", "--from-journal")
    assert vault.ok("reveal", "shop", "--stdout").out == "correct horse"
    vault.ok("ledger", "verify", "--deep")


def test_a_backup_of_another_vault_is_refused_and_nothing_is_replaced(vault: Story) -> None:
    other = Story(vault.folder / "other")
    other.folder.mkdir()
    other.init()
    copy = vault.folder / "other.db"
    other.ok("vault", "backup", "--out", str(copy))
    assert vault.run("vault", "restore", str(copy)).code == 6
    vault.ok("ledger", "verify", "--deep")


def test_a_file_that_is_no_backup_is_refused(vault: Story) -> None:
    rubbish = vault.folder / "rubbish"
    rubbish.write_bytes(b"not a database" * 1000)
    assert vault.run("vault", "restore", str(rubbish)).code == 6
    assert vault.run("vault", "restore", str(vault.folder / "absent")).code == 3
    assert vault.run("vault", "restore").code == 2
    vault.ok("ledger", "verify", "--deep")


def test_the_drill_opens_everything_and_shows_nothing(vault: Story) -> None:
    with_secret(vault)
    told = vault.run("recovery", "drill", *sheets(vault, 0, 2))
    assert told.code == 0
    assert "of 1 live secret these sheets open 1" in told.out
    assert "correct" not in told.out + told.err
    assert vault.json("ledger", "show")["entries"][-1]["type"] == "recovery.drilled"


@pytest.mark.parametrize("which", [(0,), (1, 1), ()])
def test_too_few_sheets_are_refused(vault: Story, which: tuple[int, ...]) -> None:
    assert vault.run("recovery", "drill", *sheets(vault, *which)).code in (2, 4)


def test_a_wrong_word_is_refused_in_one_line(vault: Story) -> None:
    files = sorted((vault.home / "recovery").iterdir())
    text = files[0].read_text()
    damaged = vault.folder / "damaged.txt"
    start = text.lower().index("the words, in this order") + len("the words, in this order")
    word = next(word for word in text[start:].split() if word.isalpha())
    damaged.write_text(text[:start] + text[start:].replace(word, "zero" if word != "zero" else "academic", 1))
    told = vault.run("recovery", "drill", "--sheet", str(damaged), "--sheet", str(files[1]))
    assert told.code in (1, 4)
    assert told.err.count("\n") <= 2


def test_sheets_of_another_vault_are_refused(vault: Story) -> None:
    other = Story(vault.folder / "other")
    other.folder.mkdir()
    other.init()
    assert vault.run("recovery", "drill", *sheets(other, 0, 1)).code == 4


def test_recover_on_a_machine_that_has_only_the_database_and_sheets(vault: Story) -> None:
    """The secret opens with the new key, the lost key is revoked, a rotation is open for what lay on the lost machine."""
    with_secret(vault)
    vault.ok("account", "add", "old", "--platform", "instagram", "--login", "old")
    vault.ok("credential", "add", "old", "--kind", "password", stdin="old-secret")
    vault.ok("account", "retire", "old")
    copy = vault.folder / "found.db"
    vault.ok("vault", "backup", "--out", str(copy))
    machine = Story(vault.folder / "machine")
    machine.folder.mkdir()
    told = machine.json("vault", "recover", "--vault", str(copy), "--handle", "mia", *sheets(vault, 1, 2))
    assert (told["sealed"], told["rotations"]) == (2, 1)
    environment = machine.environment()
    machine.environment = lambda **more: {**environment, "GOVERN_VAULT": str(copy), **more}  # type: ignore[method-assign]
    (rotation,) = machine.json("rotation", "list")["rotations"]
    assert (rotation["account"], rotation["trigger"], rotation["due"]) == ("shop", "compromise", rotation["opened_at"])
    assert machine.ok("reveal", "shop", "--stdout").out == "correct horse"
    machine.ok("ledger", "verify", "--deep")
    people = machine.json("person", "list")["people"]
    assert [(person["handle"], person["keyholder"], person["roles"]) for person in people] == [("mia", True, ["admin"])]
    types = [entry["type"] for entry in machine.json("ledger", "show")["entries"]]
    assert "key.revoked" in types
    assert "recovery.used" in types


def test_recover_needs_enough_sheets_a_known_person_and_an_empty_machine(vault: Story) -> None:
    copy = vault.folder / "found.db"
    vault.ok("vault", "backup", "--out", str(copy))
    machine = Story(vault.folder / "machine")
    machine.folder.mkdir()
    start = ("vault", "recover", "--vault", str(copy))
    assert machine.run(*start, "--handle", "mia", *sheets(vault, 0)).code == 4
    assert machine.run(*start, "--handle", "nobody", *sheets(vault, 0, 1)).code == 3
    assert machine.run(*start, "--handle", "mia", *sheets(vault, 0, 1)).code == 0
    assert machine.run(*start, "--handle", "mia", *sheets(vault, 0, 1)).code == 4
    assert vault.run(*start, "--handle", "mia", *sheets(vault, 0, 1)).code == 4
