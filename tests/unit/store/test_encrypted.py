"""A server behind TLS: its certificate is checked as the address says, and an unencrypted connection elsewhere is given up."""

from __future__ import annotations

import contextlib
import datetime
import os
import select
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from govern.errors import Failed, NotFound, Refused, Usage
from govern.store import postgres
from govern.store.address import Server, typed
from govern.store.database import open_store

from ...postgres import Cluster


def certificate(name: str) -> tuple[bytes, bytes]:
    """A self-signed one and its key, as PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return made.public_bytes(serialization.Encoding.PEM), private


def served(listening: socket.socket, context: ssl.SSLContext, behind: str) -> None:
    """Answer the request for TLS, and pass on what is inside to the server's own socket (postgresql.org/docs/current/protocol-flow.html)."""
    while True:
        try:
            outer, _ = listening.accept()
        except OSError:
            return
        with contextlib.suppress(OSError), outer:
            if outer.recv(8) != struct.pack(">II", 8, 80877103):
                continue  # a start-up message in the clear: nobody is at home for it
            outer.sendall(b"S")
            with context.wrap_socket(outer, server_side=True) as inner, socket.socket(socket.AF_UNIX) as server:
                server.connect(behind)
                passed_on(inner, server)


def passed_on(inner: ssl.SSLSocket, server: socket.socket) -> None:
    while True:
        ready = [inner] if inner.pending() else select.select([inner, server], [], [], 30)[0]
        for one in ready:
            data = one.recv(65536)
            if not data:
                return
            (server if one is inner else inner).sendall(data)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster) -> Iterator[tuple[str, Path]]:
    """The address of a server that takes nothing but TLS, and the file of its certificate, which is of `localhost`.

    The server's binaries have no TLS of their own, so it stands behind one that unwraps it.
    """
    if "GOVERN_TEST_PG_URL" in os.environ:
        pytest.skip("how a server that somebody else runs is reached is not ours to say")
    folder = tmp_path_factory.mktemp("tls")
    pem, key = certificate("localhost")
    (folder / "root.pem").write_bytes(pem)
    (folder / "key.pem").write_bytes(key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "root.pem", folder / "key.pem")
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=served, args=(listening, context, f"{cluster.url.rpartition('host=')[2]}/.s.PGSQL.5432"))
    thread.start()
    yield f"postgresql://govern@localhost:{listening.getsockname()[1]}/postgres", folder / "root.pem"
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join(30)


def reached(address: str) -> None:
    with closing(open_store(typed(address))) as store, pytest.raises(NotFound, match="no vault"):
        store.peek()


def test_a_certificate_of_the_host_that_is_named_is_accepted(tls: tuple[str, Path]) -> None:
    address, trusted = tls
    reached(f"{address}?sslmode=verify-full&sslrootcert={trusted}")
    reached(f"{address}?sslmode=require")


def test_another_certificate_and_another_name_are_refused(tls: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_PAUSES", ())
    address, trusted = tls
    other = tmp_path / "other.pem"
    other.write_bytes(certificate("localhost")[0])
    for wrong in (
        f"{address}?sslmode=verify-full&sslrootcert={other}",
        f"{address.replace('localhost', '127.0.0.1')}?sslmode=verify-full&sslrootcert={trusted}",
        f"{address}?sslmode=verify-full&sslrootcert={tmp_path / 'none.pem'}",
        f"{address}?sslmode=disable",
    ):
        with closing(open_store(typed(wrong))) as store, pytest.raises(Failed) as refused:
            store.peek()
        assert refused.value.code == ("connection" if "disable" in wrong else "login"), wrong
    reached(f"{address.replace('localhost', '127.0.0.1')}?sslmode=verify-ca&sslrootcert={trusted}")  # control: the name alone was wrong


def connected(address: str, *, encrypted: bool, version: int = 180_000) -> Any:
    return SimpleNamespace(info=SimpleNamespace(server_version=version, hostaddr=address), pgconn=SimpleNamespace(ssl_in_use=encrypted))


def test_a_connection_that_turns_out_to_be_in_the_clear_is_given_up() -> None:
    """`PGHOSTADDR` may have led it elsewhere than the address says."""
    server = typed("postgresql://localhost/vault")
    assert isinstance(server, Server)
    with pytest.raises(Refused) as refused:
        postgres._check_connection(connected("10.0.0.1", encrypted=False), server)
    assert refused.value.rule == "tls"
    for fine in (connected("10.0.0.1", encrypted=True), connected("127.0.0.1", encrypted=False), connected("", encrypted=False)):
        postgres._check_connection(fine, server)


def test_a_server_that_is_too_old_is_named() -> None:
    server = typed("postgresql://localhost/vault")
    assert isinstance(server, Server)
    with pytest.raises(Usage, match="PostgreSQL 12"):
        postgres._check_connection(connected("", encrypted=False, version=120_004), server)


@pytest.mark.parametrize(
    ("address", "mode"),
    [
        ("postgresql://db.acme.example/vault", "verify-full"), ("postgresql:///vault", "verify-full"), ("postgresql://localhost/vault", None),
        ("postgresql://db.acme.example/vault?sslmode=require", "require"), ("postgresql:///vault?host=/run/pg", None),
    ],
)  # fmt: skip
def test_what_the_address_leaves_open_is_verified(monkeypatch: pytest.MonkeyPatch, address: str, mode: str | None) -> None:
    import psycopg

    given: dict[str, Any] = {}

    def connect(**more: Any) -> Any:
        given.update(more)
        raise psycopg.OperationalError("connection failed: stopped here")

    monkeypatch.setattr(psycopg, "connect", connect)
    with closing(open_store(typed(address))) as store, pytest.raises(Failed):
        store.peek()
    assert given.get("sslmode") == mode
    assert "password" not in given
