"""Where a vault is, as it is typed: a path or an address; never with a password, and never over a network in the clear."""

from __future__ import annotations

from pathlib import Path

import pytest

from govern.errors import Refused, Usage
from govern.store.address import Server, is_loopback, may_be_there, typed
from govern.store.location import check_location


@pytest.mark.parametrize(
    ("named", "path"),
    [
        ("vault.db", "vault.db"),
        ("sqlite:///vault.db", "vault.db"),
        ("sqlite:////srv/v.db", "/srv/v.db"),
        ("sqlite+pysqlite:///v.db", "v.db"),
    ],
)
def test_a_file_is_named_by_path_or_address(named: str, path: str) -> None:
    assert typed(named) == Path(path).absolute()


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_a_server_is_named_by_an_address_and_shown_without_the_driver(scheme: str) -> None:
    server = typed(f"{scheme}://mia@db.acme.example:5433/vault?sslmode=verify-full")
    assert isinstance(server, Server)
    assert str(server) == "postgresql://mia@db.acme.example:5433/vault?sslmode=verify-full"
    assert server.hosts == ("db.acme.example",)
    assert server.options == {"sslmode": "verify-full"}


@pytest.mark.parametrize(
    "named",
    [
        "postgresql://mia:s3cret-word@db/vault", "postgresql://mia:@db/vault", "postgresql://db/vault?password=s3cret-word",
        "postgresql://db/vault?user=mia&PASSWORD=s3cret-word", "postgresql://db/vault?sslpassword=s3cret-word",
        "postgresql+psycopg://mia:s3cret-word@[::1]/vault", "postgresql://mia:s3cret-word@[bad/vault",
        "postgresql://db/vault?a=s3cret-word&a=2", "mysql://mia:s3cret-word@db/vault", "postgres://mia:s3cret-word@db/vault",
    ],
)  # fmt: skip
def test_an_address_with_a_password_is_refused_and_never_repeated(named: str) -> None:
    with pytest.raises(Usage) as refused:
        typed(named)
    assert "s3cret-word" not in refused.value.message + refused.value.hint
    assert refused.value.hint


def test_the_way_on_from_a_password_is_a_pgpass_file() -> None:
    with pytest.raises(Usage) as refused:
        typed("postgresql://mia:word@db/vault")
    assert "pgpass" in refused.value.hint


@pytest.mark.parametrize(
    "named", ["postgresql://", "postgresql://db", "postgresql://db/", "oracle://db/vault", "://x", "postgresql://db:x:y[/v?"]
)
def test_what_is_no_address_is_wrong_usage(named: str) -> None:
    with pytest.raises(Usage):
        typed(named)


def test_a_name_that_nobody_has_is_wrong_usage() -> None:
    for named in ("~nobody-of-that-name/vault.db", "sqlite:///~nobody-of-that-name/vault.db"):
        with pytest.raises(Usage):
            typed(named)


@pytest.mark.parametrize(
    ("named", "local"),
    [
        ("postgresql:///vault", True), ("postgresql://localhost/vault", True), ("postgresql://127.0.0.2:5432/vault", True),
        ("postgresql://[::1]:5432/vault", True), ("postgresql:///vault?host=/run/postgresql", True), ("postgresql://%2Frun%2Fpg/vault", True),
        ("postgresql://db/vault", False), ("postgresql://10.0.0.1/vault", False), ("postgresql://localhost,db/vault", False),
        ("postgresql:///vault?host=db", False), ("postgresql://localhost/vault?hostaddr=10.0.0.1", False),
        ("postgresql://[2001:db8::1]/vault", False), ("postgresql://localhost.acme.example/vault", False),
    ],
)  # fmt: skip
def test_what_is_reached_without_a_network_is_known(named: str, local: bool) -> None:
    server = typed(named)
    assert isinstance(server, Server)
    assert server.is_local is local


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "", "nonsense"])
def test_a_server_elsewhere_is_never_reached_in_the_clear(mode: str) -> None:
    with pytest.raises(Refused) as refused:
        check_location(typed(f"postgresql://db.acme.example/vault?sslmode={mode}"))
    assert (refused.value.rule, refused.value.control) == ("tls", "SC-8")
    assert "sslrootcert" in refused.value.hint
    check_location(typed(f"postgresql://localhost/vault?sslmode={mode}"))  # control: on this machine it is nobody's business


@pytest.mark.parametrize("query", ["", "?sslmode=require", "?sslmode=verify-ca", "?sslmode=verify-full&sslrootcert=system"])
def test_control_an_encrypted_connection_is_accepted(query: str) -> None:
    check_location(typed(f"postgresql://db.acme.example/vault{query}"))


def test_loopback_is_told_from_names_that_look_like_it() -> None:
    assert [is_loopback(host) for host in ("localhost", "::1", "127.1.2.3", "127.0.0.1.example", "localhost.", "")] == [True] * 3 + [
        False
    ] * 3


def test_whether_there_is_a_vault_is_only_known_of_files(tmp_path: Path) -> None:
    assert not may_be_there(tmp_path / "none.db")
    assert may_be_there(typed("postgresql://db/vault"))


def test_how_a_password_is_asked_for_is_no_part_of_what_is_shown_or_compared() -> None:
    asked = typed("postgresql://db/vault", ask=lambda question: "word")
    assert asked == typed("postgresql://db/vault")
    assert "ask" not in repr(asked)
