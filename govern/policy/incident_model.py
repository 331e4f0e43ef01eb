"""The shape of `policies/incident.yaml`, and the source of its JSON Schema."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from govern.policy.durations import Control, Days
from govern.policy.model import Model, Version

Kind = Literal["takeover", "rogue-post", "leak", "negative", "phishing", "lost-device"]
Step = Literal[
    "freeze", "rotate", "sessions", "scheduled-posts", "evidence", "device", "platform", "correct", "warn", "inform", "answer", "apologise", "recover",
]  # fmt: skip
TextName = Annotated[str, StringConstraints(pattern="^[a-z][a-z-]{0,39}$")]

LONGEST = 7 * 24 * 60


class Answer(Model):
    """The clock of a report's first answer."""

    control: Control
    minutes: Annotated[dict[Kind, Annotated[int, Field(ge=1, le=LONGEST)]], Field(description="kind -> minutes")]


class Freeze(Model):
    """How long a freeze may stand before somebody looks at it again."""

    control: Control
    look_again: Days


class StepOf(Model):
    """One step, and whose it is."""

    step: Step
    by: Literal["lead", "second"]


class KindOf(Model):
    """What is done about one kind of incident, in this order."""

    control: Control
    steps: Annotated[list[StepOf], Field(min_length=1, max_length=20)]
    texts: Annotated[list[TextName], Field(max_length=20)] = []

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        names = [one.step for one in self.steps]
        if len(set(names)) != len(names):
            raise ValueError("has a step twice")
        return self


class Playbook(Model):
    """A playbook has every kind."""

    version: Version
    answer: Answer
    freeze: Freeze
    kinds: dict[Kind, KindOf]

    @model_validator(mode="after")
    def _every_kind(self) -> Self:
        for kind in Kind.__args__:  # type: ignore[attr-defined]
            if kind not in self.kinds or kind not in self.answer.minutes:
                raise ValueError(f"says nothing of {kind}")
        return self
