"""A command stopped anywhere on its way to the disk: killed, out of room, or told that a step failed though it was done.

Afterwards the next command succeeds, nothing acknowledged is lost, no two checkpoints of one size were ever on a disk, and the
register is again what the ledger says.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from govern.errors import Failed
from govern.register import connection, transaction
from govern.store.writing import Writing

from ..attacks.vaults import SECOND, SIZE, Machine, found
from .histories import Witness, goes_on, handles

ADD = ("person", "add", "Dora Lund <dora@acme.example>", "--handle", "dora")
SCRIPT = Path(__file__).with_name("stopped.py")
MOST = 60
"""More steps than any of these commands has."""


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A fresh vault of four entries: never to be touched."""
    return found(tmp_path_factory.mktemp("small"))


def stopped(machine: Machine, at: int, how: str, *words: str, room: int = 0) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own; `room`: no file may grow beyond so many bytes."""
    command = [sys.executable, str(SCRIPT), str(at), how, *words]
    limit = (lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))) if room else None
    return subprocess.run(
        command, capture_output=True, text=True, env=machine.environment(), timeout=120, check=False, preexec_fn=limit
    )  # fmt: skip


def steps(machine: Machine, folder: Path, *words: str) -> list[str]:
    done = stopped(machine.copy(folder), 0, "kill", *words)
    assert done.returncode == 0, done.stderr
    return done.stderr.rsplit(": ", 1)[1].strip().split(",")


# --- killed ------------------------------------------------------------------------------------------------------------------------------


def test_a_transaction_killed_between_journal_and_store_is_finished_with_the_same_bytes(small: Machine, tmp_path: Path) -> None:
    names = steps(small, tmp_path / "count", *ADD)
    machine = small.copy(tmp_path / "copy")
    witness = Witness(machine)
    done = stopped(machine, names.index("store commit") + 1, "kill", *ADD)
    assert done.returncode == -9
    assert done.stdout == ""
    assert handles(machine) == {"mia"}  # reading finishes nothing
    witness.look()
    assert max(witness.notes) == 5
    assert "dora" in goes_on(machine, witness)


def test_a_new_epoch_killed_between_journal_and_store_is_finished_with_the_same_key(machine: Machine, tmp_path: Path) -> None:
    """Its key stands in the journal alone, wrapped to this machine."""
    revoke = ("key", "revoke", "--person", "ben", "--cause", "lost")
    names = steps(machine, tmp_path / "count", *revoke)
    stopped_there = machine.copy(tmp_path / "stopped")
    witness = Witness(stopped_there)
    done = stopped(stopped_there, names.index("store commit") + 1, "kill", *revoke)
    assert done.returncode == -9
    witness.look()
    size = max(witness.notes)
    stopped_there.ok("person", "add", "Dora Lund <dora@acme.example>", "--handle", "dora")
    witness.look()
    assert stopped_there.ask("SELECT count(*) FROM revocations") == [(1,)], "it was finished, not forgotten"
    assert stopped_there.ask("SELECT max(number) FROM epochs") == [(2,)]
    assert max(witness.notes) == size + 1
    assert stopped_there.verify().code == 0


@pytest.mark.slow
@pytest.mark.parametrize("how", ["kill", "late-kill"])
def test_a_kill_at_any_step_loses_nothing_and_forks_nothing(small: Machine, tmp_path: Path, how: str) -> None:
    names = steps(small, tmp_path / "count", *ADD)
    assert {"store commit", "pin", "register commit", "write", "fdatasync"} <= set(names)
    came_back = []
    for at, name in enumerate(names, 1):
        machine = small.copy(tmp_path / f"at{at}")
        witness = Witness(machine)
        done = stopped(machine, at, how, *ADD)
        assert done.returncode == -9, (name, done)
        assert done.stdout == ""
        found = goes_on(machine, witness, "mia")
        came_back.append((name, "dora" in found))
    assert [there for _, there in came_back] == sorted(there for _, there in came_back), came_back
    assert {there for _, there in came_back} == {False, True}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_kills_again_and_again_while_it_recovers(small: Machine, tmp_path: Path, seed: int) -> None:
    import random

    chosen, machine = random.Random(seed), small.copy(tmp_path / "copy")
    witness, acknowledged = Witness(machine), ["mia"]
    for number in range(8):
        words = ("person", "add", f"Person {number}", "--handle", f"p{number}")
        done = stopped(machine, chosen.randrange(1, MOST), chosen.choice(["kill", "late-kill"]), *words)
        witness.look()
        if done.returncode == 0:
            acknowledged.append(f"p{number}")
        if chosen.random() < 0.2:
            machine.forget("register")
    goes_on(machine, witness, *acknowledged)


@pytest.mark.slow
def test_a_reveal_killed_at_any_step_has_shown_nothing_or_was_recorded(original: Machine, tmp_path: Path) -> None:
    words = ("reveal", "shop", "--stdout")
    for at, name in enumerate(steps(original, tmp_path / "count", *words), 1):
        machine = original.copy(tmp_path / f"at{at}")
        witness = Witness(machine)
        done = stopped(machine, at, "kill", *words)
        assert done.returncode == -9, (name, done)
        assert SECOND not in done.stdout + done.stderr, name
        goes_on(machine, witness)


# --- failing -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("how", ["full", "late"])
@pytest.mark.parametrize("words", [ADD, ("reveal", "shop", "--stdout")], ids=["add", "reveal"])
def test_a_step_that_fails_shows_nothing_and_the_next_command_goes_on(
    original: Machine, tmp_path: Path, words: tuple[str, ...], how: str
) -> None:
    for at, name in enumerate(steps(original, tmp_path / "count", *words), 1):
        machine = original.copy(tmp_path / f"at{at}")
        done = stopped(machine, at, how, *words)
        assert done.returncode in (0, 1), (name, done)
        assert done.returncode == 0 or done.stdout == "", (name, done)
        assert "Traceback" not in done.stderr
        assert "defect" not in done.stderr, (name, done)
        goes_on(machine, Witness(machine), *(["dora"] if done.returncode == 0 and words is ADD else []))


def raising(*_values: Any, **_more: Any) -> Any:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("what", ["os.fdatasync", "journal", "store commit", "pin", "register commit"])
def test_whatever_fails_nothing_is_shown_and_nothing_is_half_done(machine: Machine, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    import sqlite3

    import sqlalchemy as sa

    def no_commit(_self: Writing) -> None:
        raise sa.exc.OperationalError("COMMIT", {}, sqlite3.OperationalError("database or disk is full"))

    class Refusing:
        def __init__(self, db: sqlite3.Connection) -> None:
            self.db, self.commits = db, 0

        def __getattr__(self, name: str) -> Any:
            return getattr(self.db, name)

        def execute(self, query: str, *values: Any) -> Any:
            self.commits += query == "COMMIT"
            if query == "COMMIT" and self.commits == 2:  # the first one is that of bringing it up to date
                raise sqlite3.OperationalError("database or disk is full")
            return self.db.execute(query, *values)

    real = connection.connect
    with monkeypatch.context() as patched:
        match what:
            case "os.fdatasync":
                patched.setattr(os, "fdatasync", raising)
            case "journal":
                patched.setattr("govern.register.journal._put", raising)
            case "store commit":
                patched.setattr(Writing, "commit", no_commit)
            case "pin":
                patched.setattr("govern.register.pin.write_all", raising)
            case _:
                patched.setattr(connection, "connect", lambda path: Refusing(real(path)))
        told = machine.run("reveal", "shop", "--stdout")
    assert (told.code, told.out) == (1, "")
    assert "defect" not in told.err
    recorded = what in ("pin", "register commit")  # the store has taken it: shown or not, it stays
    goes_on(machine, Witness(machine))
    shown = machine.ask("SELECT count(*) FROM entries WHERE type = 'secret.revealed' AND idx >= ?", SIZE)[0][0]
    assert shown == int(recorded)
    assert machine.ok("reveal", "shop", "--stdout").out == SECOND


def test_a_commit_that_failed_after_it_was_done_counts_as_done(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3

    import sqlalchemy as sa

    real = Writing.commit

    def late(self: Writing) -> None:
        real(self)
        raise sa.exc.OperationalError("COMMIT", {}, sqlite3.OperationalError("disk I/O error"))

    with monkeypatch.context() as patched:
        patched.setattr(Writing, "commit", late)
        assert machine.run("reveal", "shop", "--stdout").out == SECOND
    goes_on(machine, Witness(machine))


def test_a_commit_of_which_nobody_knows_is_told_so_and_finished_by_the_next_command(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database goes away in the middle of COMMIT and does not answer: the same bytes are put into it later, never new ones."""

    def gone(self: Writing) -> None:
        self._connection.invalidate()
        machine.store.rename(machine.store.with_suffix(".away"))
        raise Failed("the database went away")

    witness = Witness(machine)
    with monkeypatch.context() as patched:
        patched.setattr(Writing, "commit", gone)
        told = machine.run("person", "add", "Dora Lund", "--handle", "dora", "--json")
    assert (told.code, told.json()["error"]["code"]) == (1, "unknown")
    machine.store.with_suffix(".away").rename(machine.store)
    assert "dora" in goes_on(machine, witness)


