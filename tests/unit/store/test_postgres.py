"""What is planted in the database is seen before a row is read; what passes is tried again; what would lose a commit is refused."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from govern.errors import Failed, GovernError, IntegrityError, NotFound, Refused, Usage
from govern.store import postgres
from govern.store.address import Server, typed
from govern.store.database import open_store
from govern.store.peek import Peek
from govern.store.postgres import PostgresStore
from govern.store.postgres_errors import from_postgres, passes
from govern.store.postgres_schema import DDL, SCHEMA, SCHEMA_QUERY
from govern.store.writing import Writing

from ...postgres import Cluster
from .conftest import fill

Administrator = psycopg.Connection[Any]


@pytest.fixture
def store(server: Server) -> Iterator[PostgresStore]:
    with closing(open_store(server)) as opened:
        assert isinstance(opened, PostgresStore)
        yield opened


@pytest.fixture
def admin(server: Server) -> Iterator[Administrator]:
    """The database's administrator, who may do everything."""
    with psycopg.connect(server.url, autocommit=True) as db:
        yield db


# --- what is planted ---------------------------------------------------------------------------------------------------------------------

FUNCTION = "CREATE OR REPLACE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
PLANTED = {
    "trigger": (FUNCTION, "CREATE TRIGGER t BEFORE INSERT ON govern.entry FOR EACH ROW EXECUTE FUNCTION public.f()"),
    "disabled trigger": (
        FUNCTION,
        "CREATE TRIGGER t BEFORE INSERT ON govern.entry FOR EACH ROW EXECUTE FUNCTION public.f()",
        "ALTER TABLE govern.entry DISABLE TRIGGER t",
    ),
    "rule": ("CREATE RULE r AS ON INSERT TO govern.wrap DO ALSO DELETE FROM govern.entry",),
    "view for a table": ("ALTER TABLE govern.version RENAME TO v", "CREATE VIEW govern.version AS SELECT * FROM govern.v"),
    "materialized view": ("CREATE MATERIALIZED VIEW govern.m AS SELECT 1",),
    "another table": ("CREATE TABLE govern.more (x int)",),
    "table gone": ("DROP TABLE govern.mailbox",),
    "column": ("ALTER TABLE govern.entry ADD COLUMN more int",),
    "column dropped": ("ALTER TABLE govern.entry ADD COLUMN more int", "ALTER TABLE govern.entry DROP COLUMN more"),
    "default": ("ALTER TABLE govern.entry ALTER COLUMN personal SET DEFAULT 'x'",),
    "null allowed": ("ALTER TABLE govern.entry ALTER COLUMN sealed DROP NOT NULL",),
    "another type": ("ALTER TABLE govern.checkpoint ALTER COLUMN size TYPE int",),
    "domain for a type": (
        "CREATE DOMAIN public.bytea AS bytea CHECK (length(VALUE) < 1000)",
        "ALTER TABLE govern.entry ALTER COLUMN sealed TYPE public.bytea",
    ),
    "generated column": ("ALTER TABLE govern.meta ADD COLUMN g text GENERATED ALWAYS AS (key) STORED",),
    "check": ("ALTER TABLE govern.entry ADD CHECK (idx < 1000)",),
    "foreign key": ("ALTER TABLE govern.checkpoint ADD FOREIGN KEY (size) REFERENCES govern.entry (idx) NOT VALID",),
    "index": ("CREATE INDEX i ON govern.entry (epoch)",),
    "primary key gone": ("ALTER TABLE govern.entry DROP CONSTRAINT entry_pkey",),
    "deferrable key": (
        "ALTER TABLE govern.entry DROP CONSTRAINT entry_pkey",
        "ALTER TABLE govern.entry ADD CONSTRAINT entry_pkey PRIMARY KEY (idx) DEFERRABLE INITIALLY DEFERRED",
    ),
    "key over another column": (
        "ALTER TABLE govern.entry DROP CONSTRAINT entry_pkey",
        "ALTER TABLE govern.entry ADD CONSTRAINT entry_pkey PRIMARY KEY (sealed)",
    ),
    "row security": ("ALTER TABLE govern.entry ENABLE ROW LEVEL SECURITY",),
    "forced row security": ("ALTER TABLE govern.entry FORCE ROW LEVEL SECURITY",),
    "policy": ("CREATE POLICY p ON govern.entry USING (idx < 10)",),
    "unlogged": ("ALTER TABLE govern.mailbox SET UNLOGGED",),
    "child table": ("CREATE TABLE public.child () INHERITS (govern.entry)",),
    "function": ("CREATE FUNCTION govern.max(bigint) RETURNS bigint LANGUAGE sql AS 'SELECT $1'",),
    "operator": (
        "CREATE OPERATOR govern.= (LEFTARG = bytea, RIGHTARG = bytea, FUNCTION = pg_catalog.byteane)",
    ),
    "type": ("CREATE TYPE govern.bytea AS ENUM ('a')",),
    "collation": ("CREATE COLLATION govern.c FROM \"C\"",),
    "sequence": ("CREATE SEQUENCE govern.s",),
}  # fmt: skip


