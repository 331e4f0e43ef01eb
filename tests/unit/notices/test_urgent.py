"""A report of something that went wrong: told to all who answer for it at once, quiet hours or not, and again each day until somebody answers."""

from __future__ import annotations

from typing import Any

import pytest

from govern.languages import LOCALES
from govern.notices.message import Delivery, Outcome
from govern.policy.incident import playbook
from govern.procedures import incidents as procedure
from govern.procedures.urgent import tell

from .conftest import Office

NIGHT = 14
"""Hours after the office's nine o'clock: nobody is told of anything ordinary then."""


def report(office: Office, account: str = "shop", *, by: str = "mia") -> Any:
    return office.do(procedure.report, account=account, kind="takeover", note="a post that is not ours", playbook=playbook(), by=by)


def by_night(office: Office) -> None:
    office.remind()
    office.later(hours=NIGHT)
    assert office.remind().sent == ()
    office.box.clear()


@pytest.mark.parametrize(("account", "heard"), [("shop", {"anna", "ben", "mia"}), ("till", {"mia"}), ("", {"mia"})])
def test_whoever_answers_for_it_the_deputy_and_admins_hear_at_once_by_night(office: Office, account: str, heard: set[str]) -> None:
    """The shop is anna's and ben is her deputy, till is mia's; of no account only admins hear."""
    office.secret("shop")
    by_night(office)
    report(office, account)
    told = office.told(office.remind())
    assert set(told) == heard
    assert {kind for lines in told.values() for kind, *_ in lines} == {"incident"}, "nothing ordinary goes out by night"


def test_the_control_waits_until_the_morning(office: Office) -> None:
    office.later(hours=NIGHT)
    office.secret("shop")
    ran = office.remind()
    assert (ran.sent, bool(ran.quiet_until)) == ((), True)


def test_it_is_told_once_a_day_until_somebody_answers(office: Office) -> None:
    by_night(office)
    made = report(office)
    assert set(office.told(office.remind())) == {"anna", "ben", "mia"}
    assert office.told(office.remind()) == {}
    office.later(days=1)
    assert set(office.told(office.remind())) >= {"anna", "ben", "mia"}
    office.do(procedure.answer, made.id[:8])
    office.later(days=1)
    assert "incident" not in {kind for lines in office.told(office.remind()).values() for kind, *_ in lines}


def test_telling_at_once_leaves_what_is_ordinary_for_its_time(office: Office) -> None:
    office.secret("shop")
    report(office)
    told = office.told(office.remind(urgent=True))
    assert {kind for lines in told.values() for kind, *_ in lines} == {"incident"}
    assert "hand-over" in {kind for lines in office.told(office.remind()).values() for kind, *_ in lines}


def test_without_a_channel_or_leave_to_send_the_command_says_so(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from govern.register.queries import notice_channels

    office.enrol("dora")
    report(office, by="dora")
    assert tell(office.members["mia"], lambda: office.now) == ([], "no channel is set up (govern channel add)")
    monkeypatch.setattr(notice_channels, "in_use", lambda _db: ["one"])
    told, why = tell(office.members["dora"], lambda: office.now, posts=lambda *_: (office.answering(),))
    assert (told, "next run" in why) == ([], True)
    told, why = tell(office.members["mia"], lambda: office.now, posts=lambda *_: (office.answering(),))
    assert (set(told), why) == ({"anna", "ben", "mia"}, ""), "the control: an admin sends"


def test_whom_no_channel_reaches_is_said_and_the_report_stays(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from govern.register.queries import notice_channels

    made = report(office)
    monkeypatch.setattr(notice_channels, "in_use", lambda _db: ["one"])
    refused = office.answering(lambda _: Delivery(outcome=Outcome.REFUSED, reason="no such mailbox"))
    told, why = tell(office.members["mia"], lambda: office.now, posts=lambda *_: (refused,))
    assert (told, why.count("no such mailbox")) == ([], 3)
    assert procedure.incidents.report(office.db(), made.id).answered_at == ""


@pytest.mark.parametrize("locale", LOCALES)
def test_the_message_names_the_account_in_the_readers_language_and_not_the_note(office: Office, locale: str) -> None:
    office.mail("anna", locale=locale)
    report(office)
    office.remind()
    (message,) = [one for one in office.box if one.to_mail == "anna@acme.example"]
    assert message.locale == locale
    assert "shop" in message.subject
    assert "not ours" not in message.text
