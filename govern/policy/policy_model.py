"""The shape of a policy file: what may stand in it, and the source of its JSON Schema.

Presets are laid over the rules in `govern.policy.parse`; here are the rules.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from govern.policy.durations import Age, Control, Days, DaysOrNone
from govern.policy.later_rules import MAX_GUESSES
from govern.policy.model import Kind, Model, Tier, Version
from govern.policy.reminder_model import Reminders
from govern.policy.rules import CONNECTORS, MAX_HOLDERS

People = Annotated[int, Field(ge=1, le=MAX_HOLDERS)]


class Limits(Model):
    """Between how many people."""

    least: People
    most: People

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.least > self.most:
            raise ValueError("least is more than most")
        return self


class Holders(Model):
    """How many people hold an account, by tier."""

    control: Control
    critical: Limits
    standard: Limits
    low: Limits


class Openers(Model):
    """How many keyholders can open every live version."""

    control: Control
    least: People
    severity: Literal["info", "warning", "critical"]


class Allowed(Model):
    """Allowed or refused."""

    allowed: bool
    control: Control


class Longest(Model):
    """The longest grant, by tier."""

    critical: Days
    standard: Days
    low: Days


class Grants(Model):
    """What a grant needs."""

    control: Control
    longest: Longest
    reason: Annotated[list[Tier], Field(description="tiers on which a grant needs a reason")]
    to_oneself: Allowed
    to_leavers: Allowed


class Rotation(Model):
    """When a change is due by the calendar, by tier and kind. A kind that is not listed has no rule, which is a finding."""

    control: Control
    critical: dict[Kind, Age]
    standard: dict[Kind, Age]
    low: dict[Kind, Age]


class Deadline(Model):
    """Time to change what a leaver knew, by tier."""

    critical: DaysOrNone
    standard: DaysOrNone
    low: DaysOrNone


class Membership(Model):
    """What happens when a holder leaves."""

    control: Control
    deadline: Deadline


class Grace(Deadline):
    """How long something due may wait, by tier."""

    control: Control


class SecondPerson(Model):
    """Whether a second person verifies."""

    control: Control
    required: bool


class Retention(Model):
    """How long what is kept of somebody who left is kept, before they may be erased."""

    control: Control
    days: DaysOrNone


class Overdue(Model):
    """What follows once a change is overdue past its grace."""

    control: Control
    banner: Annotated[bool, Field(description="whether status begins with it")]
    no_grants: Annotated[bool, Field(description="whether the account is given to nobody else")]
    no_reveals: Annotated[
        list[Tier], Field(description="tiers on which only the responsible person sees a secret, but for a rotation and an incident")
    ]


class Within(Model):
    """Time by tier."""

    critical: Days
    standard: Days
    low: Days


class FirstImport(Model):
    """Within which time of an import each secret it brought is changed for the first time: spread, worst first."""

    control: Control
    within: Within


class Typed(Model):
    """Passwords that people type."""

    control: Control
    guesses: Annotated[int, Field(ge=0, le=MAX_GUESSES, description="a power of ten: what takes fewer guesses is weak")]
    refuse_weak: Annotated[bool, Field(description="whether a weak new one is refused; one that is in force already never is")]


Basis = Literal["sealed", "revealed", "set", "handed-over", "place", "declared", "exported", "imported", "recovery"]


class Exposures(Model):
    """On which bases somebody who no longer holds an account could know its secret so that it has to change."""

    control: Control
    force: list[Basis]


class Departures(Model):
    """What comes first among the secrets that a leaver knew, and how long the rest may take; nothing is dropped."""

    control: Control
    first: Annotated[list[Basis], Field(description="bases on which a secret changes within the deadline of membership")]
    possible: Annotated[Deadline, Field(description="time for what was merely possible, by tier")]


Connector = Annotated[str, StringConstraints(pattern="^[a-z0-9][a-z0-9-]{0,39}$")]


class Connectors(Model):
    """Which connectors may change a platform by program."""

    control: Control
    allowed: Annotated[list[Connector], Field(max_length=100, description="names, those that come with the program included")]


class Spokespersons(Model):
    """Who may publish in an account's name."""

    control: Control
    training: Annotated[Days, Field(description="for how long a training counts")]


class Every(Model):
    """How often, by tier."""

    critical: Days
    standard: Days
    low: Days


class Reviews(Model):
    """How often it is asked who still needs what they hold."""

    control: Control
    every: Every
    within: Annotated[Days, Field(description="time to decide")]
    missed: Annotated[Literal["notify", "escalate", "end"], Field(description="what follows where nobody decided in time")]
    unused: Annotated[Days, Field(description="after how long without any use somebody's grant is reviewed")]


DocumentName = Annotated[str, StringConstraints(pattern="^[a-z0-9][a-z0-9._@+-]{0,62}$")]
DocumentNames = Annotated[list[DocumentName], Field(max_length=20)]


class Required(Model):
    """Names of the documents that holders have acknowledged, by tier."""

    critical: DocumentNames
    standard: DocumentNames
    low: DocumentNames


class Training(Model):
    """How old a training may be, by tier."""

    critical: Age
    standard: Age
    low: Age


OtherSubject = Annotated[DocumentName | None, Field(description="what the training of this tier is in, where it is something else")]


class Subjects(Model):
    """Tiers whose training is in something else."""

    critical: OtherSubject = None
    standard: OtherSubject = None
    low: OtherSubject = None


class Documents(Model):
    """What somebody has acknowledged and been trained in before they hold an account."""

    control: Control
    required: Required
    training: Annotated[Training, Field(description="for how long a training counts; never: none is asked for")]
    subject: Annotated[DocumentName, Field(description="what the training is in")]
    subjects: Annotated[Subjects | None, Field(description="tiers whose training is in something else")] = None
    grace: Annotated[DaysOrNone, Field(description="how long a grant stays once something has lapsed")]
    consequence: Annotated[Literal["finding", "end"], Field(description="what follows the grace")]
    audience: Annotated[
        Literal["holders", "everybody"], Field(description="whom a document is for that is published to nobody in particular")
    ]
    answering: Annotated[
        bool, Field(description="whether whoever answers for an account, responsible person or deputy, is held to the same")
    ] = True


class AfterFirstDay(Model):
    """Times from the first day on."""

    acknowledge: Annotated[DaysOrNone, Field(description="documents are read and signed")]
    training: Annotated[DaysOrNone, Field(description="trainings were held")]
    keys: Annotated[DaysOrNone, Field(description="they have keys")]
    accounts: Annotated[DaysOrNone, Field(description="they have roles and grants, and are named as spokespersons")]


class Joiners(Model):
    """By when somebody new has what they need."""

    control: Control
    before: Annotated[DaysOrNone, Field(description="so long before the first day what they are to read is handed out")]
    after: Annotated[AfterFirstDay, Field(description="so long after the first day the rest is done")]


class PolicyRules(Model):
    """A policy file without its presets."""

    version: Version
    holders: Holders
    openers: Openers
    grants: Grants
    rotation: Rotation
    membership: Membership
    grace: Grace
    second_person: SecondPerson
    retention: Retention
    connectors: Connectors = Connectors(control="CM-7(5)", allowed=list(CONNECTORS))
    overdue: Overdue | None = None
    first_import: FirstImport | None = None
    typed: Typed | None = None
    exposures: Exposures | None = None
    departures: Departures | None = None
    reminders: Reminders | None = None
    spokespersons: Spokespersons | None = None
    reviews: Reviews | None = None
    documents: Documents | None = None
    joiners: Joiners | None = None
