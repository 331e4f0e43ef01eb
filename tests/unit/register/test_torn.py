"""Files of the state folder that are torn, lost or not ours: what can be made again is, and what can't be told from an attack is refused."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from govern.cli import settings
from govern.errors import Failed, IntegrityError
from govern.procedures.recovering import Recovered, recover
from govern.procedures.recovery import read_sheets
from govern.register import connection
from govern.register.journal import Journal
from govern.register.pin import read_pin
from govern.vault.custody.choose import create_seed
from govern.vault.custody.record import Custody

from ..attacks.vaults import SIZE, Machine, rows_of_another
from .histories import Witness, goes_on, handles

SLOT = 4096


def newest_slot(machine: Machine) -> int:
    pin = read_pin(machine.home / "pin")
    assert pin is not None
    return pin.sequence % 2


def tear(machine: Machine, slot: int, at: int = 100) -> None:
    data = bytearray((machine.home / "pin").read_bytes())
    data[slot * SLOT + at : (slot + 1) * SLOT] = bytes(SLOT - at)
    (machine.home / "pin").write_bytes(data)


def rolled_back(machine: Machine, entries: int) -> None:
    """The store without its last transactions, which are of one entry each."""
    with machine.database() as db:
        size = db.execute("SELECT count(*) FROM entry").fetchone()[0] - entries
        db.execute("DELETE FROM entry WHERE idx >= ?", (size,))
        db.execute("DELETE FROM checkpoint WHERE size > ?", (size,))


# --- the pin -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [0, 12, 13, 20, 100, 300])
def test_a_torn_slot_leaves_the_other_one_and_the_next_command_mends_it(machine: Machine, at: int) -> None:
    before = read_pin(machine.home / "pin")
    tear(machine, newest_slot(machine), at)
    older = read_pin(machine.home / "pin")
    assert before is not None
    assert older is not None
    assert older.size < before.size
    machine.ok("person", "list")
    assert read_pin(machine.home / "pin") == before
    goes_on(machine, Witness(machine), "ben")


def test_the_register_remembers_what_the_torn_slot_held(machine: Machine) -> None:
    """Else a rollback by one transaction would pass right after a power cut."""
    tear(machine, newest_slot(machine))
    rolled_back(machine, 1)
    assert machine.refuses("person", "list", "--json").json()["error"]["code"] == "rolled-back"


@pytest.mark.parametrize(
    "words", [("person", "list"), ("person", "add", "Dora Lund"), ("reveal", "shop", "--stdout"), ("ledger", "verify")]
)
def test_with_both_slots_torn_everything_is_refused(machine: Machine, words: tuple[str, ...]) -> None:
    tear(machine, 0)
    tear(machine, 1)
    machine.refuses(*words)


@pytest.mark.parametrize("length", [0, 1, SLOT - 1])
def test_a_pin_that_was_cut_off_is_refused(machine: Machine, length: int) -> None:
    (machine.home / "pin").write_bytes((machine.home / "pin").read_bytes()[:length])
    machine.refuses("person", "list")


def test_a_lost_pin_is_made_again_from_what_the_register_has_verified(machine: Machine) -> None:
    before = read_pin(machine.home / "pin")
    machine.forget("pin").ok("person", "list")
    after = read_pin(machine.home / "pin")
    assert before is not None
    assert after is not None
    assert (after.size, after.tree, after.note) == (before.size, before.tree, before.note)
    goes_on(machine, Witness(machine), "ben")


@pytest.mark.parametrize("entries", [1, 2, 9])
def test_without_a_pin_the_register_tells_a_rollback(machine: Machine, entries: int) -> None:
    rolled_back(machine, entries)
    assert machine.forget("pin").refuses("status", "--json").json()["error"]["code"] == "rolled-back"


@pytest.mark.parametrize("entries", [2, 9])
def test_without_pin_and_register_the_journal_tells_a_rollback(machine: Machine, entries: int) -> None:
    """One transaction more than the store may be one of ours that was never acknowledged; two can't be."""
    newest = machine.kept()
    rolled_back(machine, entries)
    error = machine.forget("pin", "register").refuses("status", "--json").json()["error"]
    assert error["code"] == "rolled-back"
    assert "put the newest database back" in error["hint"]
    machine.put_back(newest)
    machine.ok("person", "list")


