"""What was written stays as it was under the logins of docs/security/postgresql.md, whatever statement a member's gives."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psycopg
import pytest

from ...postgres import Cluster
from ...postgres import prepared as as_documented


@pytest.fixture(scope="module")
def written(cluster: Cluster) -> Iterator[str]:
    """A database prepared as the page says, with one entry under a checkpoint: one for all, since nothing may come of any statement; its name."""
    name = f"govern_test_written_{os.getpid()}"
    cluster.emptied(name)
    with as_documented(cluster, name):
        with cluster.connect(name) as db:
            db.execute("INSERT INTO govern.entry VALUES (0, 'c', 'e', 'm', 's', 'p')")
            db.execute("INSERT INTO govern.checkpoint VALUES (1, 'n')")
        yield name
    cluster.drop(name)


@pytest.mark.parametrize("login", ["ben", "mia"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE govern.entry SET sealed = 'x'", "UPDATE govern.entry SET commitment = 'x'", "UPDATE govern.entry SET idx = idx + 1",
        "DELETE FROM govern.entry", "TRUNCATE govern.entry", "DROP TABLE govern.entry",
        "INSERT INTO govern.entry VALUES (0, 'c', 'e', 'm', 's', NULL) ON CONFLICT (idx) DO UPDATE SET sealed = 'x'",
        "UPDATE govern.checkpoint SET note = 'x'", "DELETE FROM govern.checkpoint", "TRUNCATE govern.checkpoint",
        "UPDATE govern.version SET sealed = 'x'", "TRUNCATE govern.version", "UPDATE govern.wrap SET sealed = 'x'",
        "UPDATE govern.meta SET key = 'x'", "DELETE FROM govern.meta", "INSERT INTO govern.meta VALUES ('x', 'x')",
        "ALTER TABLE govern.entry ADD COLUMN x int", "CREATE TABLE govern.x (x int)", "CREATE TABLE public.x (x int)",
        "CREATE FUNCTION govern.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TRIGGER t BEFORE INSERT ON govern.entry FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "CREATE RULE r AS ON INSERT TO govern.entry DO INSTEAD NOTHING", "SET ROLE govern_owner",
    ],
)  # fmt: skip
def test_no_members_login_can_change_what_was_written(cluster: Cluster, written: str, login: str, statement: str) -> None:
    with cluster.connect(written) as db:
        before = db.execute("SELECT * FROM govern.entry").fetchall()
    with cluster.connect(written, login) as db, pytest.raises(psycopg.errors.InsufficientPrivilege):
        db.execute(statement)
    with cluster.connect(written) as db:
        assert db.execute("SELECT * FROM govern.entry").fetchall() == before
        if not statement.startswith(("SET", "CREATE TABLE public")):
            db.execute("BEGIN")
            db.execute(statement)  # control: its owner's login could
            db.execute("ROLLBACK")
