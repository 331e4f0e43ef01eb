"""A document held against a model: what is wrong is told with file, line and key; knows neither which model nor which file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from govern.errors import Malformed
from govern.policy.document import Path, malformed

M = TypeVar("M", bound=BaseModel)

_SENTENCES: Final[Mapping[str, str]] = {
    "extra_forbidden": "no such key",
    "missing": "is missing",
    "int_type": "is no whole number",
    "bool_type": "is neither true nor false",
    "string_type": "is no text",
    "list_type": "is no list",
    "model_type": "is no section of keys and values",
    "dict_type": "is no section of keys and values",
    "string_pattern_mismatch": "is not of the right form",
}


def checked(model: type[M], value: Mapping[str, Any], *, name: str, line: Callable[[Path], int]) -> M:
    """`value` as `model`; raises Malformed "NAME:LINE: key.of.key: what is wrong", the others that are wrong standing in its hint."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        found = sorted({(line(_path(entry["loc"])), _told(entry["loc"], entry)) for entry in error.errors(include_url=False)})
        raise _all(name, found) from error


def _all(name: str, found: list[tuple[int, str]]) -> Malformed:
    (first, told), rest = found[0], found[1:]
    return malformed(name, first, told, hint="; ".join(f"also line {number}: {text}" for number, text in rest[:9]))


def _path(loc: tuple[int | str, ...]) -> Path:
    return tuple(step for step in loc if step != "[key]")


def _told(loc: tuple[int | str, ...], entry: Mapping[str, Any]) -> str:
    where = ".".join(str(step)[:60] for step in _path(loc))
    what = _SENTENCES.get(entry["type"])
    if what is None:
        what = str(entry["msg"]).removeprefix("Value error, ")
        what = what[:1].lower() + what[1:].rstrip(".")
    return f"{where}: {what}" if where else what