def test_without_pin_and_register_a_last_transaction_is_put_back_from_the_journal(machine: Machine) -> None:
    rolled_back(machine, 1)
    witness = Witness(machine)
    machine.forget("pin", "register").ok("person", "list")
    goes_on(machine, witness, "ben")
    assert machine.ask("SELECT type FROM entries WHERE idx = ?", SIZE - 1) == [("backup.made",)]


def test_without_pin_and_register_the_journal_tells_a_fork(machine: Machine, tmp_path: Path) -> None:
    ben = machine.of("ben")
    shutil.copy(machine.store, tmp_path / "before.db")
    for name in ("Dora Lund", "Emil Dahl"):
        machine.ok("person", "add", name)
    with machine.database():
        pass
    shutil.copy(tmp_path / "before.db", machine.store)
    for name in ("Finn Berg", "Gina Holt", "Hugo Lind"):
        ben.ok("person", "add", name)
    with machine.database():
        pass
    assert machine.forget("pin", "register").refuses("status", "--json").json()["error"]["code"] == "forked"


def test_a_machine_that_remembers_nothing_trusts_nothing(machine: Machine) -> None:
    machine.forget("pin", "register", "journal", "journal.personal")
    for words in (("status",), ("person", "add", "Dora Lund"), ("reveal", "shop", "--stdout"), ("ledger", "verify", "--deep")):
        machine.refuses(*words)


def test_a_machine_that_begins_needs_the_checkpoint_that_it_was_told(machine: Machine, tmp_path: Path) -> None:
    """Joined with a checkpoint that the store no longer holds: refused; control: with one that it holds, not."""
    ben = machine.of("ben")
    with machine.database() as db:
        (note,) = db.execute("SELECT note FROM checkpoint WHERE size = 7").fetchone()
    joined = ben.workspace().checkpoint
    assert joined == note
    ben.forget("pin", "register", "journal", "journal.personal")
    copy = machine.copy(tmp_path / "control").of("ben")
    with machine.database() as db:
        db.execute("DELETE FROM entry WHERE idx >= 5")
        db.execute("DELETE FROM checkpoint WHERE size > 5")
    with pytest.raises(IntegrityError):
        ben.begin_anew()
    assert handles(copy.begin_anew()) == {"mia", "ben", "cleo"}


# --- the journal -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tail", [b"E", b"E\x00\x00\x10\x00 not all of it", b"\x00" * 5000, b"C\x00\x00\x00\x01x\x00\x00\x00\x00"])
def test_a_torn_tail_of_the_journal_is_cut_off(machine: Machine, tail: bytes) -> None:
    whole = (machine.home / "journal").read_bytes()
    (machine.home / "journal").write_bytes(whole + tail)
    machine.ok("person", "list")
    machine.ok("person", "add", "Dora Lund", "--handle", "dora")
    assert [written.size for written in Journal(machine.home).read()][-2:] == [SIZE, SIZE + 1]
    goes_on(machine, Witness(machine), "dora")


def test_a_stray_personal_part_is_never_joined_to_anothers_entry(machine: Machine) -> None:
    """Left behind by a transaction that did not happen; the entry that stands at its index in the end has no personal part."""
    from govern.register.frames import Written

    stray = Written(entries=[(SIZE, b"c" * 16, b"e" * 16, b"m" * 32, b"s" * 300, b"p" * 300)])
    _, side = stray.encode()
    with (machine.home / "journal.personal").open("ab") as file:
        file.write(side)
    machine.write(
        lambda tx: tx.record(
            "role.given", {"person": tx.register.execute("SELECT id FROM people WHERE handle = 'cleo'").fetchone()[0], "role": "hr"}
        )
    )
    register = machine.register()
    assert machine.forget("register").register() == register
    goes_on(machine, Witness(machine))


