"""What lies beside the files, what became of this machine's memory, and where the standard streams lead."""

from __future__ import annotations

import os
import sqlite3
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest

from govern.errors import IntegrityError
from govern.store.database import open_store

from ..conftest import Story, govern_command

READING = (("person", "list"), ("status",), ("ledger", "show"), ("ledger", "verify", "--deep"), ("doctor",))
WRITING = (("person", "add", "Bo Berg"), ("vault", "backup", "--out", "copy.db"))


def plant(database: Path, victim: Path) -> None:
    """A rollback journal beside the database whose super-journal is `victim` (sqlite.org/fileformat2.html, section 3)."""
    head = database.read_bytes()[:100]
    page = struct.unpack(">H", head[16:18])[0]
    magic = bytes([0xD9, 0xD5, 0x05, 0xF9, 0x20, 0xA1, 0x63, 0xD7])
    start = (magic + struct.pack(">IIIII", 0, 1234, os.path.getsize(database) // page, 512, page)).ljust(512, b"\0")
    name = str(victim.absolute()).encode()
    end = struct.pack(">I", 0x40000000 // page + 1) + name + struct.pack(">II", len(name), sum(name)) + magic
    Path(f"{database}-journal").write_bytes(start + end)


def test_control_sqlite_deletes_the_file_that_a_planted_journal_names(tmp_path: Path) -> None:
    database, victim = tmp_path / "a.db", tmp_path / "victim"
    with sqlite3.connect(database) as db:
        db.execute("CREATE TABLE t (x)")
    victim.write_text("mine")
    plant(database, victim)
    sqlite3.connect(database).execute("SELECT * FROM t").fetchall()
    assert not victim.exists()


@pytest.mark.parametrize("words", [*READING, *WRITING], ids=" ".join)
def test_a_journal_planted_beside_the_vault_stops_every_command_and_deletes_nothing(vault: Story, words: tuple[str, ...]) -> None:
    victim = vault.home / "pin"
    before = victim.read_bytes()
    plant(vault.home / "vault.db", victim)
    told = vault.run(*words)
    assert (told.code, told.out) == (6, "")
    assert "vault.db-journal" in told.err
    assert victim.read_bytes() == before
    Path(f"{vault.home / 'vault.db'}-journal").unlink()
    assert vault.run("person", "list").code == 0, "control: without it the vault is as it was"


@pytest.mark.parametrize("words", [*READING, *WRITING, ("vault", "restore", "backup.db")], ids=" ".join)
def test_a_journal_beside_the_file_that_a_link_leads_to_is_seen(vault: Story, words: tuple[str, ...]) -> None:
    """A shared folder reached through a link: SQLite looks beside the file itself, not beside the link."""
    shared, link = vault.folder / "shared", vault.home / "vault.db"
    shared.mkdir()
    vault.ok("vault", "backup", "--out", str(vault.folder / "backup.db"))
    for path in vault.home.glob("vault.db*"):
        path.rename(shared / path.name)
    link.symlink_to(shared / "vault.db")
    assert vault.run("person", "list").code == 0, "control: through the link the vault is as it was"
    victim = vault.folder / "thesis"
    victim.write_text("mine")
    plant(shared / "vault.db", victim)
    words = tuple(str(vault.folder / word) if word.endswith(".db") else word for word in words)
    told = vault.run(*words)
    assert victim.read_text() == "mine"
    assert (told.code, told.out) == (6, "")
    assert "shared/vault.db-journal" in told.err
    Path(f"{shared / 'vault.db'}-journal").unlink()
    assert vault.run(*words).code in (0, 7), "control"
    assert link.is_symlink()


def test_a_journal_that_came_while_the_database_was_opened_is_seen_before_the_first_statement(
    vault: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time that remains, between our second look and SQLite's own, is not ours to close."""
    victim, connect = vault.folder / "thesis", sqlite3.connect
    victim.write_text("mine")

    def opened(name: str, **more: Any) -> sqlite3.Connection:
        if "vault.db" in name:
            plant(vault.home / "vault.db", victim)
        return connect(name, **more)

    monkeypatch.setattr(sqlite3, "connect", opened)
    monkeypatch.setattr(sqlite3.dbapi2, "connect", opened)
    assert vault.run("person", "list").code == 6
    Path(f"{vault.home / 'vault.db'}-journal").unlink()
    store = open_store(vault.home / "vault.db")
    with pytest.raises(IntegrityError), store.reading():
        pass
    assert victim.read_text() == "mine"
    Path(f"{vault.home / 'vault.db'}-journal").unlink()
    monkeypatch.undo()
    assert vault.run("person", "list").code == 0, "control"


def test_doctor_names_a_folder_into_which_everybody_may_put_a_journal(vault: Story) -> None:
    def codes() -> set[str]:
        return {finding["code"] for finding in vault.run("doctor", "--json").json()["findings"]}

    assert "store-folder" not in codes(), "control"
    vault.home.chmod(0o1777)
    assert "store-folder" in codes()
    vault.home.chmod(0o770)
    assert "store-folder" not in codes(), "a group is asked for by whoever shares a vault"


def test_a_journal_planted_beside_a_backup_or_the_register_deletes_nothing(vault: Story) -> None:
    copy = vault.folder / "copy.db"
    vault.ok("vault", "backup", "--out", str(copy))
    plant(copy, vault.key)
    assert vault.run("vault", "restore", str(copy)).code == 6
    plant(vault.home / "register.db", vault.key)
    vault.ok("person", "list")
    assert vault.key.exists()


def test_a_machine_that_has_lost_its_memory_trusts_nothing_but_a_noted_checkpoint(vault: Story) -> None:
    """Pin, journal and register gone: an older copy could not be told from the newest. A noted checkpoint that it lacks is refused."""
    older = vault.folder / "older.db"
    vault.ok("vault", "backup", "--out", str(older))
    vault.ok("person", "add", "Bo Berg", "--handle", "bo")
    note = vault.folder / "note"
    note.write_text(vault.ok("ledger", "checkpoint").out)
    assert vault.run("vault", "trust", str(note)).code == 4, "a machine with a pin needs no other"
    newest = (vault.home / "vault.db").read_bytes()
    for suffix in ("-wal", "-shm"):
        assert not (vault.home / f"vault.db{suffix}").exists()

    def forget() -> None:
        for name in ("pin", "journal", "journal.personal", "register.db", "register.db-wal", "register.db-shm"):
            (vault.home / name).unlink(missing_ok=True)

    forget()
    (vault.home / "vault.db").write_bytes(older.read_bytes())
    for words in READING:
        told = vault.run(*words)
        assert (told.code, told.out) == (6, ""), words
    assert vault.run("vault", "trust", str(note)).code == 6, "the older copy lacks the noted checkpoint"
    forget()
    (vault.home / "vault.db").write_bytes(newest)
    vault.ok("vault", "trust", str(note))
    assert "bo" in vault.ok("person", "list").out


def spawn(story: Story, words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["bash", "-c", f"exec {govern_command()} {words}"], env=story.environment(), stdin=subprocess.DEVNULL, capture_output=True, check=False
    )  # fmt: skip


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("--version >/dev/full", 1), ("person list >/dev/full", 1), ("status --json >/dev/full", 1), ("person show nobody --json >/dev/full", 3),
        ("person show nobody 2>/dev/full", 3), ("person show nobody 2>&-", 3), ("person list >&-", 0), ("--version >&-", 0), ("person list <&-", 0),
    ],
)  # fmt: skip
def test_closed_and_full_streams_give_an_exit_code_and_no_traceback(vault: Story, words: str, code: int) -> None:
    done = spawn(vault, words)
    assert done.returncode == code
    assert b"Traceback" not in done.stderr + done.stdout
    assert b"defect" not in done.stderr + done.stdout
    assert b"Exception ignored" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_what_json_could_not_say_is_said_on_the_other_stream(vault: Story) -> None:
    for words, told in (("person show nobody --json >/dev/full", b"there is no person"), ("status --json >/dev/full", b"No space left")):
        said = spawn(vault, words).stderr
        assert said.startswith(b"error: ")
        assert told in said
    assert spawn(vault, "person show nobody --json").stderr == b""


def test_what_a_terminal_can_not_show_is_escaped_not_refused(vault: Story) -> None:
    vault.ok("person", "add", "Søren Ærø", "--handle", "soren")
    told = vault.spawn("person", "list", PYTHONIOENCODING="ascii", LC_ALL="C", PYTHONUTF8="0")
    assert told.code == 0
    assert "S\\xf8ren" in told.out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("ledger", "prove", "9" * 30, "--out", "p"), 2),
        (("person", "list", "--vault"), 2),
        (("person", "add", "M", "--handle", "others-unknown"), 2),
        (("person", "add", "x" * 5000, "--handle", "x"), 2),
        (("person", "role", "mia", "hr", "--until", "2020-01-01"), 4),
    ],
)
def test_odd_input_is_refused_in_one_line(vault: Story, words: tuple[str, ...], code: int) -> None:
    told = vault.run(*words)
    assert told.code == code
    assert told.err.startswith("error: ")
    assert "defect" not in told.err
    assert len(told.err) < 1000


@pytest.mark.parametrize(
    ("words", "code"), [(("offboard", "open", "anna", "--embargo"), 0), (("offboard", "list"), 0), (("who", "nosuch"), 3)]
)
def test_a_reader_who_stops_reading_changes_nothing_about_what_is_done(vault: Story, words: tuple[str, ...], code: int) -> None:
    """As with `| head`: the exit code is that of the work, which is done whole or not at all."""
    vault.ok("person", "add", "Anna", "--handle", "anna")
    reading, writing = os.pipe()
    os.close(reading)
    try:
        process = subprocess.run(
            [govern_command(), *words], env=vault.environment(), stdin=subprocess.DEVNULL, stdout=writing, stderr=writing, check=False
        )  # fmt: skip
    finally:
        os.close(writing)
    assert process.returncode == code
    assert len(vault.json("offboard", "list")["cases"]) == (1 if "open" in words else 0)