def test_the_statements_make_the_known_schema(admin: Administrator) -> None:
    found = [tuple(map(str, row)) for row in admin.execute(SCHEMA_QUERY.encode()).fetchall() if row[0] != "setting"]
    assert set(found) == SCHEMA
    assert len(found) == len(SCHEMA)
    assert len(DDL) == 1 + 6 + 1


@pytest.mark.parametrize("what", PLANTED)
def test_whatever_is_planted_or_missing_is_refused_before_a_row_is_read(store: PostgresStore, admin: Administrator, what: str) -> None:
    with store.writing() as writing:
        fill(writing, 0, 2)
        writing.commit()
    assert store.peek() == Peek(2, b"note 2", 1)  # control
    for statement in PLANTED[what]:
        admin.execute(statement.encode())
    for opening in (store.reading, store.writing):
        with pytest.raises(IntegrityError) as refused, opening():
            pytest.fail("it was opened")
        assert (refused.value.code, refused.value.exit_code) == ("schema", 6)


def test_control_a_planted_trigger_would_have_changed_what_is_written(server: Server, admin: Administrator) -> None:
    admin.execute("CREATE OR REPLACE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.sealed := ''x''; RETURN NEW; END'")
    admin.execute("CREATE TRIGGER t BEFORE INSERT ON govern.entry FOR EACH ROW EXECUTE FUNCTION public.f()")
    admin.execute("INSERT INTO govern.entry VALUES (0, 'c', 'e', 'm', 'sealed', NULL)")
    assert admin.execute("SELECT sealed FROM govern.entry").fetchone() == (b"x",)


def test_names_are_never_looked_up_where_somebody_else_can_put_them(store: PostgresStore, admin: Administrator) -> None:
    """A login's own search path, and tables and functions of the same names in `public`, change nothing."""
    for statement in (
        "CREATE TABLE public.entry (idx bigint)",
        "INSERT INTO public.entry VALUES (41)",
        "CREATE FUNCTION public.max(bigint) RETURNS bigint LANGUAGE sql AS 'SELECT 42::bigint'",
        "ALTER DATABASE " + str(store.location).rpartition("/")[2].partition("?")[0] + " SET search_path = public, pg_catalog",
    ):
        admin.execute(statement.encode())
    try:
        with closing(open_store(store.location)) as fresh:
            with fresh.writing() as writing:
                fill(writing, 0, 1)
                writing.commit()
            assert fresh.peek() == Peek(1, b"note 1", 0)
    finally:
        for statement in ("DROP TABLE public.entry", "DROP FUNCTION public.max(bigint)"):
            admin.execute(statement.encode())


# --- what must be durable ----------------------------------------------------------------------------------------------------------------


def database(server: Server) -> str:
    return server.url.rpartition("/")[2].partition("?")[0]


def test_a_server_that_may_lose_what_it_acknowledged_is_refused_when_it_is_opened(server: Server, admin: Administrator) -> None:
    admin.execute(f"ALTER DATABASE {database(server)} SET synchronous_commit = off".encode())
    with closing(open_store(server)) as store:
        for opening in (store.reading, store.writing):
            with pytest.raises(Refused) as refused, opening():
                pytest.fail("it was opened")
            assert (refused.value.code, refused.value.exit_code) == ("durability", 4)
    admin.execute(f"ALTER DATABASE {database(server)} SET synchronous_commit = local".encode())
    with closing(open_store(server)) as store, store.reading():
        pass  # control


