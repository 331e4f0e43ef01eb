"""One server and no other: no redirect, no endless answer, no certificate that nobody vouches for, and no secret in what is said of a failure."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from govern.connectors import http
from govern.connectors.address import read
from govern.connectors.http import Http, Unreachable

from ...loopback import Answer, answering, said

SECRET = "never-to-be-seen-anywhere"


@contextmanager
def serving(
    say: Answer, context: ssl.SSLContext | None = None, *, heard: Callable[[bytes], object] = bytes
) -> Iterator[tuple[str, list[str]]]:
    """A server that says this to everything; its address, and what it was asked. `heard` is given each body before the answer."""
    asked: list[str] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        heard(body)
        asked.append(f"{request.command} {request.path} {dict(request.headers)} {body!r}")
        say(request)

    with answering(answer, context) as url:
        yield url, asked


def plain(status: int = 200, body: bytes = b"{}", **headers: str) -> Answer:
    return lambda request: said(request, status, body, **headers)


@contextmanager
def client(url: str, monotonic: Callable[[], float] = time.monotonic) -> Iterator[Http]:
    one = Http(read(url, "shop"), monotonic)
    try:
        yield one
    finally:
        one.close()


def test_an_answer_is_read_and_never_shows_its_body() -> None:
    with serving(plain(body=f'{{"made": "{SECRET}"}}'.encode())) as (url, asked), client(url) as one:
        reply = one.ask("POST", "/change", value={"password": SECRET}, headers={"Authorization": f"Bearer {SECRET}"})
    assert reply.record() == {"made": SECRET}
    assert SECRET in asked[0]  # the control: it was sent
    assert SECRET not in repr(reply)


def test_a_redirect_is_not_followed_and_counts_as_silence() -> None:
    """The control follows it with what it carries, as any client would that was asked to."""
    import urllib3

    with serving(plain()) as (elsewhere, stolen), serving(plain(307, Location=f"{elsewhere}/steal")) as (url, _), client(url) as one:
        reply = one.ask("POST", "/change", value={"password": SECRET})
        assert (reply.status, reply.is_silence, stolen) == (307, True, [])
        with urllib3.PoolManager() as control:
            control.request("POST", f"{url}/change", json={"password": SECRET})
        assert SECRET in stolen[0]


def test_an_answer_without_end_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LARGEST", 1000)
    with serving(plain(body=b"x" * 1000)) as (url, _), client(url) as one:
        assert len(one.ask("GET", "/").body) == 1000
    with serving(plain(body=b"x" * 1001)) as (url, _), client(url) as one, pytest.raises(Unreachable, match="without end"):
        one.ask("GET", "/")


def test_an_answer_that_does_not_come_to_an_end_is_none() -> None:
    seconds = iter(range(0, 10_000, 2))
    with (
        serving(plain(body=b"x" * 900_000)) as (url, _),
        client(url, lambda: next(seconds)) as one,
        pytest.raises(Unreachable, match="in time"),
    ):
        one.ask("GET", "/")


def test_an_unpacked_bomb_stays_packed() -> None:
    import gzip

    bomb = gzip.compress(b"0" * 10_000_000)
    with serving(plain(body=bomb, Content_Encoding="gzip")) as (url, _), client(url) as one:
        reply = one.ask("GET", "/")
    assert (len(reply.body), reply.record()) == (len(bomb), {})


def cut_off(request: BaseHTTPRequestHandler) -> None:
    request.connection.shutdown(socket.SHUT_RDWR)


def test_a_failure_says_nothing_of_what_was_sent() -> None:
    with serving(cut_off) as (url, asked), client(url) as one, pytest.raises(Unreachable) as failed:
        one.ask("POST", "/change", value={"password": SECRET}, headers={"Authorization": f"Bearer {SECRET}"})
    assert SECRET in asked[0]
    error = failed.value
    assert SECRET not in f"{error!r} {error.message} {error.hint} {error.__cause__!r} {error.__context__!r}"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with client(f"http://127.0.0.1:{free.getsockname()[1]}") as one, pytest.raises(Unreachable, match="can't be reached"):
            one.ask("GET", "/")


@pytest.mark.parametrize(("value", "seconds"), [("120", 120), ("999999999", 86_400), ("-1", 0), ("soon", 0), ("٣", 0), ("", 0)])
def test_how_long_to_wait(value: str, seconds: int) -> None:
    assert http.Reply(429, {"retry-after": value}, b"").retry_after == seconds


# --- TLS --------------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def certified(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's side of TLS for 127.0.0.1, and the certificate that it signed itself."""
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "acme.example")]), datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = tmp_path / "server.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    public = tmp_path / "trusted.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, public


def test_a_certificate_that_nobody_vouches_for_is_refused(certified: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the same server, once the system trusts its certificate."""
    context, public = certified
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with serving(plain(), context) as (url, asked):
        with client(url) as one, pytest.raises(Unreachable, match="certificate"):
            one.ask("POST", "/change", value={"password": SECRET})
        assert asked == []
        monkeypatch.setenv("SSL_CERT_FILE", str(public))
        with client(url) as one:
            assert one.ask("POST", "/change", value={"password": SECRET}).status == 200


def test_no_variable_makes_a_record_of_the_session_keys(
    certified: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The control writes them, as every program does that takes Python's default."""
    context, public = certified
    monkeypatch.setenv("SSL_CERT_FILE", str(public))
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    with serving(plain(), context) as (url, _):
        with client(url) as one:
            one.ask("GET", "/")
        assert not (tmp_path / "keys").exists()
        import urllib.request

        urllib.request.urlopen(url, timeout=20, context=ssl.create_default_context(cafile=str(public))).close()  # noqa: S310
        assert (tmp_path / "keys").read_text()
