"""The tests' own server: where there is none the run says so, and on a CI server it does not pass."""

from __future__ import annotations

import os

import pytest

from ... import postgres
from ...postgres import any_cluster


@pytest.fixture
def nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither binaries nor a server that was named."""
    monkeypatch.delenv("GOVERN_TEST_PG_URL", raising=False)
    monkeypatch.setattr(postgres, "binaries", lambda: None)


@pytest.mark.usefixtures("nothing")
def test_without_a_server_the_tests_that_need_one_are_skipped_and_say_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"no PostgreSQL to test with: .*GOVERN_TEST_PG_URL"), any_cluster():
        pytest.fail("there is one")


@pytest.mark.usefixtures("nothing")
@pytest.mark.parametrize("said", ["true", "1", "True"])
def test_without_a_server_a_ci_run_fails(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv("CI", said)
    with pytest.raises(pytest.fail.Exception, match="no PostgreSQL to test with"), any_cluster():
        pass


def test_a_server_that_is_named_is_taken_instead_of_one_of_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOVERN_TEST_PG_URL", "postgresql://db.acme.example/postgres")
    monkeypatch.setattr(postgres, "running", lambda: pytest.fail("one was started"))
    with any_cluster() as found:
        assert found.address("vault", "mia", sslmode="require") == "postgresql://mia@db.acme.example/vault?sslmode=require"


def test_our_own_server_listens_on_no_port(cluster: postgres.Cluster) -> None:
    with cluster.connect() as db:
        ((listens,),) = db.execute("SHOW listen_addresses").fetchall()
    assert listens == "" or "GOVERN_TEST_PG_URL" in os.environ
