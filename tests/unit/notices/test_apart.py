"""Departures under embargo: those named are told that something waits; nothing in the ledger says whom, that, or when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from govern.notices.message import Delivery, Outcome
from govern.offboarding.kinds import CaseKind
from govern.procedures import offboard, remind_apart
from govern.procedures import people as people_
from govern.procedures.notice_channels import Settings, add
from govern.procedures.posts import Post
from govern.procedures.tick import run as tick
from govern.register import connection
from govern.register.queries import people

from .conftest import Office


def planned(office: Office, *, days: int = 5, readers: tuple[str, ...] = ("nora",), embargo: bool = True) -> Any:
    """cleo is to leave; mia has opened it, nora is named, dora (an admin) is not."""
    at = (office.moment + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    opening = offboard.Opening(person="cleo", kind=CaseKind.LEAVER, cut_at=at, embargo=embargo, readers=readers if embargo else ())
    return office.do(offboard.open_, opening)[0]


@pytest.fixture
def firm(office: Office) -> Office:
    office.enrol("dora", "admin")
    office.enrol("nora", "hr")
    office.remind()
    office.box.clear()
    return office


def size(office: Office) -> int:
    return int(connection.state(office.db(), "size"))


def heard(office: Office, **more: Any) -> set[str]:
    return {one.digest.handle for one in office.remind(**more).sent}


def test_those_named_hear_that_something_waits_and_nobody_else_hears_anything(firm: Office) -> None:
    planned(firm)
    at = firm.moment + timedelta(days=5)
    assert heard(firm, by="dora") == set(), "who is not named has nothing to send"
    assert heard(firm) == {"mia", "nora"}
    for message in firm.box:
        texts = (message.subject, message.text, message.html)
        assert all(word not in text.casefold() for word in ("cleo", at.date().isoformat()) for text in texts)


def test_no_entry_is_written_for_it_and_the_ledger_grows_by_nothing(firm: Office) -> None:
    planned(firm)
    before = size(firm)
    assert heard(firm) == {"mia", "nora"}
    assert size(firm) == before
    assert not firm.db("dora").execute("SELECT 1 FROM entries WHERE type LIKE '%digest%' AND idx >= ?", (before,)).fetchall()


def test_the_control_of_an_ordinary_departure_an_entry_says_who_was_told(firm: Office) -> None:
    planned(firm, days=1, embargo=False)
    before = size(firm)
    assert heard(firm) >= {"mia", "nora"}
    assert firm.db("dora").execute("SELECT 1 FROM entries WHERE type = 'case.digest_sent' AND idx >= ?", (before,)).fetchall()


def test_beside_other_reminders_their_entries_and_message_ids_say_nothing_of_it(firm: Office, tmp_path: Any) -> None:
    """The same day with and without a case: the entries of `base` name the same messages, which anybody can work out from their lines."""
    other = firm.copied(tmp_path)
    planned(firm)
    other.later(minutes=1)
    found = []
    for one in (firm, other):
        one.secret("shop")
        one.remind()
        db = one.db("dora")
        found.append(db.execute("SELECT type FROM entries WHERE type NOT IN ('sealed') ORDER BY idx").fetchall())
        one.box.sort(key=lambda message: (message.to_name, message.subject))
    assert found[0] == found[1]
    told = {message.to_name: [each.message_id for each in firm.box if each.to_name == message.to_name] for message in firm.box}
    assert len(told["Nora"]) == 1 or len(set(told["Nora"])) == len(told["Nora"]), "what is sealed goes in a message of its own"
    assert "Cleo" not in told


def test_a_second_run_and_a_machine_whose_register_was_made_anew_send_nothing_twice(firm: Office) -> None:
    planned(firm)
    assert heard(firm) == {"mia", "nora"}
    assert heard(firm) == set()
    db = firm.members["mia"].db
    with connection.transaction(db):
        connection.create(db)
    firm.later(days=1)
    assert heard(firm) == set(), "the stage that was told is remembered, and the next is the day before"
    firm.later(days=3)
    assert heard(firm) == {"mia", "nora"}, "the control"


def test_of_two_machines_that_read_the_case_one_sends_whichever_runs_first(firm: Office) -> None:
    planned(firm)
    assert heard(firm, by="nora") == set(), "mia has opened it: hers sends"
    assert heard(firm, by="mia") == {"mia", "nora"}
    assert heard(firm, by="nora") == set()


def test_when_whoever_opened_it_may_send_no_more_another_reader_does(firm: Office) -> None:
    case = planned(firm)
    db, key = firm.db("nora"), firm.members["nora"].keys.id.hex()
    assert remind_apart.mine(db, lambda: key, firm.now) == []
    db.execute("UPDATE keys SET state = 'revoked' WHERE id = ?", (firm.members["mia"].keys.id.hex(),))
    assert remind_apart.mine(db, lambda: key, firm.now) == [case.id]


def test_where_the_machine_that_sends_is_dead_the_next_in_line_sends_and_writes_no_entry(firm: Office) -> None:
    """Mia's has opened the case, and shows nothing of itself for two rounds; the control: one that wrote yesterday is waited for."""
    planned(firm, days=9)
    firm.fact("place.added", {"place": "a" * 32, "kind": "paper"}, {"name": "wall"})
    firm.later(days=1)
    assert heard(firm, by="nora") == set(), "the control"
    before = size(firm)
    firm.later(days=2)
    assert heard(firm, by="nora") == {"mia", "nora"}
    assert size(firm) == before
    assert heard(firm, by="nora") == set(), "once"