def test_a_tail_that_nobody_would_accept_is_not_put_into_the_store(machine: Machine) -> None:
    """Its personal part is missing: in the store it would stop every member."""
    from govern.register.journal import Journal

    machine.ok(*ADD)
    side = (machine.home / "journal.personal").read_bytes()
    with machine.database() as db:
        db.execute("DELETE FROM entry WHERE idx = ?", (SIZE,))
        db.execute("DELETE FROM checkpoint WHERE size = ?", (SIZE + 1,))
    machine.forget("pin", "register")
    last = list(Journal(machine.home).read())[-1]
    part = last.entries[0][5]
    assert part is not None
    (machine.home / "journal.personal").write_bytes(side[: -len(part) - 17])
    machine.ok("person", "add", "Emil Dahl", "--handle", "emil")
    assert handles(machine) == {"mia", "ben", "cleo", "emil"}
    assert machine.verify().code == 0


def test_a_tail_of_ours_that_others_overtook_never_happened(machine: Machine) -> None:
    """Killed between journal and store; meanwhile another member went on from where it began."""
    ben = machine.of("ben")
    machine.ok(*ADD)
    with machine.database() as db:
        db.execute("DELETE FROM entry WHERE idx = ?", (SIZE,))
        db.execute("DELETE FROM checkpoint WHERE size = ?", (SIZE + 1,))
    machine.forget("pin", "register").ok("person", "list")
    ben.ok("place", "add", "wall", "--kind", "paper")
    assert machine.verify().code == 0
    machine.ok("person", "add", "Emil Dahl", "--handle", "emil")
    assert handles(machine) == {"mia", "ben", "cleo", "emil"}
    for member in (machine, ben):
        assert member.verify().code == 0


