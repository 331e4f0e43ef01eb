"""Mail goes through verified TLS to a server that takes it, every refusal is told as what it is, and no recipient holds up another.

Against a real server, with an authority and certificates made here; and against one that misbehaves as told.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from govern.notices.mail import send
from govern.notices.message import Delivery, Message, Outcome, list_id, message_id
from govern.notices.smtp import Mail, Session, Tls, connect
from govern.vault.secret import Secret

from .servers import LOGIN, SECRET, Authority, authority, real, scripted

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # the real server's own, of tests with a bad one
AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
VAULT = "ab" * 32


@pytest.fixture(scope="module")
def signs(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("authority"))


def message(
    to: str | None = "kim@example.org", name: str = "Kim Åberg", subject: str = "Skift adgangskoden: senest 24. november"
) -> Message:
    return Message(
        message_id=message_id(VAULT, name, [("rotation:1", "due")]), to_name=name, to_mail=to, locale="da", subject=subject,
        text="Hej Kim,\n\nén ting venter på dig.\n.\nFrom here on\n", html="<p>Hej Kim, én ting venter på dig.</p>", list_id=list_id(VAULT),
        reply_to="it@example.org",
    )  # fmt: skip


def mail(port: int, tls: Tls = Tls.STARTTLS, *, login: str | None = LOGIN, sender: str = "reminders@example.org") -> Mail:
    return Mail(host="127.0.0.1", port=port, tls=tls, sender=sender, sender_name="govern, ACME", login=login)


def trusting(context: ssl.SSLContext | None, seconds: float = 20) -> Callable[[Mail, Secret | None], Session]:
    return lambda channel, secret: connect(channel, secret, context=context, seconds=seconds)


def sent(
    messages: Sequence[Message], channel: Mail, context: ssl.SSLContext | None, secret: str | None = SECRET, seconds: float = 20
) -> list[Delivery]:
    told = send(messages, channel, Secret(secret) if secret else None, at=AT, connect=trusting(context, seconds))
    return [delivery for _, delivery in told]


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.TLS])
def test_a_message_arrives_with_its_headers_and_both_bodies(signs: Authority, tls: Tls) -> None:
    with real(signs.serving(), implicit=tls is Tls.TLS) as inbox:
        assert sent([message()], mail(inbox.port, tls), signs.trusted()) == [Delivery(outcome=Outcome.DELIVERED)]
    assert inbox.logins == [(LOGIN, SECRET)]
    assert inbox.got[0][:2] == ("reminders@example.org", ["kim@example.org"])
    (found,) = inbox.mails()
    assert found["To"].addresses[0].display_name == "Kim Åberg"
    assert found["From"].addresses[0].addr_spec == "reminders@example.org"
    assert found["Subject"] == "Skift adgangskoden: senest 24. november"
    assert found["Message-ID"] == f"<{message().message_id}>"
    assert found["List-Id"] == "<reminders.abababababababab.govern.invalid>"
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["Reply-To"] == "it@example.org"
    assert found["Date"].datetime == AT
    text, html = found.iter_parts()
    assert text.get_content().replace("\r\n", "\n") == message().text
    assert html.get_content().strip() == message().html
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert all(len(line) <= 998 for line in inbox.got[0][2].split(b"\r\n"))


def test_the_same_message_is_written_the_same_twice(signs: Authority) -> None:
    with real(signs.serving()) as inbox:
        sent([message(), message()], mail(inbox.port), signs.trusted())
    assert inbox.got[0] == inbox.got[1]


def test_one_recipient_who_is_refused_holds_up_nobody(signs: Authority) -> None:
    with real(signs.serving()) as inbox:
        inbox.rcpt = {"gone@example.org": "550 5.1.1 <gone@example.org> unknown", "grey@example.org": "451 4.7.1 greylisted, come back"}
        people = [message(f"{who}@example.org", who) for who in ("gone", "grey", "kim")] + [
            message(None, "nobody"),
            message("no address", "odd"),
        ]
        told = sent(people, mail(inbox.port), signs.trusted())
    assert [one.outcome for one in told] == ["refused", "later", "delivered", "later", "refused"]
    assert "550 5.1.1" in told[0].reason
    assert "451 4.7.1" in told[1].reason
    assert len(inbox.logins) == 1, "one connection for the whole run"
    assert not any("example.org" in one.reason for one in told), "no address in a reason"


@pytest.mark.parametrize(("answer", "outcome"), [("452 4.3.1 no room", "later"), ("554 5.7.1 spam", "refused")])
def test_a_message_that_is_refused_is_told_by_its_code(signs: Authority, answer: str, outcome: str) -> None:
    with real(signs.serving()) as inbox:
        inbox.data = answer
        (told,) = sent([message()], mail(inbox.port), signs.trusted())
    assert told.outcome == outcome


def test_a_sender_who_is_refused_is_no_recipient_s_fault(signs: Authority) -> None:
    with real(signs.serving()) as inbox:
        inbox.sender = "553 5.7.1 not yours"
        told = sent([message(), message("lee@example.org")], mail(inbox.port), signs.trusted())
    assert [one.outcome for one in told] == ["later", "later"]


def test_a_server_that_is_down_is_asked_once() -> None:
    asked: list[int] = []

    def counting(channel: Mail, secret: Secret | None) -> Session:
        asked.append(1)
        return connect(channel, secret)

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    told = list(send([message(), message("lee@example.org")], mail(port), Secret(SECRET), at=AT, connect=counting))
    assert [delivery for _, delivery in told] == [Delivery(outcome=Outcome.LATER, reason="the mail server can't be reached")] * 2
    assert asked == [1]


def test_a_wrong_secret_is_tried_once_and_told(signs: Authority) -> None:
    with real(signs.serving()) as inbox:
        told = sent([message(), message("lee@example.org")], mail(inbox.port), signs.trusted(), "wrong")
    assert [one.outcome for one in told] == ["later", "later"]
    assert "does not take the login (535)" in told[0].reason
    assert len(inbox.logins) == 1
    assert not inbox.got


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.TLS])
@pytest.mark.parametrize("wrong", ["name", "expired", "unknown"])
def test_attack_a_certificate_that_is_not_the_server_s_gets_neither_secret_nor_message(
    signs: Authority, tmp_path: Path, tls: Tls, wrong: str
) -> None:
    context = {
        "name": lambda: signs.serving("mail.example.org"), "expired": lambda: signs.serving(days=-1), "unknown": lambda: authority(tmp_path).serving(),
    }[wrong]()  # fmt: skip
    with real(context, implicit=tls is Tls.TLS) as inbox:
        (told,) = sent([message()], mail(inbox.port, tls), signs.trusted())
        assert told.outcome == "later"
        assert "certificate" in told.reason
        assert not inbox.logins
        # The control: whoever checks nothing hands both over.
        blind = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        blind.check_hostname, blind.verify_mode = False, ssl.CERT_NONE
        assert sent([message()], mail(inbox.port, tls), blind) == [Delivery(outcome=Outcome.DELIVERED)]
        assert inbox.logins == [(LOGIN, SECRET)]


def test_attack_a_server_without_starttls_gets_nothing_though_it_takes_a_login_in_the_clear() -> None:
    with real(None, before_tls=True) as inbox:
        (told,) = sent([message()], mail(inbox.port), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        assert told == Delivery(outcome=Outcome.LATER, reason="the mail server offers no STARTTLS: nothing is sent to it in the clear")
        assert not inbox.logins
        assert not inbox.got
        # The control: smtplib alone logs in there.
        plain = smtplib.SMTP("127.0.0.1", inbox.port, local_hostname="localhost", timeout=20)
        with plain, suppress(smtplib.SMTPAuthenticationError):
            plain.login(LOGIN, "in the clear")
        assert inbox.logins[0] == (LOGIN, "in the clear")


def test_attack_what_is_said_in_the_clear_before_tls_counts_for_nothing(signs: Authority) -> None:
    """A thief on the way adds answers behind the 220 of STARTTLS: a reader who keeps them takes them for what came through TLS."""
    context = signs.serving()

    def serve(one: socket.socket) -> None:
        one.sendall(b"220 hello\r\n")
        one.recv(1000)
        one.sendall(b"250-hello\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n")
        one.recv(1000)
        one.sendall(b"220 go ahead\r\n250-injected\r\n250 AUTH PLAIN\r\n235 come in\r\n")
        with context.wrap_socket(one, server_side=True) as safe:
            safe.recv(1000)
            safe.sendall(b"250 hello\r\n")
            safe.recv(1000)

    with scripted(serve) as (port, heard):
        (told,) = sent([message()], mail(port), signs.trusted())
    assert told.outcome == "later"
    assert SECRET.encode() not in b"".join(heard)


def test_attack_a_login_that_is_offered_only_before_tls_is_not_used(signs: Authority) -> None:
    context = signs.serving()

    def serve(one: socket.socket) -> None:
        one.sendall(b"220 hello\r\n")
        one.recv(1000)
        one.sendall(b"250-hello\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n")
        one.recv(1000)
        one.sendall(b"220 go ahead\r\n")
        with context.wrap_socket(one, server_side=True) as safe:
            said = safe.recv(1000)
            safe.sendall(b"250 hello\r\n")
            within.append(said + safe.recv(1000))

    within: list[bytes] = []
    with scripted(serve) as (port, heard):
        (told,) = sent([message()], mail(port), signs.trusted())
    assert told.reason == "the mail server offers no login by AUTH PLAIN or LOGIN"
    assert [said.split()[0].lower() for said in heard[:2]] == [b"ehlo", b"starttls"]
    assert b"AUTH" not in b"".join([*heard, *within]).upper().replace(b"AUTH PLAIN LOGIN", b"")


def test_without_tls_only_this_machine_s_relay_is_spoken_to_and_without_a_secret() -> None:
    with real(None, login=False) as inbox:
        assert sent([message()], mail(inbox.port, Tls.LOCAL, login=None), None, None) == [Delivery(outcome=Outcome.DELIVERED)]
        (told,) = sent([message()], mail(inbox.port, Tls.LOCAL), None)
        assert told.outcome == "later"
        elsewhere = Mail(host="localhost", port=inbox.port, tls=Tls.LOCAL, sender="a@example.org")
        (told,) = sent([message()], elsewhere, None, None)
        assert "only the relay of this machine" in told.reason
    assert len(inbox.got) == 1


@pytest.mark.parametrize("utf8", [True, False])
def test_addresses_beyond_ascii_go_where_they_are_understood(signs: Authority, utf8: bool) -> None:
    with real(signs.serving(), utf8=utf8) as inbox:
        told = sent([message("zoë@bücher.example", "Zoë"), message("zoe@bücher.example", "Zoe")], mail(inbox.port), signs.trusted())
    assert told[1].outcome == "delivered"
    assert inbox.got[-1][1] == ["zoe@xn--bcher-kva.example"], "a domain beyond ASCII needs no server that knows more than ASCII"
    assert told[0].outcome == ("delivered" if utf8 else "refused")
    if utf8:
        assert inbox.got[0][1] == ["zoë@xn--bcher-kva.example"]
        assert "<zoë@xn--bcher-kva.example>\r\n".encode() in inbox.got[0][2]
    else:
        assert "SMTPUTF8" in told[0].reason


def _dripping(one: socket.socket) -> None:
    for _ in range(200):
        one.sendall(b"2")
        time.sleep(0.05)


def _stalling(one: socket.socket) -> None:
    one.recv(1000)


def _stalls_at_data(one: socket.socket) -> None:
    one.sendall(b"220 hello\r\n")
    while True:
        said = one.recv(1000)
        if said.lower().startswith(b"data"):
            _dripping(one)
        one.sendall(b"250 fine\r\n")


@pytest.mark.parametrize("serve", [_dripping, _stalling, _stalls_at_data], ids=["drips", "says nothing", "drips after DATA"])
def test_a_server_that_stalls_holds_a_run_no_longer_than_a_step(serve: Callable[[socket.socket], None]) -> None:
    with scripted(serve) as (port, _):
        told = sent([message()], mail(port, Tls.LOCAL, login=None), None, None, seconds=0.4)
    assert told == [Delivery(outcome=Outcome.LATER, reason="the mail server does not answer in time")]


def _drops_on(who: bytes) -> Callable[[socket.socket], None]:
    def serve(one: socket.socket) -> None:
        one.sendall(b"220 hello\r\n")
        body = False
        while said := one.recv(100_000):
            if who in said and said.startswith(b"rcpt"):
                return
            if body and not said.endswith(b"\r\n.\r\n"):
                continue
            body = said.startswith(b"data")
            one.sendall(b"354 go\r\n" if body else b"250 fine\r\n")

    return serve


def test_a_connection_that_breaks_at_one_recipient_is_opened_again_for_the_others() -> None:
    with scripted(_drops_on(b"bad@")) as (port, _):
        people = [message(f"{who}@example.org", who) for who in ("kim", "bad", "lee", "bad", "max")]
        told = sent(people, mail(port, Tls.LOCAL, login=None), None, None)
    assert [one.outcome for one in told] == ["delivered", "later", "delivered", "later", "delivered"]


def test_a_message_that_may_have_been_taken_is_not_sent_again_in_the_same_run() -> None:
    def serve(one: socket.socket) -> None:
        one.sendall(b"220 hello\r\n")
        while said := one.recv(100_000):
            if said.startswith(b"data"):
                one.sendall(b"354 go\r\n")
                one.recv(100_000)
                return
            one.sendall(b"250 fine\r\n")

    with scripted(serve) as (port, heard):
        (told,) = sent([message()], mail(port, Tls.LOCAL, login=None), None, None)
    assert told == Delivery(outcome=Outcome.LATER, reason="the mail server broke off")
    assert sum(said.startswith(b"data") for said in heard) == 1


def test_a_server_that_speaks_anything_else_gets_a_reason_and_no_traceback() -> None:
    def serve(one: socket.socket) -> None:
        one.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n\xff\xfe" + b"x" * 20_000)

    with scripted(serve) as (port, _):
        (told,) = sent([message()], mail(port, Tls.LOCAL, login=None), None, None)
    assert told.outcome == "later"


def test_no_secret_stands_in_what_is_told_or_raised(signs: Authority) -> None:
    with real(signs.serving()) as inbox:
        told = sent([message()], mail(inbox.port), signs.trusted(), "tell-tale")
    assert "tell-tale" not in repr(told)
    assert "tell-tale" not in repr(Secret("tell-tale"))


def test_sending_is_one_by_one() -> None:
    """What became of a message is told before the next is sent, so that it can be recorded."""

    def messages() -> Iterator[Message]:
        yield message()
        assert len(inbox.got) == 1
        yield message("lee@example.org")

    with real(None, login=False) as inbox:
        told = send(messages(), mail(inbox.port, Tls.LOCAL, login=None), None, at=AT)
        assert next(told)[1].outcome == "delivered"
        assert len(inbox.got) == 1
        assert next(told)[1].outcome == "delivered"
        told.close()