def test_a_lost_journal_is_written_again(machine: Machine) -> None:
    machine.forget("journal", "journal.personal").ok("person", "add", "Dora Lund", "--handle", "dora")
    with machine.database() as db:
        rows = db.execute("SELECT * FROM entry ORDER BY idx").fetchall()
    assert [row for written in Journal(machine.home).read() for row in written.entries] == rows
    goes_on(machine, Witness(machine), "dora")


def test_a_lost_side_file_is_no_attack(machine: Machine) -> None:
    """Without it the journal lacks personal parts; the store has them, and what was damaged is kept aside."""
    machine.forget("journal.personal", "register").ok("person", "list")
    assert (machine.home / "journal.damaged-1").exists()
    with machine.database() as db:
        rows = db.execute("SELECT * FROM entry ORDER BY idx").fetchall()
    assert [row for written in Journal(machine.home).read() for row in written.entries] == rows
    goes_on(machine, Witness(machine), "ben")


@pytest.mark.parametrize("at", [0.1, 0.5, 0.9])
def test_a_journal_damaged_in_the_middle_is_made_whole_from_the_store(machine: Machine, at: float) -> None:
    data = bytearray((machine.home / "journal").read_bytes())
    data[int(len(data) * at)] ^= 0xFF
    (machine.home / "journal").write_bytes(data)
    machine.ok("person", "list")  # a register that is whole needs no journal
    machine.forget("register").ok("person", "list")
    assert (machine.home / "journal.damaged-1").read_bytes() == bytes(data)
    assert [written.size for written in Journal(machine.home).read()][-1] == SIZE
    goes_on(machine, Witness(machine), "ben")


@pytest.mark.parametrize("lost", [1, 700, 5000])
def test_what_a_power_cut_took_from_the_end_of_the_journal_is_written_again(machine: Machine, lost: int) -> None:
    """Entries of others are not made durable one by one. Writing on behind the hole would leave zeros in it for ever."""
    for name in ("journal", "journal.personal"):
        data = (machine.home / name).read_bytes()
        (machine.home / name).write_bytes(data[: max(0, len(data) - lost)])
    machine.ok("person", "add", "Dora Lund", "--handle", "dora")
    assert [written.size for written in Journal(machine.home).read()][-1] == SIZE + 1
    goes_on(machine, Witness(machine), "dora")


def test_a_store_that_differs_from_a_damaged_journal_is_still_refused(machine: Machine) -> None:
    """The control: that a journal is damaged makes nothing else pass."""
    (machine.home / "journal.personal").unlink()
    with machine.database() as db:
        db.execute("UPDATE entry SET sealed = zeroblob(length(sealed)) WHERE idx = 7")
    machine.forget("register").refuses("person", "list")


# --- the register ------------------------------------------------------------------------------------------------------------------------


def test_a_lost_register_is_made_again(machine: Machine) -> None:
    before = machine.register()
    assert machine.forget("register").register() == before


