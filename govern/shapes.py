"""The canonical spelling of a fact as one regular expression: whatever it matches is canonical, and of the fact's shape in every field.

Made from the same checks that say in words what is wrong, of which it is a fast form and no other rule: what it does not match is for them to refuse,
or to take, since it leaves out rare spellings (`fields.pattern`) and types with a field that holds anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from govern import fields
from govern.canonical import parsed
from govern.facts import FACTS
from govern.fields import Check

_WORTH: Final = 50
"""Spellings of one type after which its expression is made: that takes as long as holding some dozens against the checks."""

_seen: Final[dict[str, int]] = {}


class Shape(NamedTuple):
    """How records of one kind are spelled, in the expression's groups: of an event actor, at, authority, the body's, then id, key, personal."""

    match: Callable[[str], re.Match[str] | None]
    names: tuple[str, ...]
    """The record's fields, a group each."""
    other: tuple[tuple[str, Callable[[str], Any]], ...]
    """Those that are no text, and what reads them."""

    def record(self, groups: Sequence[str | None]) -> Mapping[str, Any]:
        """What these groups of a record that matched say."""
        told: dict[str, Any] = {name: spelled for name, spelled in zip(self.names, groups, strict=True) if spelled is not None}
        for name, read in self.other:
            if name in told:
                told[name] = read(told[name])
        return told


def _list(spelled: str) -> Any:
    return parsed(spelled.encode())[0]


def _flag(spelled: str) -> bool:
    return spelled == "true"


def of_event(type_: str) -> Shape | None:
    """Of the events of this type, where it has one and comes often enough."""
    seen = _seen[type_] = _seen.get(type_, 0) + 1
    return event_shape(type_) if seen > _WORTH else None


def of_personal(type_: str) -> Shape | None:
    """Likewise of their personal parts."""
    return personal_shape(type_) if _seen.get(type_, 0) > _WORTH else None


_READ: Final[Mapping[Check, Callable[[str], Any]]] = {fields.count: int, fields.flag: _flag}


@cache
def event_shape(type_: str) -> Shape | None:
    """The type's shape; None of an unknown type, and of one with a field that no expression describes."""
    fact = FACTS.get(type_)
    if fact is None:
        return None
    id_, digest, time = (_inside(fields.pattern(check)) for check in (fields.id_, fields.digest, fields.time))
    return _shape(
        fact.fields,
        fact.body,
        before=rf'\{{"actor":{id_},"at":{time},(?:"authority":{id_},)?"body":',
        behind=rf',"id":{id_},"key":{id_},(?:"personal":{digest},)?"type":"{re.escape(type_)}","v":1\}}',
    )


@cache
def personal_shape(type_: str) -> Shape | None:
    """The shape of the personal part of an event of this type, of which every field may be absent."""
    fact = FACTS.get(type_)
    return _shape(fact.personal, (), before="", behind="") if fact is not None else None


def _shape(told: Mapping[str, Check], required: Container[str], *, before: str, behind: str) -> Shape | None:
    names = sorted(told)
    patterns = [fields.pattern(told[name]) for name in names]
    if None in patterns:
        return None
    parts, followed = list[str](), False
    for name, pattern in zip(names, patterns, strict=True):
        comma = "," if followed else r"(?:(?<=\{)|,)" if parts else ""
        part = f'{comma}"{re.escape(name)}":{_inside(pattern)}'
        parts.append(part if name in required else f"(?:{part})?")
        followed = followed or name in required
    other = (
        (name, _READ.get(told[name], _list)) for name, pattern in zip(names, patterns, strict=True) if not (pattern or "").startswith('"')
    )
    return Shape(match=re.compile(rf"{before}\{{{''.join(parts)}\}}{behind}\Z").match, names=tuple(names), other=tuple(other))


def _inside(pattern: str | None) -> str:
    """The pattern with a group for what stands between its quotation marks, or for all of it where it has none."""
    assert pattern is not None  # noqa: S101  of a check that has one
    return f'"({pattern[1:-1]})"' if pattern.startswith('"') else f"({pattern})"
