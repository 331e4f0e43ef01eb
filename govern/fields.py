"""The kinds of field that a fact is made of: what a value must look like to be an id, a digest, a time. Knows no fact.

Every check takes whatever JSON can hold and answers True or False; it never raises. Most have a pattern too, a regular expression without groups for the
canonical spelling of such values: whatever it matches, `check` takes; it may miss rare ones (a text with an escape in it, a number of sixteen digits).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from govern.canonical import MAX_INTEGER

Check = Callable[[Any], bool]

_HEX32, _HEX64, _HEX128 = (f"[0-9a-f]{{{length}}}" for length in (32, 64, 128))
_DAY = "[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_MOMENT = f"{_DAY}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z"
_SERVER = r"https?://(?:[a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::[1-9][0-9]{0,4})?"
_NAME = "[a-z0-9][a-z0-9._@+-]{0,62}"
_ID, _DIGEST, _SIGNATURE, _TIME, _DATE, _HANDLE, _ORIGIN = (
    re.compile(rf"{shape}\Z").match for shape in (_HEX32, _HEX64, _HEX128, _MOMENT, _DAY, _NAME, _SERVER)
)


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


def server(value: Any) -> bool:
    """Where secrets are sent: scheme, host in lower case and, where it is not the usual one, port; no name, no path."""
    return isinstance(value, str) and _ORIGIN(value) is not None


def flag(value: Any) -> bool:
    return value is True or value is False


def count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MAX_INTEGER


def record(value: Any) -> bool:
    return isinstance(value, dict)


def signature(value: Any) -> bool:
    return isinstance(value, str) and _SIGNATURE(value) is not None


_PATTERNS: dict[Check, str] = {
    id_: f'"{_HEX32}"',
    digest: f'"{_HEX64}"',
    signature: f'"{_HEX128}"',
    time: f'"{_MOMENT}"',
    date: f'"{_DAY}"',
    handle: f'"{_NAME}"',
    server: f'"{_SERVER}"',
    flag: "(?:true|false)",
    count: "(?:0|[1-9][0-9]{0,14})",
}


_COLUMNS: dict[Check, tuple[Check, ...]] = {}
"""Of a row, what each of its places holds."""


def pattern(check: Check) -> str | None:
    """The pattern of what the check takes, where it has one."""
    return _PATTERNS.get(check)


def _spelled(check: Check, shape: str | None) -> Check:
    if shape is not None:
        _PATTERNS[check] = shape
    return check


def text(limit: int) -> Check:
    return _spelled(lambda value: isinstance(value, str) and len(value) <= limit, rf'"[^"\\\x00-\x1f]{{0,{limit}}}"')


def word(*words: str) -> Check:
    allowed = frozenset(words)
    return _spelled(lambda value: isinstance(value, str) and value in allowed, f'"(?:{"|".join(map(re.escape, words))})"')


def hexed(limit: int) -> Check:
    """As many bytes at most, as hex digits."""
    return _spelled(
        lambda value: isinstance(value, str) and len(value) <= 2 * limit and re.fullmatch("(?:[0-9a-f]{2})+", value) is not None,
        f'"(?:[0-9a-f]{{2}}){{1,{limit}}}"',
    )


def blank_or(check: Check) -> Check:
    """In a row, where nothing can be left out: an empty text, or what `check` takes."""
    shape = pattern(check)
    return _spelled(lambda value: value == "" or check(value), shape and f'(?:""|{shape})')


def _all(check: Check) -> Check:
    """Whether a list holds only what `check` takes; rows are looked at column by column, in half of the time."""
    columns = _COLUMNS.get(check)
    if columns is None:
        return lambda values: all(map(check, values))
    width = len(columns)
    return lambda rows: (
        all(isinstance(row, list) and len(row) == width for row in rows)
        and all(
            all(map(column, values)) for column, values in zip(columns, zip(*rows, strict=True), strict=False)
        )  # of no rows, no columns
    )


def many(check: Check, limit: int = 1000) -> Check:
    shape, each = pattern(check), _all(check)
    return _spelled(
        lambda value: isinstance(value, list) and len(value) <= limit and each(value),
        shape and rf"\[(?:{shape}(?:,{shape}){{0,{limit - 1}}})?\]",
    )


def row(*checks: Check) -> Check:
    shapes = [pattern(check) for check in checks]
    found = _spelled(
        lambda value: isinstance(value, list) and len(value) == len(checks) and all(c(v) for c, v in zip(checks, value, strict=True)),
        None if None in shapes else rf"\[{','.join(map(str, shapes))}\]",
    )
    _COLUMNS[found] = checks
    return found
