"""When a due thing is told again, and to whom by then. Pure: values in, values out; knows neither what the thing is nor who was ever told.

A stage is a point: a number of days from the due day, in the zone of the policy. -14, -7, -1 lie ahead of it, 0 is the day itself, 3, 6, 9 come after it.
What was missed is not made up for: of the points that have passed the latest counts, so that three weeks without a run end in one reminder, not in seven.
"""

from __future__ import annotations

from calendar import monthrange
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple

from govern.policy.reminder_rules import ReminderRule, TierReminders

_NEVER: Final = -10_000
_END: Final = "T23:59:59Z"


class Told(NamedTuple):
    """What was done about one thing for one person. `point`: the latest stage that they were told, None for none; `snoozed`: until which day (ISO date) it was
    put off; `acknowledged`: on which day they said that they have seen it. Both empty for never."""

    point: int | None = None
    snoozed: str = ""
    acknowledged: str = ""


class Circle(NamedTuple):
    """Who answers for a thing, by person id: `first` at once, `deputies` and `admins` as it grows late; `also` until the due day, and never after it.
    Nobody is in it whom it must not reach: whoever leaves, and the subject of a case."""

    first: frozenset[str]
    deputies: frozenset[str] = frozenset()
    admins: frozenset[str] = frozenset()
    also: frozenset[str] = frozenset()


@lru_cache(maxsize=64)
def zone(name: str) -> tzinfo:
    """The zone of that IANA name; UTC where this machine does not have it, so that nothing stays unsaid."""
    if name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return UTC


def _moment(time: str) -> datetime:
    """A UTC time, or a day's beginning. A 31st that its month does not have, which an entry may claim, is the month's last."""
    try:
        return datetime.fromisoformat(time[:19]).replace(tzinfo=UTC)
    except ValueError:
        year, month = max(int(time[:4]), 1), int(time[5:7])
        return datetime.fromisoformat(f"{year:04}-{month:02}-{monthrange(year, month)[1]}{time[10:19]}").replace(tzinfo=UTC)


def local_day(time: str, name: str) -> str:
    """The day (ISO date) of a UTC time in that zone; a day stays what it is."""
    moment = _moment(time)
    if len(time) > 10 and name != "UTC":
        with suppress(OverflowError):
            moment = moment.astimezone(zone(name))
    return moment.date().isoformat()


def due_day(due: str, name: str) -> str:
    """The same of when a thing is due: the last second of a day, which is how a day is written where a time is kept, is that day in every zone."""
    return local_day(due[:10] if due.endswith(_END) else due, name)


def past(due: str, today: str) -> int:
    """Days from one ISO date to another; negative while it lies ahead."""
    return (date.fromisoformat(today) - date.fromisoformat(due)).days


def point(rule: TierReminders, days: int) -> int | None:
    """The latest stage at so many days past the due day; None before the first."""
    if days >= 0:
        return days - days % rule.repeat
    return max((-ahead for ahead in rule.before if -ahead <= days), default=None)


def next_point(rule: TierReminders, after: int | None) -> int:
    """The stage that follows another; the first of all for None."""
    if after is not None and after >= 0:
        return after + rule.repeat - after % rule.repeat
    return min((-ahead for ahead in rule.before if after is None or -ahead > after), default=0)


def audience(rule: TierReminders, circle: Circle, days: int) -> frozenset[str]:
    """Who hears of it at so many days past the due day."""
    found = circle.first
    if days <= 0:
        found |= circle.also
    if days >= rule.deputy:
        found |= circle.deputies
    if days >= rule.admin:
        found |= circle.admins
    return found


def silent_until(rule: ReminderRule, told: Told, due: str, *, pressing: bool, zone_today: str) -> str:
    """The day (ISO date) before which this person is not reminded of it, as they asked; empty where nothing holds a reminder back.

    An acknowledgement made ahead of the due day ends with that day. What is `pressing` (somebody is gone and still knows a secret) and overdue is held back by
    nothing; nor is anything for longer than the policy allows, whatever an older policy allowed.
    """
    if pressing and past(due, zone_today) > 0:
        return ""
    days = []
    if told.snoozed:
        days.append(min(told.snoozed, plus(zone_today, rule.snooze)))
    if told.acknowledged:
        ends = plus(told.acknowledged, rule.ack)
        days.append(min(ends, due) if told.acknowledged < due else ends)
    latest = max(days, default="")
    return latest if latest > zone_today else ""


def waits(rule: ReminderRule, tier: str, told: Told, due: str, today: str, *, pressing: bool = False) -> int | None:
    """The stage that this person is to be told of a thing today (ISO dates of the zone); None where there is nothing to tell."""
    now = point(rule.tiers[tier], past(due, today))
    if now is None or (told.point is not None and told.point >= now):
        return None
    return None if silent_until(rule, told, due, pressing=pressing, zone_today=today) else now


def next_day(rule: ReminderRule, tier: str, told: Told, due: str, today: str, *, pressing: bool = False) -> str:
    """The day (ISO date) on which this person is reminded next, if nothing happens: today, where it waits."""
    held = silent_until(rule, told, due, pressing=pressing, zone_today=today)
    now = point(rule.tiers[tier], past(due, today))
    if now is not None and (told.point is None or told.point < now):
        found = today
    else:
        reached = max(_NEVER if now is None else now, _NEVER if told.point is None else told.point)
        found = plus(due, next_point(rule.tiers[tier], None if reached == _NEVER else reached))
    found = max(found, held)
    if held and pressing and found > due:
        return max(plus(due, 1), today)  # from then on nothing holds it back
    return found


def plus(day: str, days: int) -> str:
    """The ISO date so many days later; the last that there is beyond the calendar."""
    try:
        return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
    except OverflowError:
        return "9999-12-31"


def is_quiet(rule: ReminderRule, now: str) -> bool:
    """Whether nothing is sent at this UTC time."""
    hour = _moment(now).astimezone(zone(rule.zone)).hour
    if rule.quiet_from <= rule.quiet_until:
        return rule.quiet_from <= hour < rule.quiet_until
    return hour >= rule.quiet_from or hour < rule.quiet_until


def opens(rule: ReminderRule, day: str) -> str:
    """The UTC time from which reminders of that day (ISO date of the zone) are sent: where the quiet hours of its night end."""
    hour = rule.quiet_until if is_night(rule) else 0
    try:
        local = datetime.combine(date.fromisoformat(day), datetime.min.time(), zone(rule.zone)).replace(hour=hour)
        return local.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except OverflowError:
        return f"{day}T00:00:00Z"


def is_night(rule: ReminderRule) -> bool:
    """Whether the day begins in quiet hours."""
    return rule.quiet_from > rule.quiet_until or (rule.quiet_from == 0 < rule.quiet_until)


def next_time(rule: ReminderRule, day: str, now: str) -> str:
    """The UTC time of a reminder of that day, or the first after `now` at which anything is sent."""
    if day > local_day(now, rule.zone):
        return opens(rule, day)
    if not is_quiet(rule, now):
        return now
    today = local_day(now, rule.zone)
    later = opens(rule, today)
    if not is_night(rule):
        moment = _moment(now).astimezone(zone(rule.zone))
        return moment.replace(hour=rule.quiet_until, minute=0, second=0).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return later if later > now else opens(rule, plus(today, 1))
