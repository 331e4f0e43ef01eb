"""All channels of a vault as ways to send: tried one after the other, opened once, and each one's answer in the ledger."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from govern.notices.message import Delivery, Message, Outcome
from govern.procedures import notice_channels as procedure
from govern.procedures import posts
from govern.procedures.notice_channels import Settings
from govern.register.queries import notice_channels as queries

from ...loopback import answering, said
from .test_notice_channels import Firm, firm  # noqa: F401  a fixture

KIM = Message(
    message_id="abc@govern.invalid", to_name="Kim", to_mail="kim@acme.example", locale="en", subject="Change shop", text="x\n", html="<p>x</p>",
    list_id="reminders.abc.govern.invalid", reply_to=None,
)  # fmt: skip


def send(firm: Firm, *, by: str = "mia") -> dict[str, Delivery]:  # noqa: F811
    firm.later(minutes=1)
    firm.db(by)
    return {
        way.name: next(iter(delivered))[1]
        for way in posts.posts(firm.members[by], lambda: firm.now, [])
        if (delivered := list(way.send([KIM])))
    }


def count(firm: Firm, type_: str) -> int:  # noqa: F811
    return int(firm.db().execute("SELECT count(*) FROM entries WHERE type = ?", (type_,)).fetchone()[0])


@pytest.fixture
def relay() -> Iterator[int]:
    """A relay of this machine that takes everything."""
    from ..notices.servers import real

    with real(None, login=False) as inbox:
        yield inbox.port


def test_mail_goes_first_and_each_way_tells_and_records_whether_it_works(firm: Firm, relay: int) -> None:  # noqa: F811
    heard: list[bytes] = []

    def hears(request: BaseHTTPRequestHandler) -> None:
        heard.append(request.rfile.read(int(request.headers.get("Content-Length") or 0)))
        said(request, 500)

    pytest.importorskip("apprise", reason="the extra chat is not installed")
    with answering(hears) as url:
        firm.account("room", "mia", platform="chat")
        firm.secret("room", "api-token", url.replace("http", "json") + "/hook")
        firm.do(procedure.add, "a-room", "chat", Settings(account="room"))
        firm.do(procedure.add, "post", "mail", Settings(tls="local", port=relay, sender="reminders@acme.example"))
        told = send(firm)
    assert [(name, one.outcome) for name, one in told.items()] == [("post", Outcome.DELIVERED), ("a-room", Outcome.LATER)]
    assert b"<p>x</p>" not in b"".join(heard)
    assert {one.name: one.works for one in queries.in_use(firm.db())} == {"a-room": False, "post": True}
    assert count(firm, "channel.opened") == 1, "a channel without a secret is not opened"
    send(firm)
    assert count(firm, "channel.answered") == 2


def test_a_run_with_nothing_to_send_opens_and_records_nothing(firm: Firm) -> None:  # noqa: F811
    firm.add()
    before = firm.db().execute("SELECT count(*) FROM entries").fetchone()
    assert [list(way.send([])) for way in posts.posts(firm.members["mia"], lambda: firm.now, [])] == [[]]
    assert firm.db().execute("SELECT count(*) FROM entries").fetchone() == before


def test_a_channel_that_can_t_be_opened_is_told_of_every_message_and_stops_no_other(firm: Firm, relay: int) -> None:  # noqa: F811
    firm.add()
    firm.do(procedure.add, "post", "mail", Settings(tls="local", port=relay, sender="reminders@acme.example"))
    told = send(firm, by="bo")
    assert told["office"] == Delivery(outcome=Outcome.LATER, reason="the channel can't be opened: bo does not hold post")
    assert told["post"].outcome is Outcome.DELIVERED
    assert count(firm, "channel.opened") == 0


def test_what_is_opened_is_recorded_once_a_run_and_before_the_server_is_asked(firm: Firm) -> None:  # noqa: F811
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    firm.add(host="127.0.0.1", port=port)
    (way,) = posts.posts(firm.members["mia"], lambda: firm.now, [])
    seen: list[int] = []

    def messages() -> Iterator[Any]:
        for _ in range(3):
            seen.append(count(firm, "channel.opened"))
            yield KIM

    told = [delivery for _, delivery in way.send(messages())]
    assert [one.reason for one in told] == ["the mail server can't be reached"] * 3
    assert seen == [0, 1, 1]
    assert count(firm, "channel.opened") == 1
    assert queries.find(firm.db(), "office").works is False
