"""The shape of a platform profile, one file of `policies/platforms/`: what may stand in it, and the source of its JSON Schema.

A statement is a line of text, or a section of it that says its own grade, source and date; where it says none, those of the file hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints, model_validator

from govern.policy.model import Kind, Model, Version

Line = Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=r"^\S.*\S$|^\S$")]
"""One line of text without space around it."""
Https = Annotated[str, StringConstraints(pattern=r"^https://[a-z0-9{][^\s]*$", max_length=300)]
Day = Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]
Host = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$", max_length=253)]
App = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z][a-zA-Z0-9_]*(\.[a-zA-Z0-9_-]+)+$", max_length=200)]
Title = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+( [a-z0-9]+)*$", max_length=60)]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]

Grade = Literal["tested", "specification", "guided", "unproven"]
"""Done by us on a real server; said by the makers' documents, source or interface; said by general guides; from memory alone."""


class Graded(Model):
    """What may say for itself how far it is to be trusted."""

    grade: Annotated[Grade | None, Field(description="where it is not the file's")] = None
    source: Annotated[Key | None, Field(description="one of the file's sources, where it is not the file's own")] = None
    checked_on: Annotated[Day | None, Field(description="where it is not the file's")] = None


class Statement(Graded):
    """One thing that is said of the platform."""

    text: Line


def _said(value: object) -> object:
    return {"text": value} if isinstance(value, str) else value


Said = Annotated[Statement, BeforeValidator(_said, json_schema_input_type=Line | Statement)]
Steps = Annotated[list[Said], Field(min_length=1, max_length=12)]


class Source(Model):
    """Where something was read."""

    name: Line
    url: Https


class PasswordLimits(Graded):
    """What the platform accepts as a password, as far as known."""

    min: Annotated[int, Field(ge=1, le=128)] | None = None
    max: Annotated[int, Field(ge=8, le=4096)] | None = None
    symbols: Annotated[str, StringConstraints(max_length=40, pattern=r"^[!-/:-@\[-`{-~]*$")] | None = None
    needs: list[Literal["lower", "upper", "digit", "symbol"]] = []
    max_consecutive: Annotated[int, Field(ge=1, le=10, description="so often at most the same character in a row")] | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is more than max")
        if self.symbols == "" and "symbol" in self.needs:
            raise ValueError("a symbol is needed and none is allowed")
        if self.symbols and len(set(self.symbols)) != len(self.symbols):
            raise ValueError("symbols says one of them twice")
        return self


class ChangePassword(Graded):
    """Where the password is changed: one page, and others by host."""

    url: Https | None = None
    by_host: dict[Host, Https] = {}

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if self.url is None and not self.by_host:
            raise ValueError("neither url nor by-host")
        return self


class Titles(Model):
    """How people call it in the title of an entry: words found within a title, and titles that mean it only as a whole."""

    words: list[Title] = []
    whole: list[Title] = []


class Delegation(Graded):
    """Whether people can be given a login of their own there, instead of the shared password, and how."""

    native: Literal["full", "partly", "none"]
    text: Line
    url: Https | None = None


class Cut(Model):
    """What is ended there besides the secret itself: what it let in, and what was given next to it."""

    sessions: list[Said] = []
    apps: list[Said] = []
    roles: list[Said] = []


class Residual(Graded):
    """Something that works for a known time after it was cut."""

    text: Line
    seconds: Annotated[int, Field(ge=1, le=31_622_400)]


class LeadTime(Graded):
    """What a successor has to wait for there before they can take over, or remove whoever was there before."""

    text: Line
    days: Annotated[int, Field(ge=1, le=366)]


class Contact(Graded):
    """Where word is taken there of an account that was taken over: a page, or in words where there is none. `{host}`: the account's own server."""

    text: Line
    url: Https | None = None


class Before(Model):
    """What is told before anything is changed."""

    prompts: Said
    logged_out: Said
    disconnects: list[Said] = []
    scheduled: Said
    minutes: Annotated[int, Field(ge=1, le=240, description="a guess of ours for one password with everything that is cut besides")]


class PlatformProfile(Model):
    """One file of `policies/platforms/`."""

    version: Version
    id: Key
    name: Line
    hosts: list[Host]
    paths: list[Annotated[str, StringConstraints(pattern=r"^/[a-z0-9_./-]+$")]] = []
    apps: list[App] = []
    titles: Titles
    kinds: Annotated[list[Kind], Field(min_length=1)]
    shared_with: list[Key] = []
    grade: Grade
    checked_on: Day
    source: Key
    sources: Annotated[dict[Key, Source], Field(min_length=1)]
    change_password: ChangePassword
    password: PasswordLimits = PasswordLimits()
    delegation: Delegation
    before: Before
    rotate: Annotated[dict[Kind, Steps], Field(description="how each kind is changed there")]
    cut: Cut
    survives: list[Said] = []
    residual: list[Residual] = []
    lead_times: list[LeadTime] = []
    contact: Annotated[
        list[Contact], Field(max_length=4, description="where word is taken of an account that was taken over, the best way first")
    ] = []

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for kind in self.kinds:
            if kind not in self.rotate:
                raise ValueError(f"rotate says nothing of {kind}")
        for kind in self.rotate:
            if kind not in self.kinds:
                raise ValueError(f"rotate tells of {kind}, which is none of its kinds")
        for name in (self.source, *(one.source for one in _graded(self) if one.source)):
            if name not in self.sources:
                raise ValueError(f"{name} is none of its sources")
        return self


def _graded(value: Any) -> Iterator[Graded]:
    """Everything inside that says its own grade, at any depth."""
    if isinstance(value, Graded):
        yield value
    if isinstance(value, BaseModel):
        value = dict(value)
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _graded(one)
