"""Mail servers of this machine alone, for as long as a test needs one: a real one (aiosmtpd), certificates of an authority made for the test, and
one that says whatever the test says."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LOGIN, SECRET = "reminders@example.org", "pässword no. 1 of the relay"


@dataclass(frozen=True)
class Authority:
    """Who signs certificates here: `trusted` believes it, `serving` is a server of the name."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def path(self) -> Path:
        path = self.folder / "authority.pem"
        path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        return path

    def trusted(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.path)
        return context

    def serving(self, name: str = "127.0.0.1", *, days: int = 1) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        try:
            named: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
        except ValueError:
            named = x509.DNSName(name)
        certificate = _certificate(name, self.certificate.subject, key.public_key(), days).add_extension(
            x509.SubjectAlternativeName([named]), critical=False
        )
        path = self.folder / f"{name}-{days}.pem"
        path.write_bytes(
            certificate.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )  # fmt: skip
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def _certificate(name: str, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=30))
        .not_valid_after(now + dt.timedelta(days=days))
    )


def authority(folder: Path) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority of the tests")])
    certificate = (
        _certificate("an authority of the tests", name, key.public_key(), 1)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(folder, key, certificate)


@dataclass
class Inbox:
    """What a real server took, and how it was to answer: `rcpt` by address, `data` to every message."""

    port: int = 0
    got: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    rcpt: dict[str, str] = field(default_factory=dict)
    sender: str = ""
    data: str = ""
    refused: list[bytes] = field(default_factory=list)
    """Messages that were answered so."""

    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(data, policy=policy.default) for _, _, data in self.got]  # type: ignore[arg-type, misc]

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if self.sender:
            return self.sender
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if address in self.rcpt:
            return self.rcpt[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        if self.data:
            self.refused.append(envelope.content)
            return self.data
        self.got.append((envelope.mail_from or "", list(envelope.rcpt_tos), envelope.content))
        return "250 2.0.0 taken"

    def check(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=self.logins[-1] == (LOGIN, SECRET), handled=False)


@contextmanager
def real(
    context: ssl.SSLContext | None = None, *, implicit: bool = False, login: bool = True, before_tls: bool = False, utf8: bool = True
) -> Iterator[Inbox]:
    """aiosmtpd on a port of its own. `before_tls`: it takes a login in the clear."""
    inbox = Inbox()

    class Serves(Controller):
        def factory(self) -> SMTP:
            return SMTP(
                inbox, enable_SMTPUTF8=utf8, tls_context=None if implicit else context, require_starttls=False,
                authenticator=inbox.check if login else None, auth_required=login, auth_require_tls=not (before_tls or implicit), timeout=20,
            )  # fmt: skip

    with socket.create_server(("127.0.0.1", 0)) as free:
        inbox.port = free.getsockname()[1]
    serves = Serves(inbox, hostname="127.0.0.1", port=inbox.port, ssl_context=context if implicit else None, ready_timeout=20)
    serves.start()
    try:
        yield inbox
    finally:
        serves.stop()


@contextmanager
def scripted(serve: Callable[[socket.socket], None]) -> Iterator[tuple[int, list[bytes]]]:
    """A server whose every connection `serve` answers; its port, and what was said to it."""
    listens = socket.create_server(("127.0.0.1", 0))
    heard: list[bytes] = []

    class Hears(socket.socket):
        def recv(self, *args: int) -> bytes:
            data = super().recv(*args)
            heard.append(data)
            return data

    def one(accepted: socket.socket) -> None:
        with suppress(OSError), Hears(fileno=accepted.detach()) as heard_by:
            heard_by.settimeout(20)
            serve(heard_by)

    def accepting() -> None:
        while True:
            try:
                accepted, _ = listens.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(accepted,), daemon=True).start()

    thread = threading.Thread(target=accepting, daemon=True)
    thread.start()
    try:
        yield listens.getsockname()[1], heard
    finally:
        with suppress(OSError):
            listens.shutdown(socket.SHUT_RDWR)
        listens.close()
        thread.join(10)
