"""The logins of docs/security/postgresql.md: they suffice for a member, and no member's login can change what was written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from govern.errors import Failed
from govern.store.address import typed
from govern.store.database import create_store, open_store
from govern.store.postgres_schema import SCHEMA, SCHEMA_QUERY

from ...postgres import Cluster
from ...postgres import prepared as as_documented
from .conftest import entry, fill


@pytest.fixture
def prepared(cluster: Cluster, postgres: str) -> Iterator[str]:
    """A database as the page tells an administrator to prepare it, with an admin's login `mia` and a member's `ben`; its name."""
    name = postgres.rpartition("/")[2].partition("?")[0]
    with as_documented(cluster, name):
        yield name


def test_the_statements_of_the_page_make_the_schema_that_govern_makes(cluster: Cluster, prepared: str) -> None:
    with cluster.connect(prepared) as db:
        found = {tuple(map(str, row)) for row in db.execute(SCHEMA_QUERY).fetchall() if row[0] != "setting"}
    assert found == SCHEMA


def test_a_prepared_database_is_taken_as_it_is_and_not_taken_twice(cluster: Cluster, prepared: str) -> None:
    location = typed(cluster.address(prepared, "ben"))
    assert create_store(location) is False
    with closing(open_store(location)) as store:
        with store.writing() as writing:
            fill(writing, 0, 1)
            writing.commit()
        assert not store.may_change_entries()
    with pytest.raises(Failed) as refused:
        create_store(location)
    assert refused.value.code == "exists"
    with closing(open_store(typed(cluster.address(prepared)))) as owners:
        assert owners.may_change_entries()  # control


def test_a_members_login_suffices_for_everything_that_a_member_does(cluster: Cluster, prepared: str) -> None:
    with closing(open_store(typed(cluster.address(prepared, "ben")))) as store:
        with store.writing() as writing:
            writing.insert_entries([entry(0, b"personal")])
            writing.insert_checkpoint(1, b"note")
            writing.insert_versions([(b"d" * 32, b"k" * 32, b"v")])
            for sealed in (b"first", b"sealed anew"):
                writing.insert_wraps([(b"d" * 32, b"r" * 16, sealed)])
            writing.insert_letters([(b"i" * 16, "request", b"body")])
            writing.commit()
            writing.begin()
            writing.drop_wraps([(b"d" * 32, b"r" * 16)])
            writing.post(b"i" * 16, "request", b"another")
            writing.drop_mail([b"i" * 16])
            writing.commit()
        with store.reading() as reading:
            assert reading.head() == (1, b"note")
            assert list(reading.all_wraps()) == []
            reading.check_pages()
        store.settings()


def test_only_an_admins_login_drops_personal_parts(cluster: Cluster, prepared: str) -> None:
    with closing(open_store(typed(cluster.address(prepared, "ben")))) as store:
        with store.writing() as writing:
            writing.insert_entries([entry(0, b"personal")])
            writing.insert_checkpoint(1, b"note")
            writing.commit()
        with pytest.raises(Failed) as refused, store.writing() as writing:
            writing.drop_personal([0])
        assert refused.value.code == "privilege"
        with store.reading() as reading:
            assert reading.with_personal([0]) == [0]
    with closing(open_store(typed(cluster.address(prepared, "mia")))) as store, store.writing() as writing:
        writing.drop_personal([0])
        writing.commit()
        assert writing.with_personal([0]) == []


def test_only_an_admins_login_drops_versions(cluster: Cluster, prepared: str) -> None:
    """As the erasure of an account that was handed back does."""
    with cluster.connect(prepared) as db:
        db.execute("INSERT INTO govern.version VALUES ('d', 'c', 's')")
    with cluster.connect(prepared, "ben") as db, pytest.raises(psycopg.errors.InsufficientPrivilege):
        db.execute("DELETE FROM govern.version")
    with cluster.connect(prepared, "mia") as db:
        assert db.execute("DELETE FROM govern.version").rowcount == 1


def test_a_login_without_rights_is_told_so(cluster: Cluster, prepared: str) -> None:
    with cluster.connect(prepared) as db:
        db.execute("REVOKE govern_member FROM ben")
    with closing(open_store(typed(cluster.address(prepared, "ben")))) as store, pytest.raises(Failed) as refused:
        store.peek()
    assert refused.value.code == "privilege"
    assert "docs/security/postgresql.md" in refused.value.hint
