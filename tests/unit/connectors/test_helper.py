"""Whose secret helps a connector, and where it may be sent: to the server that its own account names, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from govern.connectors import address
from govern.connectors.bluesky import Bluesky
from govern.connectors.http import Http
from govern.connectors.protocol import Helper, Target
from govern.connectors.wordpress import WordPress
from govern.errors import Failed
from govern.vault.secret import Secret

from ...loopback import answering, said

SAYS = b'{"versions": ["v1.11"]}'


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """A server that says it speaks Matrix, and the Authorization headers that it was sent."""
    sent: list[str] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        sent.append(request.headers.get("Authorization") or "")
        said(request, body=SAYS)

    with answering(answer) as url:
        yield url, sent


@pytest.fixture
def two(vault: Any) -> Any:
    """An account whose url somebody has changed, and a server admin's on the server where it was."""
    vault.ok("account", "add", "brand", "--platform", "matrix", "--login", "brand", "--url", "http://127.0.0.1:1")
    vault.ok("credential", "add", "brand", "--kind", "password", stdin="first-secret")
    vault.ok("account", "add", "server-admin", "--platform", "matrix", "--login", "admin", "--url", "http://127.0.0.1:1")
    vault.ok("credential", "add", "server-admin", "--kind", "api-token", stdin="the-admins-own-token")
    return vault


def test_a_helper_is_sent_to_no_server_but_its_own(two: Any) -> None:
    with listening() as (url, sent):
        two.ok("account", "edit", "brand", "--url", url)
        told = two.run("rotate", "brand", "--connector", "matrix", "--by", "server-admin")
        assert told.code == 4, told
        assert "server-admin is not on the server of brand" in told.err
        assert sent == []
        assert "the-admins-own-token" not in told.out + told.err


def test_control_on_one_server_it_is_sent(two: Any) -> None:
    with listening() as (url, sent):
        for handle in ("brand", "server-admin"):
            two.ok("account", "edit", handle, "--url", url)
        two.run("rotate", "brand", "--connector", "matrix", "--by", "server-admin")
        assert "Bearer the-admins-own-token" in sent


@pytest.mark.parametrize(("make", "helps"), [(WordPress, "app-password"), (Bluesky, "password")])
def test_what_a_platform_issues_is_never_set_as_the_password(make: Any, helps: str) -> None:
    """Where an app password was staged by hand, it must not become the password of the account."""
    target = Target(
        handle="blog", url="http://127.0.0.1:1", login="brand", kind="app-password", label="govern-00000000", old_label="",
        helper=Helper(login="brand", kind=helps, secret=Secret("helps")),
    )  # fmt: skip
    connector = make(target, Http(address.read(target.url, target.handle), lambda: 0.0))
    with pytest.raises(Failed, match="issued, not chosen"):
        connector.apply(None, Secret("staged-by-hand"))
