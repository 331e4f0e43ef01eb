"""When people are reminded of what is due, and who besides: plain values of a policy, cheap to import. Knows no thing that is due, and no clock.

A policy that has no such section is one from before there were reminders: `DEFAULT` holds for it. Days are counted from the due day, in the zone of
the policy. Control: NIST SP 800-53 rev 5 AC-2 h, whoever answers for an account is told in time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from govern.policy.fields import MAX_DAYS, control, number, refuse, section
from govern.vocabulary import TIERS

MAX_BEFORE: Final = 90
"""Days ahead of a due day that anybody is reminded at most: what lies further ahead is never looked at."""

MAX_MINUTES: Final = 240
MIN_STALE: Final = 14
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,2}\Z").match


class TierReminders(NamedTuple):
    """Of one tier. `before`: days ahead, the most first; `repeat`: days between two reminders once it is overdue; `deputy` and `admin`: days past
    the due day from which they are told as well."""

    before: tuple[int, ...]
    repeat: int
    deputy: int
    admin: int


class ReminderRule(NamedTuple):
    """All of it. `zone`: an IANA time zone; nothing is sent at or after the hour `quiet_from` and before `quiet_until` there, the two being equal: at any
    hour. `snooze` and `ack`: days for which a thing can be put off, and for which one that was acknowledged is not repeated. `undelivered`: days after which
    admins are told of somebody whom nothing reaches. `lease`: minutes for which a run keeps others from running.
    `stale_pin`: days after which a machine that has signed nothing is told of."""

    tiers: Mapping[str, TierReminders]
    zone: str
    quiet_from: int
    quiet_until: int
    snooze: int
    snoozes: int
    ack: int
    undelivered: int
    lease: int
    control: str
    stale_pin: int = 90

    @property
    def ahead(self) -> int:
        """Days ahead of its due day that the first reminder of anything comes."""
        return max((rule.before[0] for rule in self.tiers.values() if rule.before), default=0)


DEFAULT: Final = ReminderRule(
    tiers={
        "critical": TierReminders(before=(14, 7, 1), repeat=1, deputy=0, admin=1),
        "standard": TierReminders(before=(14, 3), repeat=3, deputy=1, admin=7),
        "low": TierReminders(before=(7,), repeat=7, deputy=7, admin=21),
    },
    zone="UTC", quiet_from=20, quiet_until=7, snooze=14, snoozes=2, ack=7, undelivered=2, lease=10, control="AC-2 h",
)  # fmt: skip

_LIMITS: Final = ("days", "times")
_KEYS: Final = ("control", "zone", "quiet", "snooze", "ack", "undelivered", "lease", *TIERS)


def to_record(rule: ReminderRule) -> dict[str, Any]:
    """The section of a policy's record."""
    more = (
        {} if rule.stale_pin == DEFAULT.stale_pin else {"stale-pin": rule.stale_pin}
    )  # as every record had it before there was such a rule
    return {
        "control": rule.control, "zone": rule.zone, "quiet": {"from": rule.quiet_from, "until": rule.quiet_until},
        "snooze": {"days": rule.snooze, "times": rule.snoozes}, "ack": rule.ack, "undelivered": rule.undelivered, "lease": rule.lease,
        **{tier: {"before": list(one.before), "repeat": one.repeat, "deputy": one.deputy, "admin": one.admin} for tier, one in rule.tiers.items()},
        **more,
    }  # fmt: skip


def from_record(value: Any) -> ReminderRule:
    """The rule of such a section; raises Malformed, naming the field, for what `to_record` would not have written."""
    told = isinstance(value, Mapping) and "stale-pin" in value
    root = section(value, "reminders", (*_KEYS, "stale-pin") if told else _KEYS)
    quiet = section(root["quiet"], "reminders.quiet", ("from", "until"))
    snooze = section(root["snooze"], "reminders.snooze", _LIMITS)
    zone = root["zone"]
    if not isinstance(zone, str) or len(zone) > 60 or not _ZONE(zone):
        refuse("reminders.zone", "is no time zone such as Europe/Oslo")
    return ReminderRule(
        tiers={tier: _tier(root[tier], f"reminders.{tier}") for tier in TIERS},
        zone=zone,
        quiet_from=number(quiet["from"], "reminders.quiet.from", 0, 23),
        quiet_until=number(quiet["until"], "reminders.quiet.until", 0, 23),
        snooze=number(snooze["days"], "reminders.snooze.days", 0, MAX_DAYS),
        snoozes=number(snooze["times"], "reminders.snooze.times", 0, 100),
        ack=number(root["ack"], "reminders.ack", 0, MAX_DAYS),
        undelivered=number(root["undelivered"], "reminders.undelivered", 0, MAX_DAYS),
        lease=number(root["lease"], "reminders.lease", 1, MAX_MINUTES),
        control=control(root["control"], "reminders.control"),
        stale_pin=number(root["stale-pin"], "reminders.stale-pin", MIN_STALE, MAX_DAYS) if told else DEFAULT.stale_pin,
    )


def _tier(value: Any, where: str) -> TierReminders:
    one = section(value, where, ("before", "repeat", "deputy", "admin"))
    before = one["before"]
    if not isinstance(before, list) or len(before) > 20:
        refuse(f"{where}.before", "is no list of days")
    days = tuple(number(each, f"{where}.before", 1, MAX_BEFORE) for each in before)
    if list(days) != sorted(set(days), reverse=True):
        refuse(f"{where}.before", "is not in order, the most days first and each once")
    return TierReminders(
        before=days,
        repeat=number(one["repeat"], f"{where}.repeat", 1, MAX_DAYS),
        deputy=number(one["deputy"], f"{where}.deputy", 0, MAX_DAYS),
        admin=number(one["admin"], f"{where}.admin", 0, MAX_DAYS),
    )
