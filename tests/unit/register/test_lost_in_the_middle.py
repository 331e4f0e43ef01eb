"""A server that ends connections, deadlocks and locks in the middle of a command: what was not recorded yet is done again, nothing twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from govern.cli import settings
from govern.errors import Failed
from govern.procedures import people
from govern.register import again, catching_up, transaction
from govern.register.journal import Journal
from govern.register.transaction import Transaction
from govern.store import postgres as engine

from ...postgres import Cluster
from ..attacks.vaults import Machine, enrol, found
from .histories import Witness, goes_on, handles
from .on_server import OnServer, moved

SECRET = "correct-horse"
ADD = ("person", "add", "Dora Lund", "--handle", "dora")


@pytest.fixture(scope="session")
def both(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """Never to be touched: take `machine`, which is a copy on a server."""
    machine = found(tmp_path_factory.mktemp("both"))
    machine.ok("person", "add", "Ben Bos", "--handle", "ben")
    ((ben,),) = machine.ask("SELECT id FROM people WHERE handle = 'ben'")
    enrol(machine, "ben", ben)
    machine.write(lambda tx: tx.record("role.given", {"person": ben, "role": "admin"}))
    machine.ok("account", "add", "shop", "--platform", "instagram", "--login", "acme.shop")
    machine.ok("credential", "add", "shop", "--kind", "password", stdin=SECRET)
    return machine


@pytest.fixture
def machine(both: Machine, postgres: str, tmp_path: Path) -> OnServer:
    """mia's machine; ben is enrolled, and an admin."""
    return moved(both, tmp_path, postgres)


@pytest.fixture
def lose(machine: OnServer, cluster: Cluster) -> Callable[[], None]:
    """The server ends every connection to the vault, as when it restarts."""
    name = machine.address.rpartition("/")[2].partition("?")[0]
    return lambda: cluster.disconnect(name)


def once(before: Callable[[], None], real: Callable[..., Any]) -> Callable[..., Any]:
    """`real`, and `before` it the first time."""
    waiting = [before]

    def called(*values: Any, **named: Any) -> Any:
        while waiting:
            waiting.pop()()
        return real(*values, **named)

    return called


def add(tx: Transaction, handle: str = "dora") -> None:
    people.add(tx, people.NewPerson(name="Dora Lund", handle=handle))


def agree(machine: OnServer, *added: str) -> None:
    """Both members see just these, each once; the journal holds what the store holds."""
    for member in (machine, machine.of("ben")):
        assert handles(member) == {"mia", "ben", *added}
        assert member.verify().code == 0
    assert [(one.size, one.note) for one in Journal(machine.home).read()] == sorted(
        (row[0], bytes(row[1])) for row in machine.rows()["checkpoint"]
    )


# --- before anything was recorded or shown -----------------------------------------------------------------------------------------------