# --- no room -----------------------------------------------------------------------------------------------------------------------------


def room_for(machine: Machine, what: str) -> int:
    """A limit that just this file runs into. Journal before store before register: that is their order."""
    return {"journal": (machine.home / "journal").stat().st_size + 100, "store": 20_000}[what]


@pytest.mark.parametrize("what", ["journal", "store"])
def test_a_full_disk_shows_nothing_and_loses_nothing(original: Machine, small: Machine, tmp_path: Path, what: str) -> None:
    machine = (original if what == "journal" else small).copy(tmp_path / "copy")
    if what == "journal":
        assert (machine.home / "journal").stat().st_size > 2 * 8192
        words: tuple[str, ...] = ("reveal", "shop", "--stdout")
    else:
        assert (machine.home / "journal").stat().st_size < 10_000
        words = ADD
    witness = Witness(machine)
    done = stopped(machine, 0, "full", *words, room=room_for(machine, what))
    assert (done.returncode, done.stdout) == (1, ""), done
    assert "defect" not in done.stderr
    assert SECOND not in done.stderr
    goes_on(machine, witness)


@pytest.mark.slow
def test_whatever_room_there_is_a_command_is_done_or_not(small: Machine, tmp_path: Path) -> None:
    codes = set()
    for room in range(1_000, 300_000, 7_000):
        machine = small.copy(tmp_path / f"room{room}")
        witness = Witness(machine)
        done = stopped(machine, 0, "full", *ADD, room=room)
        assert done.returncode in (0, 1), (room, done)
        assert done.returncode == 0 or done.stdout == "", room
        assert "defect" not in done.stderr, (room, done)
        goes_on(machine, witness, *(["dora"] if done.returncode == 0 else []))
        codes.add(done.returncode)
    assert codes == {0, 1}


# --- one more than memory ----------------------------------------------------------------------------------------------------------------


def test_a_wrap_that_is_ended_and_sealed_anew_in_one_transaction_stays(machine: Machine) -> None:
    from govern.procedures.sealing import add_wraps, end_each, stored
    from govern.register.transaction import Transaction

    ben = machine.of("ben").keys()

    def work(tx: Transaction) -> None:
        (credential,) = tx.register.execute("SELECT id FROM credentials WHERE kind = 'password'").fetchone()
        version = stored(tx.register, credential, 2)
        end_each(tx, [(credential, 2, ben.id.hex(), version.manifest.hex())])
        add_wraps(tx, [version], [ben.recipient])

    machine.write(work)
    assert machine.of("ben").ok("reveal", "shop", "--stdout").out == SECOND
    assert machine.verify().code == 0


@pytest.mark.parametrize("personal_last", [True, False])
def test_a_transaction_that_is_written_in_batches_is_durable_as_a_whole(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, personal_last: bool
) -> None:
    """The side file is synced with the last batch, even where that one has no personal part itself."""
    monkeypatch.setattr(transaction, "_BATCH", 3)
    synced: list[str] = []
    real: Callable[[int], None] = os.fdatasync
    monkeypatch.setattr(
        os, "fdatasync", lambda descriptor: synced.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")).name) or real(descriptor)
    )

    def work(tx: Any) -> None:
        for number in range(7):
            body = {"person": tx.new_id()}
            tx.record("person.added", body, {"handle": f"p{number}", "name": "P"} if (number == 6) is personal_last else None)

    machine.write(work)
    assert synced == ["journal.personal", "journal", "pin"]
    register = machine.register()
    assert machine.forget("register").register() == register
    goes_on(machine, Witness(machine))
