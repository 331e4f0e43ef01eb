"""Reading the fields of a policy's record: each is of its kind, or Malformed names it. Knows no rule."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from govern.errors import Malformed

MAX_DAYS: Final = 3660
"""Ten years: longer than any rule here makes sense."""

CONTROL: Final = r"[A-Za-z0-9][A-Za-z0-9 .()/-]{0,23}"
"""A control id: `AC-6`, `AC-2 k`, `IA-5(1)`, or that of another standard, `A.5.18`."""

_CONTROL = re.compile(CONTROL + r"\Z").match


def refuse(where: str, why: str) -> NoReturn:
    raise Malformed(f"policy: {where} {why}")


def section(value: Any, where: str, keys: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        refuse(where, "is no section of rules")
    if set(value) != set(keys):
        refuse(where, f"has other keys than {', '.join(keys)}")
    return value


def number(value: Any, where: str, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        refuse(where, f"is no whole number from {least} to {most}")
    return value


def flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        refuse(where, "is neither true nor false")
    return value


def word(value: Any, where: str, words: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in words:
        refuse(where, f"is none of {', '.join(words)}")
    return value


def control(value: Any, where: str) -> str:
    if not isinstance(value, str) or not _CONTROL(value):
        refuse(where, "is no control id such as AC-6")
    return value
