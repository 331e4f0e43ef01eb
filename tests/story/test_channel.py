"""`govern channel` and `govern calendar`: mail through a real server, told where it fails; a calendar file that is brought up to date."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import icalendar
import pytest

from ..unit.notices.servers import LOGIN, SECRET, Authority, Inbox, authority, real


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[tuple[Authority, Inbox]]:
    signs = authority(tmp_path)
    with real(signs.serving(), implicit=False) as inbox:
        yield signs, inbox


@pytest.fixture
def firm(story: Any, prepared: Any) -> Any:
    """The login of a mail relay is an account; Zoë gets mail, Ben has no address."""
    return prepared.into(story, _firm)


def _firm(vault: Any) -> None:
    vault.init()
    vault.ok("person", "add", "Zoë Lund <zoe@acme.example>", "--handle", "zoe", "--locale", "da")
    vault.ok("person", "add", "Ben Roy", "--handle", "ben")
    vault.ok("account", "add", "post", "--platform", "mail-relay", "--login", LOGIN)
    vault.ok("credential", "add", "post", "--kind", "password", stdin=SECRET)


def office(firm: Any, port: int, *more: str) -> Any:
    return firm.run(
        "channel", "add", "office", "--kind", "mail", "--host", "127.0.0.1", "--port", str(port), "--sender", "reminders@acme.example",
        "--credential-of", "post", *more,
    )  # fmt: skip


def test_a_message_goes_out_by_a_new_channel_recorded_before(firm: Any, relay: tuple[Authority, Inbox]) -> None:
    signs, inbox = relay
    assert office(firm, inbox.port, "--reply-to", "it@acme.example").code == 0
    told = firm.spawn("channel", "test", "office", "--to", "zoe", "--json", SSL_CERT_FILE=str(signs.path))
    assert told.code == 0, told.err
    assert told.json()["schema"] == "govern.channel.test/1"
    (mail,) = inbox.mails()
    assert mail["To"].addresses[0].display_name == "Zoë Lund"
    assert str(mail["Subject"]) == "Prøve af påmindelserne: intet at gøre"
    assert mail["Message-ID"] == f"<{told.json()['message_id']}>"
    assert mail["Reply-To"] == "it@acme.example"
    assert inbox.logins == [(LOGIN, SECRET)]
    types = [one["type"] for one in firm.json("ledger", "show")["entries"]]
    assert [one for one in types if one.startswith("channel.")][-4:] in (
        ["channel.set", "channel.tested", "channel.opened", "channel.answered"], ["channel.answered", "channel.opened", "channel.tested", "channel.set"]
    )  # fmt: skip
    (row,) = firm.json("channel", "list")["channels"]
    assert row["works"] is True
    assert SECRET not in told.out + told.err + str(row)


def test_attack_a_certificate_that_this_machine_does_not_trust_gets_no_secret(firm: Any, relay: tuple[Authority, Inbox]) -> None:
    signs, inbox = relay
    office(firm, inbox.port)
    told = firm.run("channel", "test", "office", "--to", "zoe")
    assert told.code == 1
    assert "certificate" in told.err
    assert "hint:" in told.err
    assert not inbox.logins
    assert any(one["code"] == "channel-failing" for one in firm.json("status")["findings"])
    # The control: once the machine trusts it, the same channel works, and the finding is gone.
    assert firm.spawn("channel", "test", "office", "--to", "zoe", SSL_CERT_FILE=str(signs.path)).code == 0
    assert not any(one["code"] == "channel-failing" for one in firm.json("status")["findings"])


def test_a_server_that_is_down_is_told_and_a_recipient_who_is_refused_too(firm: Any, relay: tuple[Authority, Inbox]) -> None:
    signs, inbox = relay
    with socket.create_server(("127.0.0.1", 0)) as free:
        down = free.getsockname()[1]
    office(firm, down)
    assert "can't be reached" in firm.run("channel", "test", "office", "--to", "zoe").err
    firm.ok("channel", "edit", "office", "--port", str(inbox.port))
    inbox.rcpt = {"zoe@acme.example": "550 5.1.1 no such mailbox"}
    told = firm.spawn("channel", "test", "office", "--to", "zoe", SSL_CERT_FILE=str(signs.path))
    assert (told.code, "550 5.1.1" in told.err, "zoe@acme.example" in told.err) == (1, True, False)
    assert firm.json("channel", "list")["channels"][0]["works"] is True
    assert firm.run("channel", "test", "office", "--to", "ben").code == 3


@pytest.mark.parametrize(
    ("words", "code"),
    [(("--kind", "fax"), 2), (("--kind", "mail"), 2), (("--kind", "mail", "--host", "h.example"), 2), (("--kind", "chat"), 4),
     (("--kind", "chat", "--credential-of", "nobody"), 3), (("--kind", "chat", "--credential-of", "post"), 3),
     (("--kind", "mail", "--tls", "local", "--host", "h.example", "--sender", "a@b.example"), 4),
     (("--kind", "mail", "--tls", "local", "--sender", "a@b.example", "--port", "0"), 2)],
)  # fmt: skip
def test_what_is_missing_or_not_allowed_is_told_with_the_way_on(firm: Any, words: tuple[str, ...], code: int) -> None:
    told = firm.run("channel", "add", "x", *words)
    assert told.code == code, told.err
    assert "hint:" in told.err


def test_a_port_on_which_any_program_may_listen_is_told_and_an_administrator_s_is_not(firm: Any) -> None:
    local = ("--kind", "mail", "--tls", "local", "--sender", "a@b.example")
    assert "could be listening on port 2525" in firm.ok("channel", "add", "high", *local, "--port", "2525").err
    assert "could be listening" not in firm.ok("channel", "add", "low", *local).err


def test_a_secret_that_is_kept_elsewhere_opens_nothing(firm: Any) -> None:
    firm.ok("account", "add", "away", "--platform", "mail-relay", "--login", "x")
    firm.ok("place", "add", "elsewhere", "--kind", "manager")
    firm.ok("credential", "add", "away", "--kind", "password", "--kept-in", "elsewhere")
    told = firm.run("channel", "add", "x", "--kind", "mail", "--host", "h.example", "--sender", "a@b.example", "--credential-of", "away")
    assert told.code == 4
    assert "kept elsewhere" in told.err


def events(path: Path) -> dict[str, Any]:
    return {str(one["uid"]): one for one in icalendar.Calendar.from_ical(path.read_bytes()).walk("VEVENT")}


def test_a_calendar_is_brought_up_to_date_and_names_nothing_unless_asked(firm: Any, tmp_path: Path) -> None:
    firm.ok("account", "add", "brand", "--platform", "x", "--login", "acme")
    firm.ok("credential", "add", "brand", "--kind", "password", stdin="a-long-password-of-the-brand")
    (rotation,) = firm.json("rotate", "brand")["rotations"]
    file = tmp_path / "mia.ics"
    made = firm.json("calendar", "--out", str(file))
    assert made["new"] == len(events(file)) > 0
    if sys.platform != "win32":
        assert file.stat().st_mode & 0o777 == 0o600
    assert b"brand" not in file.read_bytes()
    before = file.read_bytes()
    again = firm.json("calendar", "--out", str(file))
    assert (again["new"], again["changed"], again["cancelled"]) == (0, 0, 0)
    assert file.read_bytes() == before
    assert firm.json("calendar", "--out", str(file), "--names")["changed"] > 0
    assert b"brand" in file.read_bytes()
    firm.ok("rotation", "abort", rotation["id"])
    ended = firm.json("calendar", "--out", str(file), "--names")
    states = [str(one["status"]) for one in events(file).values()]
    assert ended["cancelled"] == states.count("CANCELLED") == 1


def test_attack_a_file_of_somebody_else_is_not_written_over(firm: Any, tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("keep me")
    assert firm.run("calendar", "--out", str(note)).code != 0
    assert note.read_text() == "keep me"
    file = tmp_path / "zoe.ics"
    firm.ok("calendar", "--person", "zoe", "--out", str(file))
    before = file.read_bytes()
    told = firm.run("calendar", "--out", str(file))
    assert (told.code, "another calendar" in told.err) == (4, True)
    assert file.read_bytes() == before