def test_whom_nothing_reaches_is_tried_again_the_next_day_and_no_entry_says_so(firm: Office) -> None:
    planned(firm)
    before = size(firm)
    no = firm.answering(lambda _: Delivery(outcome=Outcome.LATER, reason="down"))
    assert {one.digest.handle for one in firm.remind(no).failed} == {"mia", "nora"}
    assert size(firm) == before
    assert heard(firm) == set()
    firm.later(days=1)
    assert heard(firm) == {"mia", "nora"}


def test_nothing_of_it_goes_to_a_room_and_runs_do_not_take_the_lease_for_it_again_and_again(firm: Office) -> None:
    planned(firm)
    room = firm.answering(name="room")._replace(private=False)
    before = size(firm)
    for _ in range(3):
        firm.later(minutes=5)
        ran = tick.run(firm.members["mia"], lambda: firm.now, monotonic=lambda: 0.0, posts=lambda *_: [room], check=False)
        assert (ran.reminded, ran.other) == (None, None)
    assert size(firm) == before
    assert firm.box == []


def test_a_run_of_all_that_is_due_tells_it_too_beside_the_memory_that_nothing_is(firm: Office) -> None:
    planned(firm)
    ran = [
        tick.run(firm.members["mia"], lambda: firm.now, monotonic=lambda: 0.0, posts=lambda *_: [firm.answering()], check=False)
        for _ in "12"
    ]
    assert ran[0].reminded is not None
    assert {one.digest.handle for one in ran[0].reminded.sent} == {"mia", "nora"}
    assert ran[1].reminded is None


def channel(firm: Office) -> list[int]:
    """A channel of mail with a secret, that mia can open; how often it was opened, by the ledger, is put in a list."""
    firm.secret("till")
    settings = Settings(account="till", host="mail.acme.example", tls="tls", sender="govern@acme.example")
    firm.do(add, "office", "mail", settings)
    return [row[0] for row in firm.db("dora").execute("SELECT idx FROM entries WHERE type = 'channel.opened'")]


