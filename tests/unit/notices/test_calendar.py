"""A calendar file that is written again and read again has every appointment once: changed where it changed, cancelled where it is no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.errors import Malformed, Refused
from govern.notices.calendar import Appointment, Written, uid, write

VAULT, KIM, LEE = "ab" * 32, "cd" * 16, "ce" * 16
AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
ROTATE = Appointment(key="rotation:1", day=date(2026, 12, 1), title="Change a password", text="Type: govern todo\nor ask", alarms=(7, 1, 0))
DRILL = Appointment(key="drill", day=date(2027, 2, 28), title="Prøv genoprettelsen; æøå, 日本", text="x")


def wrote(*appointments: Appointment, before: bytes | None = None, at: datetime = AT, person: str = KIM) -> Written:
    return write(appointments, before=before, vault=VAULT, person=person, name="govern", locale="da", at=at)


def events(data: bytes) -> dict[str, Any]:
    return {str(one["uid"]): one for one in icalendar.Calendar.from_ical(data).walk("VEVENT")}


def test_an_appointment_is_a_whole_day_with_alarms_at_nine() -> None:
    data = wrote(ROTATE, DRILL).data
    found = events(data)[uid(VAULT, KIM, "rotation:1")]
    assert (found["dtstart"].dt, found["dtend"].dt) == (date(2026, 12, 1), date(2026, 12, 2))
    assert (str(found["summary"]), str(found["description"])) == ("Change a password", "Type: govern todo\nor ask")
    assert (str(found["status"]), str(found["transp"]), str(found["class"])) == ("CONFIRMED", "TRANSPARENT", "PRIVATE")
    assert found["dtstamp"].dt == found["last-modified"].dt == AT
    alarms = [datetime.combine(ROTATE.day, datetime.min.time()) + alarm["trigger"].dt for alarm in found.walk("VALARM")]
    assert alarms == [datetime(2026, 11, 24, 9), datetime(2026, 11, 30, 9), datetime(2026, 12, 1, 9)]
    assert all(str(alarm["action"]) == "DISPLAY" and alarm["description"] for alarm in found.walk("VALARM"))
    assert str(events(data)[uid(VAULT, KIM, "drill")]["summary"]) == DRILL.title
    assert data.startswith(b"BEGIN:VCALENDAR\r\n")
    assert b"METHOD:PUBLISH\r\n" in data
    assert all(len(line) <= 75 for line in data.split(b"\r\n")), "folded as RFC 5545 §3.1 asks"


def test_what_did_not_change_is_written_as_it_was() -> None:
    first = wrote(ROTATE, DRILL)
    again = wrote(DRILL, ROTATE, before=first.data, at=AT + timedelta(days=3))
    assert again.data == first.data
    assert (first.new, again.new, again.changed, again.same, again.cancelled) == (2, 0, 0, 2, 0)


@pytest.mark.parametrize(
    "change",
    [{"day": date(2026, 12, 9)}, {"title": "Change two"}, {"text": "other"}, {"alarms": (3,)}],
    ids=["day", "title", "text", "alarms"],
)
def test_what_changed_keeps_its_uid_and_gets_a_higher_sequence(change: dict[str, Any]) -> None:
    first = wrote(ROTATE, DRILL)
    later = wrote(replace(ROTATE, **change), DRILL, before=first.data, at=AT + timedelta(hours=1))
    old, new = (events(one.data)[uid(VAULT, KIM, "rotation:1")] for one in (first, later))
    assert int(new["sequence"]) > int(old["sequence"])
    assert new["last-modified"].dt == new["dtstamp"].dt == AT + timedelta(hours=1)
    assert (later.changed, later.same) == (1, 1)


def test_what_is_no_more_is_cancelled_kept_a_while_and_then_gone() -> None:
    first = wrote(ROTATE, DRILL)
    done = wrote(DRILL, before=first.data, at=AT + timedelta(days=1))
    gone = events(done.data)[uid(VAULT, KIM, "rotation:1")]
    assert str(gone["status"]) == "CANCELLED"
    assert int(gone["sequence"]) > int(events(first.data)[uid(VAULT, KIM, "rotation:1")]["sequence"])
    assert not gone.walk("VALARM")
    assert done.cancelled == 1
    kept = wrote(DRILL, before=done.data, at=AT + timedelta(days=80))
    assert events(kept.data) == events(done.data)
    assert kept.cancelled == 0
    assert list(events(wrote(DRILL, before=kept.data, at=AT + timedelta(days=92)).data)) == [uid(VAULT, KIM, "drill")]


def test_what_comes_back_is_confirmed_again() -> None:
    done = wrote(before=wrote(ROTATE).data, at=AT + timedelta(days=1))
    back = wrote(ROTATE, before=done.data, at=AT + timedelta(days=2))
    (found,), (cancelled,) = events(back.data).values(), events(done.data).values()
    assert str(found["status"]) == "CONFIRMED"
    assert int(found["sequence"]) > int(cancelled["sequence"])


def test_a_file_that_was_lost_is_gone_on_from() -> None:
    """A program that read the old file takes the new one for newer, and one whose clock went back does so too."""
    first = wrote(ROTATE)
    changed = wrote(replace(ROTATE, title="x"), before=first.data, at=AT + timedelta(seconds=1))
    fresh = wrote(ROTATE, at=AT + timedelta(days=1))
    behind = wrote(ROTATE, before=changed.data, at=AT - timedelta(days=9))
    numbers = [int(next(iter(events(one.data).values()))["sequence"]) for one in (first, changed, fresh)]
    assert numbers == sorted(set(numbers))
    assert int(next(iter(events(behind.data).values()))["sequence"]) == numbers[1] + 1


def test_the_calendars_of_two_people_share_no_uid_and_nothing_follows_from_one() -> None:
    assert uid(VAULT, KIM, "drill") != uid(VAULT, LEE, "drill") != uid("ac" * 32, LEE, "drill")
    assert "drill" not in uid(VAULT, KIM, "drill")


def test_attack_a_file_that_is_not_this_person_s_calendar_is_not_written_over() -> None:
    other = icalendar.Calendar()
    other.add("prodid", "-//somebody//else//EN")
    other.add("version", "2.0")
    for before in (other.to_ical(), wrote(ROTATE, person=LEE).data):
        with pytest.raises(Refused) as refusal:
            wrote(ROTATE, before=before)
        assert refusal.value.rule == "calendar-other"
    assert wrote(ROTATE, before=wrote(ROTATE).data).same == 1


@pytest.mark.parametrize("data", [b"", b"Dear diary", b"\xff\xfe\x00", b"BEGIN:VCALENDAR\r\n", b"BEGIN:VEVENT\r\nEND:VCALENDAR\r\n"])
def test_attack_a_file_that_is_no_calendar_is_refused(data: bytes) -> None:
    with pytest.raises((Malformed, Refused)):
        wrote(ROTATE, before=data)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.binary(max_size=6))
def test_attack_a_damaged_calendar_is_refused_or_read(place: int, put: bytes) -> None:
    whole = wrote(ROTATE, DRILL).data
    place %= len(whole)
    try:
        wrote(ROTATE, DRILL, before=whole[:place] + put + whole[place + len(put) :])
    except (Malformed, Refused):
        pass


@pytest.mark.parametrize(
    "text",
    ["x\r\nATTACH:file:///etc/passwd", "x\nEND:VEVENT\nBEGIN:VEVENT", "x\rSTATUS:CANCELLED", "\\nEND:VCALENDAR", "x\x0bY:1", "x\u2028Y:1"],
)
def test_attack_a_name_in_a_title_or_text_adds_no_line(text: str) -> None:
    for one in (replace(ROTATE, title=text), replace(ROTATE, text=text)):
        data = wrote(one).data
        (found,) = events(data).values()
        assert sorted(found.keys()) == sorted(next(iter(events(wrote(ROTATE).data).values())).keys())
        assert str(found["status"]) == "CONFIRMED"
        assert data.split(b"\r\n").count(b"BEGIN:VEVENT") == 1
        assert not set(data.decode()) & {"\x0b", "\u2028"}


def test_control_written_by_hand_the_same_name_is_a_line() -> None:
    data = wrote(ROTATE).data.replace(b"Change a password", b"x\r\nATTACH:file:///etc/passwd")
    assert "ATTACH" in next(iter(events(data).values()))
