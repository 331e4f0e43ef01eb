"""The shape of a policy file's section `reminders`, and the source of its part of the JSON Schema. Slow to import: for reading files only."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from govern.policy.durations import Control, Days, DaysOrNone
from govern.policy.model import Model
from govern.policy.reminder_rules import DEFAULT, MAX_BEFORE, MAX_MINUTES, MIN_STALE, TierReminders


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ValueError("no time zone of this machine: write it as Europe/Oslo, or UTC") from None
    return name


def _ahead(days: list[int]) -> list[int]:
    if any(not 1 <= each <= MAX_BEFORE for each in days):
        raise ValueError(f"not between one day and {MAX_BEFORE} days ahead")
    return sorted(set(days), reverse=True)


Hour = Annotated[int, Field(ge=0, le=23)]


class Quiet(Model):
    """Hours of the zone in which nothing is sent; both the same: there are none."""

    from_: Annotated[Hour, Field(alias="from", description="from this hour on")] = DEFAULT.quiet_from
    until: Annotated[Hour, Field(description="until this hour")] = DEFAULT.quiet_until


class Snooze(Model):
    """How long and how often a thing can be put off."""

    days: Annotated[DaysOrNone, Field(description="at most, each time")] = DEFAULT.snooze
    times: Annotated[int, Field(ge=0, le=100)] = DEFAULT.snoozes


class TierSection(Model):
    """Reminders of one tier."""

    before: Annotated[
        list[Days], AfterValidator(_ahead), Field(max_length=20, description="how long ahead of the due day; on that day always")
    ]
    repeat: Annotated[Days, Field(description="how often once it is overdue")]
    deputy: Annotated[DaysOrNone, Field(description="how long past the due day the deputy is told as well")]
    admin: Annotated[DaysOrNone, Field(description="how long past the due day admins are told as well")]


def _section(tier: TierReminders) -> TierSection:
    return TierSection.model_construct(before=list(tier.before), repeat=tier.repeat, deputy=tier.deputy, admin=tier.admin)


class Reminders(Model):
    """When people are reminded of what is due, who besides, and how long that can be put off. Whatever is left out is as by default."""

    control: Control = DEFAULT.control
    zone: Annotated[str, AfterValidator(_zone), Field(max_length=60, description="IANA time zone in which days and hours count")] = (
        DEFAULT.zone
    )
    quiet: Quiet = Quiet.model_construct(from_=DEFAULT.quiet_from, until=DEFAULT.quiet_until)
    snooze: Snooze = Snooze.model_construct(days=DEFAULT.snooze, times=DEFAULT.snoozes)
    ack: Annotated[DaysOrNone, Field(description="how long what somebody has acknowledged is not repeated to them")] = DEFAULT.ack
    undelivered: Annotated[DaysOrNone, Field(description="after which time admins are told of somebody whom nothing reaches")] = (
        DEFAULT.undelivered
    )
    stale_pin: Annotated[
        Days, Field(ge=MIN_STALE, description="after which time a machine that has written nothing is told of, first to its person")
    ] = DEFAULT.stale_pin
    lease: Annotated[int, Field(ge=1, le=MAX_MINUTES, description="minutes for which one run keeps others from running")] = DEFAULT.lease
    critical: TierSection = _section(DEFAULT.tiers["critical"])
    standard: TierSection = _section(DEFAULT.tiers["standard"])
    low: TierSection = _section(DEFAULT.tiers["low"])