def test_the_channel_is_opened_once_a_day_as_long_as_there_is_a_case_whether_anybody_is_told_or_not(
    firm: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its opening, without a message beside it, would tell the day before the cut from every other."""
    from govern.procedures import notice_channels

    sent: list[int] = []

    def deliver(self: Any, messages: Any, *, at: Any) -> Any:
        told = list(messages)
        sent.append(len(told))
        return [(one, Delivery(outcome=Outcome.DELIVERED)) for one in told]

    monkeypatch.setattr(notice_channels.Ready, "send", deliver)
    assert channel(firm) == []
    firm.remind()
    planned(firm, days=4)
    opened = []
    for _ in range(4):
        before = size(firm)
        for _ in range(2):
            firm.later(hours=1)
            remind_apart.tell(firm.members["mia"], lambda: firm.now)
        opened.append(firm.db("dora").execute("SELECT type FROM entries WHERE idx >= ?", (before,)).fetchall())
        firm.later(hours=22)
    assert opened == [[("channel.opened",)]] * 4
    assert sorted(set(sent)) == [0, 2], "on most of the days nobody is told anything"


def test_a_calendar_is_written_where_there_is_no_mail(firm: Office) -> None:
    planned(firm)
    told = remind_apart.tell(firm.members["mia"], lambda: firm.now)
    assert {one.channel for one in told.sent} == {"calendar"}
    nora = people.find(firm.db(), "nora").handle
    text = (firm.members["mia"].home / "calendars" / f"{nora}.ics").read_text()
    assert "Something waits for you" in text
    assert "cleo" not in text.casefold()


def test_a_post_is_private_or_gets_nothing(firm: Office) -> None:
    planned(firm)
    seen: list[Any] = []
    room = Post("room", lambda messages: iter(seen.extend(messages) or ()), private=False)
    assert remind_apart.tell(firm.members["mia"], lambda: firm.now, lambda *_: [room]) == remind_apart.Apart()
    assert seen == []


def test_attack_an_address_that_a_stranger_to_the_case_has_changed_since_gets_nothing(firm: Office) -> None:
    """Dora is an admin and not named: she sets nora's address to her own, and would learn whom it waits for, and when."""
    planned(firm)
    firm.fact("person.edited", {"person": firm.ids["nora"]}, {"mail": "dora@elsewhere.example"}, by="dora")
    ran = firm.remind()
    assert [(one.digest.handle, "govern person edit nora" in one.delivery.reason) for one in ran.failed] == [("nora", True)]
    assert {one.to_mail for one in firm.box} == {people.find(firm.db(), "mia").mail}
    assert all("dora@elsewhere.example" not in one.delivery.reason for one in ran.failed)
    # Whoever reads the case says where it goes, also where it is that address: then it is taken to be so.
    firm.do(people_.edit, "nora", {"mail": "dora@elsewhere.example"})
    firm.later(days=1)
    assert heard(firm) == {"nora"}


def test_an_address_that_was_there_when_the_case_was_opened_or_that_a_reader_sets_is_used(firm: Office) -> None:
    firm.fact("person.edited", {"person": firm.ids["nora"]}, {"mail": "nora@new.example"}, by="dora")
    planned(firm)
    firm.fact("person.edited", {"person": firm.ids["mia"]}, {"mail": "mia@new.example"}, by="nora")
    assert heard(firm) == {"mia", "nora"}
    assert {one.to_mail for one in firm.box} == {"mia@new.example", "nora@new.example"}


def test_the_control_of_everything_else_goes_to_the_address_that_is_recorded(firm: Office) -> None:
    planned(firm, days=1, embargo=False)
    firm.fact("person.edited", {"person": firm.ids["nora"]}, {"mail": "nora@new.example"}, by="dora")
    assert "nora" in heard(firm)
    assert "nora@new.example" in {one.to_mail for one in firm.box}


@pytest.mark.parametrize(("by", "told"), [("dora", 0), ("mia", 2)])
def test_attack_a_channel_that_a_stranger_to_the_case_has_set_since_is_opened_and_gets_nothing(
    firm: Office, monkeypatch: pytest.MonkeyPatch, by: str, told: int
) -> None:
    """It is opened as every day: that it was not would tell her that the case is hers. The control: one that a reader has set."""
    from govern.procedures import notice_channels

    sent: list[int] = []

    def deliver(self: Any, messages: Any, *, at: Any) -> Any:
        found = list(messages)
        sent.append(len(found))
        return [(one, Delivery(outcome=Outcome.DELIVERED)) for one in found]

    monkeypatch.setattr(notice_channels.Ready, "send", deliver)
    planned(firm)
    firm.do(add, "relay", "mail", Settings(tls="local", sender="govern@acme.example"), by=by)
    ran = remind_apart.tell(firm.members["mia"], lambda: firm.now)
    assert (sent, len(ran.sent), len(ran.failed)) == ([told], told, 2 - told)
