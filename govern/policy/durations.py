"""Fields that several sections of a policy file have: spans of whole days as ISO 8601 writes them, and control ids. Slow to import: for reading files only."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

from govern.policy.fields import CONTROL, MAX_DAYS

_DURATION = re.compile(r"P([0-9]{1,4})([DW])\Z").match
_DURATION_SCHEMA: Final[dict[str, Any]] = {"type": "string", "pattern": "^P[0-9]{1,4}[DW]$"}


def _days(value: object) -> int:
    match = _DURATION(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("no duration in whole days or weeks such as P90D or P52W")
    return int(match[1]) * (7 if match[2] == "W" else 1)


def _age(value: object) -> int:
    if value == "never":
        return 0
    days = _days(value)
    if days == 0:
        raise ValueError("no time at all: say never, or a duration such as P90D")
    return days


Days = Annotated[int, BeforeValidator(_days), Field(ge=1, le=MAX_DAYS), WithJsonSchema(_DURATION_SCHEMA)]
DaysOrNone = Annotated[int, BeforeValidator(_days), Field(ge=0, le=MAX_DAYS), WithJsonSchema(_DURATION_SCHEMA)]
Age = Annotated[
    int,
    BeforeValidator(_age),
    Field(le=MAX_DAYS),
    WithJsonSchema({"anyOf": [{"const": "never"}, _DURATION_SCHEMA], "description": "time until a change is due, or never"}),
]
Control = Annotated[str, StringConstraints(pattern=f"^{CONTROL}$"), Field(description="the control that the rule comes from, such as AC-6")]
