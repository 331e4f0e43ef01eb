"""The kinds of field that a fact is made of: what a value must look like to be an id, a digest, a time. Knows no fact.

Every check takes whatever JSON can hold and answers True or False; it never raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from govern.canonical import MAX_INTEGER

Check = Callable[[Any], bool]

_ID = re.compile(r"[0-9a-f]{32}\Z").match
_DIGEST = re.compile(r"[0-9a-f]{64}\Z").match
_TIME = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z\Z").match
_DATE = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])\Z").match
_SIGNATURE = re.compile(r"[0-9a-f]{128}\Z").match
_HANDLE = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,62}\Z").match


def id_(value: Any) -> bool:
    return isinstance(value, str) and _ID(value) is not None


def digest(value: Any) -> bool:
    return isinstance(value, str) and _DIGEST(value) is not None


def time(value: Any) -> bool:
    return isinstance(value, str) and _TIME(value) is not None


def date(value: Any) -> bool:
    return isinstance(value, str) and _DATE(value) is not None


def handle(value: Any) -> bool:
    """What people type for an account or a person: lower-case letters, digits and . _ @ + -, at most 63."""
    return isinstance(value, str) and _HANDLE(value) is not None


def flag(value: Any) -> bool:
    return value is True or value is False


def count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MAX_INTEGER


def record(value: Any) -> bool:
    return isinstance(value, dict)


def signature(value: Any) -> bool:
    return isinstance(value, str) and _SIGNATURE(value) is not None


def text(limit: int) -> Check:
    return lambda value: isinstance(value, str) and len(value) <= limit


def word(*words: str) -> Check:
    allowed = frozenset(words)
    return lambda value: isinstance(value, str) and value in allowed


def blank_or(check: Check) -> Check:
    """In a row, where nothing can be left out: an empty text, or what `check` takes."""
    return lambda value: value == "" or check(value)


def many(check: Check, limit: int = 1000) -> Check:
    return lambda value: isinstance(value, list) and len(value) <= limit and all(map(check, value))


def row(*checks: Check) -> Check:
    return lambda value: isinstance(value, list) and len(value) == len(checks) and all(c(v) for c, v in zip(checks, value, strict=True))
