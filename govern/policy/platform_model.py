"""The shape of a platform profile, one file of `policies/platforms/`: what may stand in it, and the source of its JSON Schema."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from govern.policy.model import Kind, Model, Version

Line = Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=r"^\S.*\S$|^\S$")]
"""One line of text without space around it."""
Https = Annotated[str, StringConstraints(pattern=r"^https://[a-z0-9{][^\s]*$", max_length=300)]


class PasswordLimits(Model):
    """What the platform accepts as a password, as far as known."""

    min: Annotated[int, Field(ge=1, le=128)] | None = None
    max: Annotated[int, Field(ge=8, le=4096)] | None = None
    symbols: Annotated[str, StringConstraints(max_length=40, pattern=r"^[!-/:-@\[-`{-~]*$")] | None = None
    needs: list[Literal["lower", "upper", "digit", "symbol"]] = []

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is more than max")
        return self


Host = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$", max_length=253)]
App = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z][a-zA-Z0-9_]*(\.[a-zA-Z0-9_-]+)+$", max_length=200)]
Title = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+( [a-z0-9]+)*$", max_length=60)]


class ChangePassword(Model):
    """Where and how the password is changed."""

    url: Https | None = None
    by_host: dict[Host, Https] = {}
    steps: Annotated[list[Line], Field(min_length=1, max_length=12)]


class Titles(Model):
    """How people call it in the title of an entry: words found within a title, and titles that mean it only as a whole."""

    words: list[Title] = []
    whole: list[Title] = []


class PlatformProfile(Model):
    """One file of `policies/platforms/`."""

    version: Version
    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
    name: Line
    hosts: list[Host]
    paths: list[Annotated[str, StringConstraints(pattern=r"^/[a-z0-9_./-]+$")]] = []
    apps: list[App] = []
    titles: Titles
    kinds: Annotated[list[Kind], Field(min_length=1)]
    shared_with: list[str] = []
    change_password: ChangePassword
    password: PasswordLimits = PasswordLimits()
    survives: list[Line] = []
    grade: Literal["tested", "official", "guided"]
    checked_on: Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]
    source: Line