def test_a_session_that_does_not_keep_its_settings_is_refused(store: PostgresStore) -> None:
    """As behind a pooler that gives each transaction another connection."""

    def forget(connection: Any, _record: Any, _proxy: Any) -> None:
        connection.execute("RESET search_path")
        connection.commit()

    sa.event.listen(store._engine, "checkout", forget)
    with pytest.raises(Refused) as refused, store.reading():
        pytest.fail("it was opened")
    assert refused.value.code == "session"


# --- one writer after the other ----------------------------------------------------------------------------------------------------------


def test_a_second_writer_waits_and_sees_what_the_first_has_written(store: PostgresStore) -> None:
    order: list[str] = []

    def second() -> None:
        with closing(open_store(store.location)) as other, other.writing() as writing:
            order.append("second has the lock")
            assert writing.head() == (2, b"note 2")
            fill(writing, 2, 1)
            writing.commit()

    thread = threading.Thread(target=second)
    with store.writing() as writing:
        thread.start()
        fill(writing, 0, 2)
        thread.join(0.3)
        assert thread.is_alive(), "it waits"
        assert store.peek() == Peek(-1, b"", -1), "a reader does not"
        order.append("first commits")
        writing.commit()
    thread.join(30)
    assert order == ["first commits", "second has the lock"]
    assert store.peek().size == 3


def test_a_lock_that_is_never_given_back_is_told_after_a_bounded_wait(store: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(postgres._SESSION, "lock_timeout", "30")
    pauses: list[float] = []
    with closing(PostgresStore(store.location, postgres._engine(store.location), pauses.append)) as other, store.writing():  # type: ignore[arg-type]
        with pytest.raises(Failed) as refused, other.writing():
            pytest.fail("it has the lock")
        assert refused.value.code == "busy"
        assert len(pauses) == 3
    with closing(open_store(store.location)) as again, again.writing():
        pass  # control: it was given back


def test_what_passes_is_tried_again_before_anything_was_read(store: PostgresStore, cluster: Cluster) -> None:
    """The server ends every connection, as when it restarts: the next transaction takes a new one."""
    store.peek()
    cluster.disconnect(database(store.location))  # type: ignore[arg-type]
    with store.writing() as writing:
        fill(writing, 0, 1)
        writing.commit()
    cluster.disconnect(database(store.location))  # type: ignore[arg-type]
    assert store.peek() == Peek(1, b"note 1", 0)


@pytest.mark.parametrize("state", ["40001", "40P01", "55P03", "57P01", "08006", "53300"])
def test_a_failure_that_passes_is_tried_again_a_bounded_number_of_times(store: PostgresStore, state: str) -> None:
    raised = psycopg.errors.lookup(state) if state != "08006" else psycopg.errors.ConnectionFailure
    begun, times = PostgresStore.begin, []

    def begin(connection: sa.Connection) -> None:
        times.append(1)
        if len(times) < 3:
            raise sa.exc.OperationalError("SELECT", {}, raised("said"))
        begun(store, connection)

    store.begin = begin  # type: ignore[method-assign]
    store._pause = lambda seconds: None
    with store.writing() as writing:
        fill(writing, 0, 1)
    assert len(times) == 3
    times[:] = [1] * -100
    store.begin = lambda connection: (_ for _ in ()).throw(sa.exc.OperationalError("SELECT", {}, raised("said")))  # type: ignore[method-assign]
    with pytest.raises(Failed), store.writing():
        pytest.fail("it was begun")


def test_a_failure_that_stays_is_told_at_once(store: PostgresStore) -> None:
    store._pause = lambda seconds: pytest.fail("it was tried again")
    store.begin = lambda connection: (_ for _ in ()).throw(  # type: ignore[method-assign]
        sa.exc.OperationalError("SELECT", {}, psycopg.errors.DiskFull("said"))
    )
    with pytest.raises(Failed) as refused, store.writing():
        pass
    assert refused.value.code == "disk-full"


def fill_after(admin: Administrator, writing: Writing) -> None:
    admin.execute("INSERT INTO govern.entry VALUES (0, 'c', 'e', 'm', 's', NULL)")
    fill(writing, 0, 1)


def test_a_row_that_a_third_party_wrote_meanwhile_makes_the_commit_fail_and_forks_nothing(
    store: PostgresStore, admin: Administrator
) -> None:
    with pytest.raises(Failed) as refused, store.writing() as writing:
        fill_after(admin, writing)
    assert refused.value.code == "race"


# --- what it says ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "exit_code", "code"),
    [
        ("40001", 1, "busy"), ("40P01", 1, "busy"), ("55P03", 1, "busy"), ("57014", 1, "busy"), ("23505", 1, "race"), ("53100", 1, "disk-full"),
        ("25006", 1, "read-only"), ("42501", 1, "privilege"), ("3D000", 3, "not-found"), ("42P01", 6, "damaged"), ("42703", 6, "damaged"),
        ("XX001", 6, "damaged"), ("22021", 6, "damaged"), ("57P01", 1, "connection"), ("08006", 1, "connection"), ("28P01", 1, "login"),
        ("53300", 1, "busy"), ("P0001", 1, "database"),
    ],
)  # fmt: skip
def test_what_postgresql_says_becomes_an_error_of_ours(state: str, exit_code: int, code: str) -> None:
    raised = psycopg.DatabaseError("DETAIL: Key (target)=(secret row) exists")
    raised.sqlstate = state
    error = from_postgres(raised, "postgresql://db/vault")
    assert isinstance(error, GovernError)
    assert (error.exit_code, error.code) == (exit_code, code)
    assert "postgresql://db/vault" in error.message
    assert "secret row" not in error.message


