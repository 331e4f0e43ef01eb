"""One connection to one mail server (RFC 5321): opened, encrypted and logged in, or a reason why not. Knows no message.

The secret goes only through TLS whose certificate was verified. A whole step (opening; one message) has a time limit, whatever the server
does in it: each line of an answer has one of its own in `smtplib`, and a server that sends a line a minute would hold a run for ever.
"""

from __future__ import annotations

import base64
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from govern.tls import verified
from govern.vault.secret import Secret

CONNECT_SECONDS: Final = 10.0
STEP_SECONDS: Final = 60.0
LOCAL_HOST: Final = "127.0.0.1"


class Tls(StrEnum):
    """How a connection to a mail server is protected."""

    STARTTLS = "starttls"
    """Opened in the clear and encrypted before anything is said (RFC 3207); a server that does not offer it gets nothing."""
    TLS = "tls"
    """Encrypted from the first byte (RFC 8314), the better of the two."""
    LOCAL = "local"
    """The relay of this very machine, at 127.0.0.1 and without a login: nothing goes over a network until that relay sends it on."""


PORTS: Final = {Tls.STARTTLS: 587, Tls.TLS: 465, Tls.LOCAL: 25}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """Where mail is handed in and whose name it bears. `login` is None where the server asks for none."""

    host: str
    port: int
    tls: Tls
    sender: str
    sender_name: str = "govern"
    login: str | None = None


class Unsendable(Exception):
    """Why nothing can be sent by this server now: words of our own, with its numbers at most."""


class Session(smtplib.SMTP):
    """An open connection; its steps are bounded by `within`."""

    def __init__(self, mail: Mail, context: ssl.SSLContext | None, *, seconds: float = STEP_SECONDS) -> None:
        # The name of this machine is nobody's business, and looking it up may take minutes.
        super().__init__(local_hostname=f"[{LOCAL_HOST}]", timeout=seconds)
        self._host = mail.host  # the name that `starttls` holds the certificate against
        self._mail, self._context, self._seconds = mail, context, seconds
        self._wire: socket.socket | None = None
        self._late = False

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        raw = socket.create_connection((host, port), min(CONNECT_SECONDS, timeout))
        raw.settimeout(timeout)
        self._wire = raw.dup()
        if self._late:
            self._end()
        if self._context is None or self._mail.tls is not Tls.TLS:
            return raw
        return self._context.wrap_socket(raw, server_hostname=host)

    def _end(self) -> None:
        self._late = True
        if self._wire is not None:
            with suppress(OSError):
                self._wire.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def within(self, seconds: float | None = None) -> Iterator[None]:
        """End the connection where what is done here takes too long. Raises TimeoutError instead of what then fails."""
        self._late = False
        clock = threading.Timer(self._seconds if seconds is None else seconds, self._end)
        clock.daemon = True
        clock.start()
        try:
            yield
        except (OSError, smtplib.SMTPException, ValueError):
            if self._late:
                raise TimeoutError from None
            raise
        finally:
            clock.cancel()

    def close(self) -> None:
        super().close()
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()

    def leave(self) -> None:
        """Say goodbye, where the server still listens."""
        with suppress(OSError, smtplib.SMTPException, ValueError), self.within(min(5.0, self._seconds)):
            self.quit()
        self.close()

    def open(self, secret: Secret | None) -> None:
        """Connect, encrypt, log in. Raises Unsendable, or what smtplib and ssl raise."""
        self.connect(self._mail.host, self._mail.port)
        self._greet()
        if self._mail.tls is Tls.STARTTLS:
            if not self.has_extn("starttls"):
                raise Unsendable("the mail server offers no STARTTLS: nothing is sent to it in the clear")
            code, _ = self.starttls(context=self._context)
            if code != 220:
                raise Unsendable(f"the mail server began no TLS ({code})")
            self._greet()
        if self._mail.login is not None and secret is not None:
            self._log_in(self._mail.login, secret)

    def _greet(self) -> None:
        code, _ = self.ehlo()
        if not 200 <= code <= 299:
            raise Unsendable(f"the mail server does not greet ({code})")

    def _log_in(self, login: str, secret: Secret) -> None:
        """AUTH PLAIN (RFC 4616) or LOGIN, in UTF-8. Only ever reached through TLS."""
        if not isinstance(self.sock, ssl.SSLSocket):
            raise Unsendable("no secret is sent without TLS")
        offered = self.esmtp_features.get("auth", "").upper().split()
        if "PLAIN" in offered:
            code, _ = self.docmd("AUTH", f"PLAIN {_base64(f'{chr(0)}{login}{chr(0)}{secret.reveal()}')}")
        elif "LOGIN" in offered:
            code, _ = self.docmd("AUTH", "LOGIN")
            for part in (login, secret.reveal()):
                if code == 334:
                    code, _ = self.docmd(_base64(part))
        else:
            raise Unsendable("the mail server offers no login by AUTH PLAIN or LOGIN")
        if code != 235:
            raise Unsendable(f"the mail server does not take the login ({code})")


def connect(mail: Mail, secret: Secret | None, *, context: ssl.SSLContext | None = None, seconds: float = STEP_SECONDS) -> Session:
    """A connection that is ready for messages. `context`: instead of one that trusts what this machine trusts. Raises Unsendable."""
    if mail.tls is Tls.LOCAL:
        if mail.host != LOCAL_HOST or mail.login is not None or secret is not None:
            raise Unsendable("without TLS only the relay of this machine is spoken to, and without a login")
    elif mail.login is not None and secret is None:
        raise Unsendable("the channel has a login and no secret")
    session = Session(mail, None if mail.tls is Tls.LOCAL else context or verified(), seconds=seconds)
    try:
        with session.within():
            session.open(secret)
    except Unsendable:
        session.close()
        raise
    except (OSError, smtplib.SMTPException, ValueError) as error:
        session.close()
        raise Unsendable(why(error)) from None
    return session


def why(error: Exception) -> str:
    """In words of our own: what a server says may quote an address, or what was sent."""
    match error:
        case ssl.SSLError():
            return "the mail server has a certificate that can't be trusted, or speaks no TLS that is safe"
        case TimeoutError():
            return "the mail server does not answer in time"
        case smtplib.SMTPResponseException():
            return f"the mail server said no ({numbers(error.smtp_code, error.smtp_error)})"
        case smtplib.SMTPServerDisconnected() if isinstance(
            error.__context__, TimeoutError
        ):  # as smtplib tells of a wire that gave up by itself
            return "the mail server does not answer in time"
        case smtplib.SMTPServerDisconnected():
            return "the mail server broke off"
        case OSError() if not isinstance(error, smtplib.SMTPException):
            return "the mail server can't be reached"
        case _:
            return "the mail server answers in another language than SMTP"


def numbers(code: int, said: bytes | str) -> str:
    """The code of an answer with its enhanced status (RFC 3463) where it has one."""
    text = said.decode("ascii", "replace") if isinstance(said, bytes) else said
    found = re.match(r"([245]\.\d{1,3}\.\d{1,3})(?:\s|$)", text)
    return f"{code} {found[1]}" if found else str(code)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8")).decode("ascii")
