"""A server that sends its answer byte by byte holds no command longer than one answer may take: not in its first line, not in its headers, not in TLS.

The control of each is urllib3 with the same timeout, which waits as long as the server likes, and takes the answer in the end.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import urllib3

from govern.connectors import http
from govern.connectors.address import read
from govern.connectors.http import Http, Unreachable

from .test_http import certified, plain, serving  # noqa: F401  a fixture

SECONDS = 0.4
"""How long an answer may take here."""
PAUSE, DRIPS = 0.05, 40
"""Between two bytes; and how many come so: five times as long, in all."""
ANSWER = b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100 + b"\r\nContent-Length: 60\r\n\r\n" + b"y" * 60


@contextmanager
def dripping(start: int, context: ssl.SSLContext | None = None) -> Iterator[str]:
    """A server that sends `DRIPS` bytes of its answer, from `start` on, one by one, and the rest at once."""
    listens = socket.create_server(("127.0.0.1", 0))

    def answer(one: socket.socket) -> None:
        try:
            with context.wrap_socket(one, server_side=True) if context else one as request:
                request.recv(65_536)
                request.sendall(ANSWER[:start])
                for place in range(start, start + DRIPS):
                    time.sleep(PAUSE)
                    request.sendall(ANSWER[place : place + 1])
                request.sendall(ANSWER[start + DRIPS :])
        except OSError:
            pass

    def serve() -> None:
        while True:
            try:
                one, _ = listens.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(one,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"{'https' if context else 'http'}://127.0.0.1:{listens.getsockname()[1]}"
    finally:
        listens.shutdown(socket.SHUT_RDWR)
        listens.close()


def asked(url: str) -> int:
    one = Http(read(url, "shop"), time.monotonic)
    try:
        return one.ask("GET", "/").status
    finally:
        one.close()


def control(url: str, trusted: Path | None = None) -> int:
    timeout = urllib3.Timeout(connect=SECONDS, read=SECONDS)
    with urllib3.PoolManager(timeout=timeout, retries=False, ca_certs=str(trusted) if trusted else None) as pool:
        return pool.request("GET", url).status


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "ANSWER_SECONDS", SECONDS)


@pytest.mark.usefixtures("brief")
@pytest.mark.parametrize("start", [0, 20, len(ANSWER) - 60], ids=["status line", "headers", "body"])
def test_an_answer_in_drips_is_none(start: int) -> None:
    with dripping(start) as url:
        assert control(url) == 200
        with pytest.raises(Unreachable, match="does not answer in time"):
            asked(url)


@pytest.mark.usefixtures("brief")
def test_nor_is_one_within_tls(certified: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    context, public = certified
    monkeypatch.setenv("SSL_CERT_FILE", str(public))
    with dripping(0, context) as url:
        assert control(url, public) == 200
        with pytest.raises(Unreachable, match="does not answer in time"):
            asked(url)
    with serving(plain(), context) as (url, _):
        assert asked(url) == 200  # and one that answers at once is heard


@pytest.mark.usefixtures("brief")
def test_the_time_of_one_answer_is_not_that_of_the_next() -> None:
    now = [0.0]
    with serving(plain()) as (url, _):
        one = Http(read(url, "shop"), lambda: now[0])
        for _ in range(3):
            assert one.ask("GET", "/").status == 200
            now[0] += SECONDS * 10
        one.close()


def test_a_name_with_many_addresses_has_no_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each address is tried as long as time is left, and no longer; the control tries all of them."""
    tried: list[str] = []
    now = [0.0]

    class Silent(socket.socket):
        def connect(self, where: object) -> None:
            tried.append(str(where))
            now[0] += 10
            raise TimeoutError

    from govern.connectors import bounded

    monkeypatch.setattr(bounded, "_Plain", Silent)
    many = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 9))] * 50
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: many)
    one = Http(read("https://acme.example", "shop"), lambda: now[0])
    with pytest.raises(Unreachable, match="can't be reached"):
        one.ask("GET", "/")
    assert 0 < len(tried) <= 3
