"""A connection that is lost at COMMIT: what became of it is found by looking, and there is never a second entry for one act.

The bytes that were signed and sent may have been seen by whoever runs the server. They are found there or put in again; others of the
same size are never signed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from govern.errors import Failed
from govern.register import wipe
from govern.register.journal import Journal
from govern.store import postgres as engine
from govern.store.writing import Writing

from ...conftest import Told
from ..attacks.vaults import Machine, enrol, found
from .histories import Witness, goes_on, handles
from .on_server import OnServer, moved

ADD = ("person", "add", "Dora Lund <dora@acme.example>", "--handle", "dora")
SIZE = 8
SECRET = "correct-horse"


@pytest.fixture(scope="session")
def eight(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """Never to be touched: take `machine`, which is a copy on a server."""
    machine = found(tmp_path_factory.mktemp("eight"), preset="small")
    machine.ok("account", "add", "shop", "--platform", "instagram", "--login", "acme.shop")
    machine.ok("credential", "add", "shop", "--kind", "password", stdin=SECRET)
    return machine


@pytest.fixture
def machine(eight: Machine, postgres: str, tmp_path: Path) -> OnServer:
    """mia's machine on a vault of eight entries."""
    machine = moved(eight, tmp_path, postgres)
    assert machine.count("entry") >= SIZE
    return machine


def lost() -> sa.exc.OperationalError:
    return sa.exc.OperationalError("COMMIT", {}, psycopg.OperationalError("server closed the connection unexpectedly"))


def before(writing: Writing) -> None:
    """The server ends the connection, and COMMIT never reaches it."""
    writing._connection.connection.driver_connection.pgconn.finish()  # type: ignore[union-attr]
    REAL(writing)


def after(writing: Writing) -> None:
    """It is committed, and the answer is lost."""
    REAL(writing)
    raise lost()


def under_way(writing: Writing) -> None:
    """The server is still at it when we look, and our end of the connection knows nothing of it."""
    writing.rollback = lambda: None  # type: ignore[method-assign]
    threading.Timer(0.6, writing._connection.connection.driver_connection.commit).start()  # type: ignore[union-attr]
    raise lost()


def ended(state: type[psycopg.Error]) -> Callable[[Writing], None]:
    """The server had to end one of two, and it was this one."""

    def commit(writing: Writing) -> None:
        writing.rollback()
        raise sa.exc.OperationalError("COMMIT", {}, state("said"))

    commit.__name__ = state.__name__
    return commit


serialization, deadlock = ended(psycopg.errors.SerializationFailure), ended(psycopg.errors.DeadlockDetected)
REAL: Callable[[Writing], None] = Writing.commit


