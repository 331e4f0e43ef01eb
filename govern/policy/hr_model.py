"""The shape of `policies/hr.yaml` and of a map of one's own, and the source of its JSON Schema."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from govern.policy.durations import Control, DaysOrNone
from govern.policy.model import Model, Version

Heading = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Headings = Annotated[list[Heading], Field(max_length=40)]
Words = Annotated[list[Heading], Field(max_length=500)]


class Columns(Model):
    """What is read -> headings that mean it, the surer first."""

    name: Headings = []
    given: Headings = []
    infix: Headings = []
    family: Headings = []
    mail: Headings = []
    department: Headings = []
    first_day: Headings = []
    last_day: Headings = []
    status: Headings = []
    locale: Headings = []


class Most(Model):
    """A file is refused where it is about more people than `few` and more than `percent` of those who should be in it."""

    control: Control
    few: Annotated[int, Field(ge=0, le=100_000)]
    percent: Annotated[int, Field(ge=0, le=100)]


class Time(Model):
    """A time in days."""

    control: Control
    days: DaysOrNone


class HrFile(Model):
    """The shipped file has every key but `columns`; a map of one's own has those that differ."""

    version: Version
    zone: Annotated[str, StringConstraints(pattern="^[A-Za-z0-9_+/-]{1,60}$")] | None = None
    dates: Literal["refuse", "day-first", "month-first"] | None = None
    vanished: Most | None = None
    leaving: Most | None = None
    joining: Most | None = None
    open_ahead: Time | None = None
    move_after: Time | None = None
    gone: Words | None = None
    never: Words | None = None
    columns: Columns | None = None
    systems: Annotated[dict[Heading, Columns], Field(max_length=40)] | None = None
