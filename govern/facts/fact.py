"""The shape of one type of fact. Knows no type by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from govern.fields import Check


class Fact(NamedTuple):
    """The shape of one type: required and optional body fields, personal fields, and the compartment it is written in."""

    body: Mapping[str, Check]
    optional: Mapping[str, Check]
    personal: Mapping[str, Check]
    compartment: str
    fields: Mapping[str, Check]
    """The required and the optional ones."""


def fact(
    compartment: str = "base", /, *, optional: Mapping[str, Check] | None = None, personal: Mapping[str, Check] | None = None, **body: Check
) -> Fact:
    return Fact(body, optional or {}, personal or {}, compartment, {**body, **(optional or {})})