@contextmanager
def gone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The server ends the connection at COMMIT and does not come back."""

    def unreachable(_server: Any) -> Any:
        raise psycopg.OperationalError("connection failed: Connection refused")

    def commit(writing: Writing) -> None:
        patched.setattr(engine, "_connect", unreachable)
        patched.setattr(engine, "_PAUSES", ())
        before(writing)

    with monkeypatch.context() as patched:
        patched.setattr(Writing, "commit", commit)
        yield


class Once:
    """Breaks the first COMMIT of a checkpoint only."""

    def __init__(self, how: Callable[[Writing], None]) -> None:
        self.how, self.times = how, 0

    def __get__(self, writing: Writing, _owner: Any = None) -> Callable[[], None]:
        def commit() -> None:
            self.times += 1
            return self.how(writing) if self.times == 1 else REAL(writing)

        return commit


@pytest.mark.parametrize("how", [before, after, under_way, serialization, deadlock], ids=lambda how: how.__name__)
def test_a_connection_lost_at_commit_is_settled_and_nothing_is_written_twice(
    machine: OnServer, monkeypatch: pytest.MonkeyPatch, how: Callable[[Writing], None]
) -> None:
    witness, size = Witness(machine), machine.count("entry")
    once = Once(how)
    with monkeypatch.context() as patched:
        patched.setattr(Writing, "commit", once)
        told = machine.run("reveal", "shop", "--stdout")
    assert (told.code, told.out) == (0, SECRET), told
    assert once.times == (1 if how in (after, under_way) else 2)
    assert machine.count("entry") == size + 1
    assert len(list(Journal(machine.home).read())) == machine.count("checkpoint")
    goes_on(machine, witness)
    shown = machine.ask("SELECT count(*) FROM entries WHERE type = 'secret.revealed'")
    assert shown == [(1,)]


def test_control_looking_without_the_lock_would_have_missed_what_is_under_way(machine: OnServer) -> None:
    with machine.opened() as workspace, workspace.store.writing() as writing:
        writing.insert_letters([(b"i" * 16, "request", b"body")])
        timer = threading.Timer(0.4, writing._connection.connection.driver_connection.commit)  # type: ignore[union-attr]
        timer.start()
        with workspace.store.reading() as reading:
            assert list(reading.letters()) == []
        with workspace.store.writing() as again:
            assert len(list(again.letters())) == 1
        timer.join()


def test_a_server_that_does_not_come_back_shows_nothing_and_the_next_command_finishes_with_the_same_bytes(
    machine: OnServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness, size = Witness(machine), machine.count("entry")

    with gone(monkeypatch):
        told = machine.run("reveal", "shop", "--stdout", "--json")
    assert (told.code, told.json()["error"]["code"]) == (1, "unknown"), told
    assert SECRET not in told.out + told.err
    (*_, tail) = Journal(machine.home).read()
    assert (tail.size, machine.count("entry")) == (size + 1, size)
    witness.look()
    machine.ok(*ADD)
    with machine.database() as db:
        assert db.execute("SELECT note FROM checkpoint WHERE size = %s", (tail.size,)).fetchone() == (tail.note,)
    goes_on(machine, witness, "dora")


def test_a_server_that_says_no_after_it_saw_the_checkpoint_gets_the_same_bytes_again(
    machine: OnServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hostile server keeps a signed checkpoint whose transaction it aborted, and shows it to others. It must not become a fork."""
    witness, size = Witness(machine), machine.count("entry")
    kept: list[bytes] = []

    def refuses(writing: Writing) -> None:
        kept.append(writing.checkpoint(size + 1) or b"")
        raise sa.exc.OperationalError("COMMIT", {}, psycopg.errors.DiskFull("no room"))

    with monkeypatch.context() as patched:
        patched.setattr(Writing, "commit", refuses)
        told = machine.run(*ADD, "--json")
    assert (told.code, told.json()["error"]["code"]) == (1, "disk-full"), told
    assert machine.count("entry") == size
    assert handles(machine) == {"mia"}
    assert "dora" in goes_on(machine, witness)
    with machine.database() as db:
        assert db.execute("SELECT note FROM checkpoint WHERE size = %s", (size + 1,)).fetchone() == (kept[0],)


