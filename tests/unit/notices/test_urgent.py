"""A report of something that went wrong: told to all who answer for it at once, quiet hours or not, and again each day until somebody answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from govern.errors import Refused
from govern.holdings import notices
from govern.languages import LOCALES
from govern.notices import due
from govern.notices.message import Delivery, Outcome
from govern.policy.incident import playbook
from govern.procedures import incidents as procedure
from govern.procedures.urgent import tell
from govern.register.queries import notice_channels, policies
from govern.register.queries.notice_channels import NoticeChannel

from .conftest import Office

SECRET = NoticeChannel(
    "0" * 32, "office", "mail", "till", "password", "1" * 32, "tls", 465, "h", "s@x.example", "", "", None, "", "", "", 0
)
"""A channel that no key of somebody without a role opens."""

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
    office.enrol("dora")
    report(office, by="dora")
    assert tell(office.members["mia"], lambda: office.now) == ([], "no channel is set up (govern channel add)")
    monkeypatch.setattr(notice_channels, "in_use", lambda _db: [SECRET])
    told, why = tell(office.members["dora"], lambda: office.now, posts=lambda *_: (office.answering(),))
    assert (told, "when an admin or HR runs govern remind" in why) == ([], True)
    told, why = tell(office.members["mia"], lambda: office.now, posts=lambda *_: (office.answering(),))
    assert (set(told), why) == ({"anna", "ben", "mia"}, ""), "the control: an admin sends"


def test_whom_no_channel_reaches_is_said_and_the_report_stays(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    made = report(office)
    monkeypatch.setattr(notice_channels, "in_use", lambda _db: [SECRET])
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


# --- whoever sends no reminders, of their own report -----------------------------------------------------------------------------------------


def body(office: Office, report: str, person: str = "anna", stage: str = "-7") -> dict[str, Any]:
    due = (office.moment + timedelta(hours=1)).date().isoformat()
    return {
        "person": office.ids[person], "message": "m", "channel": "room", "locale": "en", "lines": [[notices.thing("incident", report), due, stage]]
    }  # fmt: skip


def test_whoever_reports_something_tells_of_it_by_a_channel_that_their_key_opens(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """By night, without a role and without the lease; what was told is in the ledger, so that the next run of others repeats nothing."""
    office.enrol("dora")
    by_night(office)
    made = report(office, by="dora")
    monkeypatch.setattr(notice_channels, "in_use", lambda _db: [SECRET._replace(credential="")])
    told, why = tell(office.members["dora"], lambda: office.now, made.id, posts=lambda *_: (office.answering(name="room"),))
    assert (set(told), why) == ({"anna", "ben", "mia"}, "")
    types = [row[0] for row in office.db().execute("SELECT type FROM entries ORDER BY idx DESC LIMIT 4")]
    assert types == ["digest.sent"] * 3 + ["incident.reported"]
    assert office.remind().sent == ()


def test_what_only_a_room_was_told_goes_by_mail_as_well_with_the_next_run(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.enrol("dora")
    made = report(office, by="dora")
    monkeypatch.setattr(notice_channels, "in_use", lambda _db: [SECRET._replace(credential="")])
    room = office.answering(name="room")._replace(private=False)
    told, _ = tell(office.members["dora"], lambda: office.now, made.id, posts=lambda *_: (room,))
    assert set(told) == {"anna", "ben", "mia"}
    assert set(office.told(office.remind())) == {"anna", "ben", "mia"}
    assert office.remind().sent == ()


def test_of_anything_else_an_entry_of_theirs_is_void(office: Office) -> None:
    """The attack: somebody without a role records that others were told, of what they did not report. Control: their own report."""
    office.enrol("dora")
    mine, other = report(office, by="dora"), report(office)
    for wrong in (
        body(office, other.id),
        {**body(office, mine.id), "lines": body(office, mine.id)["lines"] + body(office, other.id)["lines"]},
    ):
        with pytest.raises(Refused) as refused:
            office.fact("digest.sent", wrong, by="dora")
        assert (refused.value.rule, refused.value.control) == ("digest-report", "IR-6")
    failed = {"person": office.ids["anna"], "message": "m", "channel": "room", "outcome": "refused"}
    office.fact("digest.failed", failed)
    office.fact("digest.sent", body(office, mine.id), by="dora")
    assert office.db().execute("SELECT count(*) FROM undelivered").fetchone() == (1,), (
        "nor that somebody can be reached whom reminders did not reach"
    )
    office.fact("digest.sent", body(office, mine.id))
    assert office.db().execute("SELECT count(*) FROM undelivered").fetchone() == (0,), "control: an admin's digest says so"
    office.do(procedure.answer, mine.id[:8])
    with pytest.raises(Refused):
        office.fact("digest.sent", body(office, mine.id), by="dora")


def test_what_does_not_arrive_is_said_with_who_tells_it_next_and_recorded_by_nobody(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.enrol("dora")
    made = report(office, by="dora")
    monkeypatch.setattr(notice_channels, "in_use", lambda _db: [SECRET._replace(credential="")])
    down = office.answering(lambda _: Delivery(outcome=Outcome.LATER, reason="the server is down"))
    told, why = tell(office.members["dora"], lambda: office.now, made.id, posts=lambda *_: (down,))
    assert (told, why.count("the server is down"), "runs govern remind" in why) == ([], 3, True)
    assert set(office.told(office.remind())) >= {"anna", "ben", "mia"}


def test_a_room_is_told_that_something_is_wrong_and_not_what(office: Office) -> None:
    report(office)
    room = office.answering(name="room")._replace(private=False)
    office.remind(room)
    heads = {message.subject for message in office.box}
    assert "Anna: Somebody reported that something is wrong" in heads
    assert not any("shop" in text for message in office.box for text in (message.subject, message.text, message.html))


def test_attack_a_report_is_put_off_by_whoever_it_is_about_and_silences_everybody(office: Office) -> None:
    """Anna answers for the shop, and for what is reported of it; to put off is to put off for all who would hear of it."""
    office.enrol("anya")
    office.fact("account.custody", {"account": office.ids["shop"], "custodian": office.ids["anya"]})
    id_ = report(office)
    day = (office.moment + timedelta(days=2)).date().isoformat()
    about = {"kind": "incident", "of": getattr(id_, "id", id_), "until": day}
    with pytest.raises(Refused) as told:
        office.fact("notice.snoozed", about, {"reason": "later"}, by="anya")
    assert (told.value.rule, told.value.control) == ("snooze-report", "IR-6")
    assert set(office.told(office.remind())) == {"anya", "ben", "mia"}
    # The control: what is not urgent is put off, by her as by anybody who answers for it.
    credential = office.secret("shop")
    office.fact("notice.snoozed", {"kind": "schedule", "of": credential, "until": day}, {"reason": "later"}, by="anya")


def test_by_night_the_next_reminder_of_a_report_is_now_and_that_of_anything_else_in_the_morning(office: Office) -> None:
    office.secret("shop")
    by_night(office)
    report(office)
    found = due.notices(office.db(), policies.policy(office.db()), office.now, reader=office.ids["mia"], every=True)
    times = {one.thing.kind: one.next for one in found if one.person == office.ids["anna"] and one.next}
    assert times["incident"] == office.now
    assert times["hand-over"] > office.now
