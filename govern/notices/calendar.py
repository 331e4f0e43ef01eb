"""Appointments as an iCalendar file (RFC 5545, RFC 7986): one person's, whole each time, so that a program which reads it again finds changes.

An appointment keeps its UID for ever. Where it changes, its SEQUENCE grows (seconds since 2026, so that a file which was lost, or is written on
another machine, goes on where the last one stopped); where it is no more, it stands there as cancelled for a while. Knows nothing of what is due.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from govern.errors import Malformed, Refused
from govern.holdings.notices import calendar_id
from govern.notices.message import DOMAIN, one_line

if TYPE_CHECKING:
    from icalendar import Event

KEPT_DAYS: Final = 90
"""So long a cancelled appointment stands in the file."""
ALARM_HOUR: Final = 9
LARGEST: Final = 16 * 2**20
_PRODUCT: Final = "-//govern//calendar//EN"
_BEGINNING: Final = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """Something that is due on a day. `key`: stable, of the thing; `alarms`: days ahead, at nine (0: on the day itself)."""

    key: str
    day: date
    title: str
    text: str
    alarms: tuple[int, ...] = (7, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The bytes of the file, and how many appointments are new, changed, as before, and cancelled by this."""

    data: bytes
    new: int
    changed: int
    same: int
    cancelled: int


def uid(vault: str, person: str, key: str) -> str:
    """UID of the appointment of a person about a thing; of the calendar itself with an empty key."""
    return f"{calendar_id(vault, person, key)}@{DOMAIN}"


def write(
    appointments: Iterable[Appointment], *, before: bytes | None, vault: str, person: str, name: str, locale: str, at: datetime
) -> Written:
    """The calendar of a person. `before`: what the file holds now, None where there is none; `at`: aware.

    Raises Refused where that is another calendar, Malformed where it is none.
    """
    from icalendar import Calendar

    known = {} if before is None else _events(before, uid(vault, person, ""))
    at = at.astimezone(UTC).replace(microsecond=0)
    calendar = Calendar()
    for field, value in (
        ("prodid", _PRODUCT), ("version", "2.0"), ("method", "PUBLISH"), ("uid", uid(vault, person, "")), ("name", one_line(name)),
        ("x-wr-calname", one_line(name)),
    ):  # fmt: skip
        calendar.add(field, value)
    counts = {"new": 0, "changed": 0, "same": 0, "cancelled": 0}
    for one in sorted({uid(vault, person, one.key): one for one in appointments}.items()):
        id_, appointment = one
        event, what = _kept(known.pop(id_, None), _event(id_, appointment, locale), at)
        counts[what] += 1
        calendar.add_component(event)
    for _, old in sorted(known.items()):
        gone, is_new = _cancelled(old, at)
        if gone is not None:
            counts["cancelled"] += is_new
            calendar.add_component(gone)
    return Written(data=calendar.to_ical(), **counts)


def _events(data: bytes, wanted: str) -> dict[str, Any]:
    """UID -> event of a calendar that this function's own module wrote for the same person."""
    from icalendar import Calendar

    if len(data) > LARGEST:
        raise Malformed("a calendar of more than 16 MiB", hint="name another file")
    try:
        calendar = Calendar.from_ical(data)
        ours, whose = str(calendar.get("prodid", "")) == _PRODUCT, str(calendar.get("uid", ""))
        events = {str(one["uid"]): one for one in calendar.walk("VEVENT") if _is_whole(one)} if ours else {}
    except Exception:  # whatever its reader stumbles over
        raise Malformed("the file that is there is no calendar that can be read", hint="name another file: --out F") from None
    if not ours or whose != wanted:
        raise Refused(
            "this is another calendar: of another program, person or vault", rule="calendar-other", control="AC-4", hint="name a file of its own: --out F"
        )  # fmt: skip
    return events


def _is_whole(event: Any) -> bool:
    return int(event["sequence"]) >= 0 and isinstance(event["last-modified"].dt, datetime) and isinstance(event["dtstart"].dt, date)


def _event(id_: str, one: Appointment, locale: str) -> Event:
    """All but when and how often it changed."""
    from icalendar import Alarm, Event

    event = Event()
    title = one_line(one.title)
    event.add("uid", id_)
    event.add("dtstart", one.day)
    event.add("dtend", one.day + timedelta(days=1))
    event.add("summary", title, parameters={"LANGUAGE": locale})
    event.add("description", "\n".join(one_line(line, 1000) for line in one.text.splitlines()), parameters={"LANGUAGE": locale})
    event.add("status", "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    event.add("class", "PRIVATE")
    for days in sorted(set(one.alarms), reverse=True):
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", title)
        alarm.add("trigger", timedelta(hours=ALARM_HOUR) - timedelta(days=days))
        event.add_component(alarm)
    return event


def _stamped(event: Event, at: datetime, sequence: int) -> Event:
    event.add("dtstamp", at)
    event.add("last-modified", at)
    event.add("sequence", sequence)
    return event


def _next(old: Any, at: datetime) -> int:
    return max(int((at - _BEGINNING).total_seconds()), 0 if old is None else int(old["sequence"]) + 1)


def _kept(old: Any, new: Event, at: datetime) -> tuple[Event, str]:
    """The old one where it says the same, else the new one, and which of the two."""
    if old is None:
        return _stamped(new, at, _next(None, at)), "new"
    same = _stamped(_copy(new), old["last-modified"].dt, int(old["sequence"]))
    if same.to_ical() == old.to_ical():
        return same, "same"
    return _stamped(new, at, _next(old, at)), "changed"


def _copy(event: Event) -> Event:
    copied: Any = type(event).from_ical(event.to_ical())
    return copied  # type: ignore[no-any-return]


def _cancelled(old: Any, at: datetime) -> tuple[Event | None, bool]:
    """The old one as cancelled, and whether it was not so yet; nothing where that is long ago."""
    from icalendar import Event

    if str(old.get("status", "")) == "CANCELLED":
        return (old if at - old["last-modified"].dt < timedelta(days=KEPT_DAYS) else None), False
    event = Event()
    for field in ("uid", "dtstart", "dtend", "summary", "transp", "class"):
        if field in old:
            event[field] = old[field]
    event.add("status", "CANCELLED")
    return _stamped(event, at, _next(old, at)), True