def test_where_others_went_on_meanwhile_it_never_happened(machine: OnServer, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.ok("person", "add", "Ben Bos", "--handle", "ben")
    (ben,) = machine.ask("SELECT id FROM people WHERE handle = 'ben'")[0]
    other = enrol(machine, "ben", ben)
    machine.ok("person", "role", "ben", "admin")
    witness, size = Witness(machine, other), machine.count("entry")

    environment, went = other.environment(), list[Told]()
    other.environment = lambda **more: environment  # type: ignore[method-assign]  # asked for again in the middle of a command

    def overtaken(writing: Writing) -> None:
        writing.rollback()
        patched.setattr(Writing, "commit", REAL)
        went.append(other.spawn("place", "add", "wall", "--kind", "paper"))
        raise lost()

    with monkeypatch.context() as patched:
        patched.setattr(Writing, "commit", overtaken)
        told = machine.run(*ADD)
    assert [each.code for each in went] == [0], went
    assert told.code == 1, told
    assert machine.count("entry") == size + 1
    assert handles(machine) == {"mia", "ben"}
    del witness  # two were signed, and one of them was never anybody's: it is gone from the journal
    machine.ok(*ADD)
    for member in (machine, other):
        assert member.verify().code == 0


def test_a_failure_before_the_checkpoint_was_sent_leaves_nothing(machine: OnServer, monkeypatch: pytest.MonkeyPatch) -> None:
    witness, size = Witness(machine), machine.count("entry")

    def fails(_writing: Writing, _rows: Any) -> None:
        raise Failed("no room")

    with monkeypatch.context() as patched:
        patched.setattr(Writing, "insert_entries", fails)
        assert machine.run(*ADD).code == 1
    assert machine.count("entry") == size
    assert goes_on(machine, witness) == {"mia", "last"}


def test_whoever_settles_does_not_wait_long_for_another_process_of_the_same_member(
    machine: OnServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That one has the store's lock and waits for the register's, which is ours until we give up: it then puts our bytes in."""
    witness = Witness(machine)
    monkeypatch.setitem(engine._SESSION, "lock_timeout", "300")
    holders: list[Any] = []

    def held(writing: Writing) -> None:
        holder = psycopg.connect(machine.address)
        holders.append(holder)
        writing.rollback()
        holder.execute("SELECT * FROM govern.meta FOR UPDATE")
        raise lost()

    with monkeypatch.context() as patched:
        patched.setattr(Writing, "commit", held)
        patched.setattr(engine, "_PAUSES", (0.0,) * 100)
        told = machine.run(*ADD, "--json")
    assert (told.code, told.json()["error"]["code"]) == (1, "unknown"), told
    holders[0].close()
    assert "dora" in goes_on(machine, witness)


# --- an enrolment ------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def asked(machine: OnServer) -> Callable[[], Told]:
    """Ben has answered his invite, and somebody else has posted something: what approves him."""
    machine.ok("person", "add", "Ben Bos", "--handle", "ben")
    told = machine.of("ben").json("join", "-", stdin=machine.json("person", "invite", "ben")["invite"])
    with machine.database() as db:
        db.execute("INSERT INTO mailbox VALUES (?, 'request', ?)", (b"x" * 16, b"junk"))
    return lambda: machine.run("person", "approve", "ben", "--fingerprint", told["words"], "--json")


def posted(machine: OnServer) -> list[bytes]:
    return [bytes(row[2]) for row in machine.rows()["mailbox"]]


@pytest.mark.parametrize("how", [before, after, serialization], ids=lambda how: how.__name__)
def test_an_answered_request_goes_with_the_approval_that_is_put_in_again(
    machine: OnServer, asked: Callable[[], Told], monkeypatch: pytest.MonkeyPatch, how: Callable[[Writing], None]
) -> None:
    assert len(posted(machine)) == 2, "control"
    once = Once(how)
    with monkeypatch.context() as patched:
        patched.setattr(Writing, "commit", once)
        told = asked()
    assert told.code == 0, told
    assert posted(machine) == [b"junk"], "what is nobody's answer is nobody's business"
    machine.of("ben").ok("join")


def test_an_answered_request_goes_with_the_approval_that_the_next_command_finishes(
    machine: OnServer, asked: Callable[[], Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    with gone(monkeypatch):
        assert asked().json()["error"]["code"] == "unknown"
    assert len(posted(machine)) == 2
    machine.ok(*ADD)
    assert posted(machine) == [b"junk"]
    machine.of("ben").ok("join")


@pytest.mark.parametrize("words", [("person", "invite", "ben", "--withdraw"), ("person", "invite", "ben")], ids=" ".join)
def test_a_request_goes_with_the_invite_that_ends(machine: OnServer, asked: Callable[[], Told], words: tuple[str, ...]) -> None:
    del asked
    machine.ok(*words)
    assert posted(machine) == [b"junk"]


# --- an erasure ---------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def leaving(machine: OnServer) -> Callable[[], Told]:
    """Somebody whose time has passed: what approves that they are forgotten."""
    machine.ok("person", "add", "Lea Lund <lea@acme.example>", "--handle", "lea", "--left", "2019-05-31")
    (proposal,) = machine.json("person", "erase", "lea")["proposals"]
    sheets = [word for n in (1, 2) for word in ("--sheet", str(machine.home / "recovery" / f"recovery-sheet-{n}-of-3.txt"))]
    return lambda: machine.run("proposal", "approve", proposal["id"], *sheets, "--json")


def kept(machine: OnServer) -> int:
    with machine.database() as db:
        (found,) = db.execute("SELECT count(*) FROM entry WHERE personal IS NOT NULL").fetchone()
        return int(found)


def test_an_erasure_that_is_put_in_again_takes_the_personal_parts_in_the_same_commit(
    machine: OnServer, leaving: Callable[[], Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    witness, parts = Witness(machine), kept(machine)
    monkeypatch.setattr(wipe, "from_store", lambda *_: 0)  # what follows the commit, and would do it as well
    once = Once(before)
    with monkeypatch.context() as patched:
        patched.setattr(Writing, "commit", once)
        told = leaving()
    assert (told.code, once.times) == (0, 2), told
    assert kept(machine) < parts
    goes_on(machine, witness)


def test_an_erasure_that_the_next_command_finishes_takes_them_too(
    machine: OnServer, leaving: Callable[[], Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    witness, parts = Witness(machine), kept(machine)
    monkeypatch.setattr(wipe, "from_store", lambda *_: 0)

    with gone(monkeypatch):
        told = leaving()
    assert (told.code, told.json()["error"]["code"]) == (1, "unknown"), told
    assert kept(machine) == parts
    size = machine.count("entry")
    machine.ok("place", "add", "wall", "--kind", "paper")
    assert machine.count("entry") > size + 1
    assert kept(machine) < parts + 1, "one more has the place's name"
    goes_on(machine, witness)
