"""Whatever stands in a name, a subject or an address, a message has the headers that it should have and no others."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.notices.letter import Mailbox, display, letter, mailbox
from govern.notices.message import Message

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "List-Id", "Reply-To", "Auto-Submitted", "X-Auto-Response-Suppress", "Content-Language",
    "MIME-Version", "Content-Type",
]  # fmt: skip
SENDER, TO = Mailbox("reminders", "example.org"), Mailbox("kim", "example.org")


def written(*, name: str = "Kim", subject: str = "Due", text: str = "x\n", html: str = "<p>x</p>", to: Mailbox = TO) -> EmailMessage:
    message = Message(
        message_id="abc@govern.invalid", to_name=name, to_mail=str(to), locale="en", subject=subject, text=text, html=html,
        list_id="reminders.abc.govern.invalid", reply_to="it@example.org",
    )  # fmt: skip
    data = letter(message, sender=SENDER, sender_name="govern", to=to, at=AT)
    assert b"\r\n\r\n" in data
    assert all(len(line) < 999 for line in data.split(b"\r\n"))
    return message_from_bytes(data, policy=policy.default)  # type: ignore[return-value]


ATTACKS = [
    "Kim\r\nBcc: thief@example.net", "Kim\nBcc: thief@example.net", "Kim\rBcc: thief@example.net", "Kim\x85Bcc: thief@example.net",
    "Kim\u2028Bcc: thief@example.net", "Kim\x0bBcc: thief@example.net", "Kim\r\n\r\n<h1>another body</h1>",
    '" <thief@example.net>, "', "thief@example.net, Kim", "Kim <thief@example.net>", "=?utf-8?q?Kim=0d=0aBcc:_thief=40example.net?=",
    "=\u200b?utf-8?q?Kim=0d=0aBcc:_thief?=", "Kim\0", "K" * 5000, "\u202emik", "x" * 60 + '" <thief@example.net> ' + "é" * 60,
    "\\", '\\"', "(comment", "group: thief@example.net;",
]  # fmt: skip


@pytest.mark.parametrize("text", ATTACKS)
def test_attack_nothing_in_a_name_or_subject_becomes_a_header_a_body_or_an_address(text: str) -> None:
    for found in (written(name=text), written(subject=text)):
        assert sorted(found.keys()) == sorted(HEADERS)
        assert [one.addr_spec for one in found["To"].addresses] == ["kim@example.org"]
        assert found.get("Bcc") is None
        assert not set(str(found["To"]) + str(found["Subject"])) & {"\r", "\n", "\0", "\u2028", "\x85"}
        assert [part.get_content_type() for part in found.iter_parts()] == ["text/plain", "text/html"]


def test_control_written_by_hand_the_same_name_is_a_header() -> None:
    data = f"To: {ATTACKS[0]} <kim@example.org>\r\nSubject: Due\r\n\r\nx\r\n".encode()
    assert message_from_bytes(data, policy=policy.default)["Bcc"] == "thief@example.net"


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=120), st.text(max_size=120), st.text(max_size=200))
def test_any_text_is_written_and_read_back(name: str, subject: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        text = "x"
    found = written(name=name, subject=subject, text=text)
    assert sorted(found.keys()) == sorted(HEADERS)
    assert [one.addr_spec for one in found["To"].addresses] == ["kim@example.org"]


@pytest.mark.parametrize("name", ["Åse Ødegård", "Zoë Müller-Lüdenscheidt", "山田 太郎", "Kim O'Brien"])
def test_a_name_comes_back_as_it_was(name: str) -> None:
    assert written(name=name)["To"].addresses[0].display_name == name
    assert written(subject=name)["Subject"] == name


def test_signs_that_mean_something_in_an_address_leave_the_name() -> None:
    assert display("O'Brien, Kim <it>") == "O'Brien Kim it"


def test_a_local_part_beyond_ascii_makes_the_headers_utf_8() -> None:
    to = mailbox("zoë@example.org")
    assert to is not None
    assert to.beyond_ascii
    assert written(to=to, name="Zoë")["Subject"] == "Due"


@pytest.mark.parametrize(
    "address",
    ["", "kim", "@example.org", "kim@", "kim@@example.org", "k im@example.org", "kim@exa mple.org", "kim@example.org\r\nRCPT TO:<x@y.example>",
     "kim@example.org>", "<kim@example.org", "kim@[127.0.0.1]", "kim\0@example.org", ".kim@example.org", "k..im@example.org", '"k im"@example.org',
     "kim@-example.org", "kim@example..org", "k" * 65 + "@example.org", "kim@" + "a." * 150 + "org", "kim\u202e@example.org", "a,b@example.org"],
)  # fmt: skip
def test_attack_what_is_no_address_is_none(address: str) -> None:
    assert mailbox(address) is None


@pytest.mark.parametrize(
    ("address", "found"), [("kim+x@example.org", "kim+x@example.org"), (" Kim@Bücher.example ", "Kim@xn--bcher-kva.example")]
)
def test_an_address_is_taken_as_it_is_but_for_its_domain(address: str, found: str) -> None:
    assert str(mailbox(address)) == found