def test_a_connection_lost_while_it_catches_up_is_taken_anew_and_the_command_goes_on(
    machine: OnServer, lose: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.of("ben").ok("place", "add", "wall", "--kind", "paper")
    size = machine.count("entry")
    with monkeypatch.context() as patched:
        patched.setattr(catching_up, "advance", once(lose, catching_up.advance))
        machine.ok(*ADD)
    assert machine.count("entry") == size + 1
    agree(machine, "dora")


def test_a_connection_lost_while_somebody_looks_is_taken_anew(
    machine: OnServer, lose: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.of("ben").ok(*ADD)
    with monkeypatch.context() as patched:
        patched.setattr(catching_up, "advance", once(lose, catching_up.advance))
        assert handles(machine) == {"mia", "ben", "dora"}


@pytest.mark.parametrize("words", [ADD, ("person", "list")], ids=" ".join)
def test_control_tried_once_it_would_have_ended(
    machine: OnServer, lose: Callable[[], None], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    machine.of("ben").ok("place", "add", "wall", "--kind", "paper")
    with monkeypatch.context() as patched:
        patched.setattr(again, "TRIES", 1)
        patched.setattr(catching_up, "advance", once(lose, catching_up.advance))
        told = machine.run(*words, "--json")
    assert (told.code, told.json()["error"]["code"]) == (1, "connection")
    agree(machine)


def test_what_fails_every_time_ends_after_a_bounded_number_of_times(
    machine: OnServer, lose: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.of("ben").ok("place", "add", "wall", "--kind", "paper")
    tried: list[int] = []

    def fails(*values: Any) -> Any:
        tried.append(1)
        lose()
        return real(*values)

    real = catching_up.advance
    with monkeypatch.context() as patched:
        patched.setattr(catching_up, "advance", fails)
        assert machine.run(*ADD).code == 1
    assert len(tried) == again.TRIES
    agree(machine)


# --- in the middle of what is recorded ---------------------------------------------------------------------------------------------------


def test_a_question_in_a_transaction_is_asked_again_under_the_lock_taken_anew(machine: OnServer, lose: Callable[[], None]) -> None:
    witness, size = Witness(machine), machine.count("entry")
    ((manifest,),) = machine.ask("SELECT manifest FROM versions WHERE manifest IS NOT NULL")
    with machine.opened() as workspace, workspace.transaction(settings.now()) as tx:
        add(tx)
        lose()
        assert tx.read_version(bytes.fromhex(manifest)) is not None
        with pytest.raises(psycopg.errors.LockNotAvailable), machine.database() as db:
            db.execute("SELECT * FROM meta FOR UPDATE NOWAIT")
    assert machine.count("entry") == size + 1
    agree(machine, "dora")
    goes_on(machine, witness, "dora")


def test_where_others_went_on_meanwhile_nothing_is_recorded(machine: OnServer, lose: Callable[[], None]) -> None:
    """What was judged was judged on another truth. Control: the test above, where nobody did."""
    ((manifest,),) = machine.ask("SELECT manifest FROM versions WHERE manifest IS NOT NULL")
    ben = machine.of("ben")
    environment = ben.environment()
    ben.environment = lambda **more: environment  # type: ignore[method-assign]
    with machine.opened() as workspace:
        with pytest.raises(Failed) as failed, workspace.transaction(settings.now()) as tx:  # noqa: PT012
            add(tx)
            lose()
            assert ben.spawn("person", "add", "Emil", "--handle", "emil").code == 0
            tx.read_version(bytes.fromhex(manifest))
        assert failed.value.code == "race"
    agree(machine, "emil")


@pytest.mark.parametrize("batch", [2, 2_000])
def test_rows_that_are_lost_before_the_commit_are_put_in_again_the_same_bytes(
    machine: OnServer, lose: Callable[[], None], monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    """All at once, or some of a large transaction already in the store."""
    monkeypatch.setattr(transaction, "_BATCH", batch)
    witness, size = Witness(machine), machine.count("entry")
    names = [f"dora{n}" for n in range(7)]
    with machine.opened() as workspace, workspace.transaction(settings.now()) as tx:
        for name in names[:4]:
            add(tx, name)
        lose()
        for name in names[4:]:
            add(tx, name)
    assert machine.count("entry") == size + 7
    agree(machine, *names)
    goes_on(machine, witness, *names)


def test_what_a_question_loses_of_a_large_transaction_is_put_in_again(
    machine: OnServer, lose: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transaction, "_BATCH", 2)
    witness, size = Witness(machine), machine.count("entry")
    with machine.opened() as workspace, workspace.transaction(settings.now()) as tx:
        add(tx, "dora0")
        add(tx, "dora1")
        lose()
        tx.read_mail(b"nobody")
        add(tx, "dora2")
    assert machine.count("entry") == size + 3
    agree(machine, "dora0", "dora1", "dora2")
    goes_on(machine, witness)


def test_where_others_went_on_before_the_commit_it_never_happened(machine: OnServer, lose: Callable[[], None]) -> None:
    ben = machine.of("ben")
    environment = ben.environment()
    ben.environment = lambda **more: environment  # type: ignore[method-assign]
    with machine.opened() as workspace, pytest.raises(Failed), workspace.transaction(settings.now()) as tx:  # noqa: PT012
        add(tx)
        lose()
        assert ben.spawn("person", "add", "Emil", "--handle", "emil").code == 0
    agree(machine, "emil")


# --- others' locks -----------------------------------------------------------------------------------------------------------------------


@contextmanager
def other(machine: OnServer) -> Iterator[psycopg.Connection[Any]]:
    """Somebody else's session, in a transaction."""
    with psycopg.connect(machine.address) as db:
        yield db
        db.rollback()


def test_a_deadlock_with_somebody_elses_session_is_put_in_again(machine: OnServer) -> None:
    """They hold the table and ask for the head; we hold the head and ask for the table. The server ends ours."""
    witness, size = Witness(machine), machine.count("entry")
    with other(machine) as db, machine.opened() as workspace:
        db.execute("SET deadlock_timeout = '60s'")
        db.execute("LOCK TABLE govern.entry IN EXCLUSIVE MODE")

        def asks() -> None:
            db.execute("SELECT * FROM govern.meta FOR UPDATE")
            db.rollback()

        thread = threading.Thread(target=asks)
        with workspace.transaction(settings.now()) as tx:
            add(tx)
            thread.start()
        thread.join(30)
        assert not thread.is_alive()
    assert machine.count("entry") == size + 1
    agree(machine, "dora")
    goes_on(machine, witness, "dora")


def test_control_the_server_does_end_one_of_two(machine: OnServer) -> None:
    with other(machine) as theirs, other(machine) as ours:
        theirs.execute("SET deadlock_timeout = '60s'")
        theirs.execute("LOCK TABLE govern.entry IN EXCLUSIVE MODE")
        ours.execute("SELECT * FROM govern.meta FOR UPDATE")
        thread = threading.Thread(target=lambda: theirs.execute("SELECT * FROM govern.meta FOR UPDATE"))
        thread.start()
        with pytest.raises(psycopg.errors.DeadlockDetected):
            ours.execute("LOCK TABLE govern.entry IN ROW EXCLUSIVE MODE")
        ours.rollback()
        thread.join(30)


def test_a_table_that_somebody_keeps_locked_is_told_and_nothing_is_recorded(machine: OnServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(engine._SESSION, "lock_timeout", "100")
    with other(machine) as db:
        db.execute("LOCK TABLE govern.entry IN EXCLUSIVE MODE")
        told = machine.run(*ADD, "--json")
        assert (told.code, told.json()["error"]["code"]) == (1, "busy")
    agree(machine)
    machine.ok(*ADD)
    agree(machine, "dora")


def test_somebody_elses_serializable_transaction_fails_where_it_must_and_ours_never(machine: OnServer) -> None:
    """Under one lock there is nothing to serialize: what fails is theirs. Control: two of theirs, of which one fails."""
    with other(machine) as theirs:
        theirs.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
        theirs.execute("SELECT count(*), sum(length(sealed)) FROM govern.entry")
        theirs.execute("SELECT * FROM govern.mailbox")
        machine.ok(*ADD)
        theirs.execute("INSERT INTO govern.mailbox VALUES ('x', 'request', 'x')")
        assert machine.run("reveal", "shop", "--stdout").out == SECRET
    agree(machine, "dora")
    with other(machine) as one, other(machine) as two:
        for each in (one, two):
            each.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
            each.execute("SELECT * FROM govern.mailbox")
        one.execute("INSERT INTO govern.mailbox VALUES ('y', 'request', 'y')")
        with pytest.raises(psycopg.errors.SerializationFailure):  # noqa: PT012
            two.execute("INSERT INTO govern.mailbox VALUES ('z', 'request', 'z')")
            one.commit()
            two.commit()