@pytest.mark.parametrize(
    ("kind", "said", "exit_code", "code", "again"),
    [
        (psycopg.OperationalError, "connection failed: Connection refused", 1, "connection", True),
        (psycopg.OperationalError, "connection failed: FATAL: the database system is starting up", 1, "connection", True),
        (psycopg.OperationalError, "connection failed: fe_sendauth: no password supplied", 1, "login", False),
        (psycopg.OperationalError, 'connection failed: FATAL: password authentication failed for user "mia"', 1, "login", False),
        (psycopg.OperationalError, 'connection failed: root certificate file "/r.crt" does not exist', 1, "login", False),
        (psycopg.OperationalError, 'connection failed: FATAL: database "x" does not exist', 3, "not-found", False),
        (psycopg.OperationalError, "failed to resolve host 'nowhere'", 1, "connection", False),
        (psycopg.OperationalError, "consuming input failed: server closed the connection unexpectedly", 1, "connection", True),
        (psycopg.ProgrammingError, 'invalid connection option "nonsense"', 2, "usage", False),
        (psycopg.DataError, "bytes", 6, "damaged", False),
    ],
)
def test_what_libpq_says_becomes_an_error_of_ours(kind: type[psycopg.Error], said: str, exit_code: int, code: str, again: bool) -> None:
    error = from_postgres(kind(said), "postgresql://db/vault")
    assert (error.exit_code, error.code, passes(kind(said))) == (exit_code, code, again)


def test_a_server_that_is_not_there_is_told_with_the_way_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_PAUSES", ())
    server = typed("postgresql://127.0.0.1:1/vault")
    with closing(open_store(server)) as store, pytest.raises(Failed) as refused:
        store.peek()
    assert refused.value.code == "connection"
    assert refused.value.hint


def test_a_database_that_is_not_there_and_one_without_a_vault_are_named(cluster: Cluster, postgres: str) -> None:
    for address in (postgres, cluster.address("govern_test_none")):
        with closing(open_store(typed(address))) as store, pytest.raises(NotFound):
            store.peek()


def test_an_option_that_libpq_does_not_know_is_wrong_usage(postgres: str) -> None:
    with closing(open_store(typed(f"{postgres}&nonsense=1"))) as store, pytest.raises(Usage):
        store.peek()


def test_without_the_extra_it_is_said_how_to_install_it(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for name in [name for name in sys.modules if name == "psycopg" or name.startswith("psycopg.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(Usage) as refused:
        open_store(typed(postgres))
    assert "pip install '.[postgres]'" in refused.value.hint