@pytest.mark.parametrize("how", ["empty", "text", "half", "header", "another database", "another schema", "directory of zeros"])
def test_a_register_that_is_none_is_made_again(machine: Machine, how: str) -> None:
    before, path = machine.register(), machine.home / "register.db"
    data = path.read_bytes()
    machine.forget("register")
    match how:
        case "another database":
            db = sqlite3.connect(path)
            db.executescript(
                "CREATE TABLE state (key, value); INSERT INTO state VALUES ('schema', 'mine'); CREATE VIEW people AS SELECT 1;"
            )
            db.close()
        case "another schema":
            path.write_bytes(data)
            db = sqlite3.connect(path)
            db.executescript("UPDATE state SET value = 'older' WHERE key = 'schema'; CREATE TABLE more (a); DROP TABLE places;")
            db.close()
        case _:
            made = {
                "empty": b"",
                "text": b"what is this " * 999,
                "half": data[: len(data) // 2 // 4096 * 4096 + 7],
                "header": b"X" + data[1:],
            }
            path.write_bytes(made.get(how, bytes(len(data))))
    if how == "half":  # its first page is whole, so that it is found out later, and told
        told = machine.run("person", "list")
        assert told.code in (0, 1), told
        machine.forget("register")
    assert machine.register() == before
    goes_on(machine, Witness(machine), "ben")


def test_register_and_tail_lost_together_resubmit_the_same_bytes(machine: Machine) -> None:
    """A transaction that was written to the journal and nowhere else, and a register that has to be made again before it is found."""
    machine.ok("person", "add", "Dora Lund", "--handle", "dora")
    witness = Witness(machine)
    rolled_back(machine, 1)
    pin = machine.home / "pin"
    tear(machine, newest_slot(machine))
    assert read_pin(pin) is not None
    machine.forget("register")
    assert "dora" in goes_on(machine, witness)


# --- a pin of which no slot is whole -----------------------------------------------------------------------------------------------------


def noted(machine: Machine, folder: Path) -> str:
    """A checkpoint kept elsewhere, and one transaction more behind it."""
    (folder / "note").write_text(machine.ok("ledger", "checkpoint").out)
    machine.ok("person", "add", "Dora Lund", "--handle", "dora")
    return str(folder / "note")


@pytest.mark.parametrize("lost", [(), ("register",), ("register", "journal", "journal.personal")])
def test_a_damaged_pin_is_written_anew_once_the_vault_contains_the_noted_checkpoint(
    machine: Machine, tmp_path: Path, lost: tuple[str, ...]
) -> None:
    note = noted(machine, tmp_path)
    before = read_pin(machine.home / "pin")
    (machine.home / "pin").write_bytes(bytes(8192))
    machine.forget(*lost)
    assert "govern vault trust NOTE" in machine.refuses("person", "list").err
    machine.ok("vault", "trust", note)
    after = read_pin(machine.home / "pin")
    assert before is not None
    assert after is not None
    assert (after.size, after.note) == (before.size, before.note)
    assert "dora" in machine.ok("person", "list").out
    assert (machine.home / "pin.damaged").read_bytes() == bytes(8192)


def test_a_readable_pin_ahead_of_the_note_is_never_replaced(machine: Machine, tmp_path: Path) -> None:
    """Not even for a database that contains the note and nothing later. Nor one with a single slot that is whole."""
    old = machine.kept()
    note = noted(machine, tmp_path)
    machine.put_back(old)
    machine.refuses("vault", "trust", note, code=4)
    tear(machine, 1 - newest_slot(machine), 0)
    machine.refuses("vault", "trust", note, code=4)


def test_a_damaged_pin_gives_no_way_to_another_vault_nor_to_an_older_database(machine: Machine, tmp_path: Path) -> None:
    old = machine.kept()
    machine.ok("person", "add", "Dora Lund", "--handle", "dora")
    (tmp_path / "newest").write_text(machine.ok("ledger", "checkpoint").out)
    (tmp_path / "another").write_bytes(rows_of_another()["checkpoint"][-1][1])
    (machine.home / "pin").write_bytes(bytes(8192))
    machine.forget("register", "journal", "journal.personal")
    machine.refuses("vault", "trust", str(tmp_path / "another"))
    newest = machine.kept()
    machine.put_back(old)
    machine.refuses("vault", "trust", str(tmp_path / "newest"))
    assert (machine.home / "pin").read_bytes() == bytes(8192), "it stays as it was"
    machine.put_back(newest)
    machine.ok("vault", "trust", str(tmp_path / "newest"))


# --- a note that is none -----------------------------------------------------------------------------------------------------------------

NO_NOTES = {"nothing": b"", "a line": b"\n", "words": b"hello\n", "no text": b"\xff\xfe" * 40}


@pytest.mark.parametrize("said", NO_NOTES)
def test_a_file_that_is_no_checkpoint_is_none_that_the_vault_contains(machine: Machine, tmp_path: Path, said: str) -> None:
    """Taken for no note at all it would be exchanged for the one that the machine began with, which a rolled-back database does contain."""
    note, none = noted(machine, tmp_path), tmp_path / "none"
    none.write_bytes(NO_NOTES[said])
    (machine.home / "pin").write_bytes(bytes(8192))
    machine.forget("register", "journal", "journal.personal")
    for words in (("vault", "trust", str(none)), ("vault", "trust", str(none), "--fork")):
        error = machine.refuses(*words, "--json", code=1).json()["error"]
        assert (error["code"], str(none) in error["message"]) == ("malformed", True)
        assert "ledger checkpoint" in error["hint"]
    assert (machine.home / "pin").read_bytes() == bytes(8192), "it stays as it was"
    machine.ok("vault", "trust", note)
    machine.refuses("ledger", "compare", str(none), code=1)
    machine.ok("ledger", "compare", note)


@pytest.mark.parametrize("said", NO_NOTES)
def test_a_recovery_held_against_no_checkpoint_is_refused_and_leaves_nothing(machine: Machine, tmp_path: Path, said: str) -> None:
    """Taken for no note at all the sheets would do, and whoever named it would believe that something was compared."""
    note, none = noted(machine, tmp_path), tmp_path / "none"
    none.write_bytes(NO_NOTES[said])
    fresh = machine.of("fresh")
    words = ("vault", "recover", *sheets(machine), "--handle", "mia", "--checkpoint")
    fresh.refuses(*words, str(none), code=1)
    assert not fresh.home.exists()
    assert not fresh.key.exists()
    fresh.ok(*words, note)


def sheets(machine: Machine) -> list[str]:
    return [word for path in sorted((machine.home / "recovery").glob("*.txt"))[:2] for word in ("--sheet", str(path))]


def test_no_bytes_for_a_checkpoint_never_fall_back_to_another(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below the command line as well, where None says that none was given. The control: the checkpoint that the fall-back would have taken passes."""
    for name, value in machine.environment().items():
        monkeypatch.setenv(name, value)
    machine.forget("pin", "register", "journal", "journal.personal")
    began = machine.workspace().checkpoint
    with pytest.raises(IntegrityError, match="does not contain"):
        settings.workspace_anyhow(noted=b"").view()
    settings.close()
    assert settings.workspace_anyhow(noted=began).view()
    settings.close()


@pytest.mark.parametrize("given", [b"", None], ids=["no bytes", "none given"])
def test_a_recovery_is_held_against_what_was_given_even_if_that_is_empty(machine: Machine, given: bytes | None) -> None:
    """The control: where none was given the sheets do, and it is said that nothing was compared."""
    fresh = machine.of("fresh")
    files = sorted((machine.home / "recovery").glob("*.txt"))[:2]

    def begin() -> Recovered:
        seed = create_seed(Custody.KEYFILE, str(fresh.key), random=os.urandom)
        return recover(
            machine.store,
            fresh.home,
            read_sheets(files),
            "mia",
            custody=Custody.KEYFILE,
            where=str(fresh.key),
            seed=seed,
            now=settings.now(),
            noted=given,
        )

    if given is None:
        assert begin().held
        return
    with pytest.raises(IntegrityError, match="does not contain"):
        begin()
    assert not any((fresh.home / name).exists() for name in ("seed.json", "pin", "journal", "register.db"))


# --- a register that can't be written ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "way_on"), [("disk I/O error", "room"), ("database or disk is full", "room"), ("database is locked", "another")]
)
def test_the_hint_is_for_what_keeps_the_register_from_being_written(said: str, way_on: str) -> None:
    with pytest.raises(Failed) as caught, connection.transaction(connection.scratch()):
        raise sqlite3.OperationalError(said)
    assert way_on in caught.value.hint
