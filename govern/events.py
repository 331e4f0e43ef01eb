"""One fact as an event: its envelope, whether its fields have the shape of its type, and its canonical bytes both ways.

Knows no type by name: those are in `govern.facts`, the words of their fields in `govern.vocabulary`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple

from govern import shapes
from govern.canonical import MAX_BYTES, MAX_DEPTH, decode, encoded, must_be, parsed, spelled, within
from govern.errors import Malformed
from govern.facts import FACTS, PARAMETERS
from govern.facts.fact import Fact
from govern.fields import digest, id_, pattern, time

FORMAT: Final = 1
"""Format of ledger and events that this program writes."""

_TYPE, _END = '"type":"', f'","v":{FORMAT}}}'
_FLAT: Final = frozenset({str, int, bool})
_is_type: Final = re.compile(r'[^"\\\x00-\x1f]{0,60}\Z').match


class Event(NamedTuple):
    """One fact as read from, or about to go into, the ledger. `at` is claimed by its actor; order in the ledger decides."""

    id: str
    type: str
    actor: str
    key: str
    at: str
    body: Mapping[str, Any]
    personal: str | None = None
    """Commitment to the personal part, where there is one (hex)."""
    authority: str | None = None
    """Of a service: id of the `service.authorised` that it acts under."""


def _malformed() -> Malformed:
    return Malformed("an event whose envelope has a field that is not of its kind")


@lru_cache(maxsize=256)
def _frame(type_: str, actor: str, key: str, at: str, authority: str | None) -> tuple[str, str, str]:
    """Canonical text before the body, behind the id and behind the personal part: the same for many events of a transaction.

    Nothing in it would be written otherwise by JSON. Raises Malformed where a field is not of its kind.
    """
    if not (_is_type(type_) and id_(actor) and id_(key) and time(at) and (authority is None or id_(authority))):
        raise _malformed()
    acts_under = f'"authority":"{authority}",' if authority is not None else ""
    return f'{{"actor":"{actor}","at":"{at}",{acts_under}"body":', f'","key":"{key}",', f'"type":"{type_}","v":{FORMAT}}}'


def _spelled(event: Event) -> str:
    """Canonical text of an event; raises Malformed where a field around its body is not of its kind."""
    try:
        before, between, behind = _frame(event.type, event.actor, event.key, event.at, event.authority)
    except TypeError:  # a field that is a list or a record
        raise _malformed() from None
    if not (id_(event.id) and isinstance(event.body, dict) and (event.personal is None or digest(event.personal))):
        raise _malformed()
    personal = f'"personal":"{event.personal}",' if event.personal is not None else ""
    return f'{before}{spelled(event.body)},"id":"{event.id}{between}{personal}{behind}'


class UnknownType(Malformed):
    """A type that this program does not have: void within its format."""


@cache
def _is_bounded(type_: str) -> bool:
    """Whether every field of the type has a pattern, so that whatever `check_body` takes has a canonical spelling."""
    return all(pattern(check) is not None for check in FACTS[type_].fields.values())


def check_body(type_: str, body: Mapping[str, Any]) -> None:
    """Refuse (Malformed) a body that is not exactly of its type's shape."""
    fact = FACTS.get(type_)
    if fact is None:
        raise UnknownType(f"no fact is called {type_[:60]!r}")
    _check(type_, fact, body)


def check_parameters(act: str, parameters: Mapping[str, Any]) -> None:
    """Refuse (Malformed) parameters that are not exactly of their act's shape."""
    _check(f"proposal of {act}", PARAMETERS[act], parameters)


def _check(type_: str, fact: Fact, body: Mapping[str, Any]) -> None:
    fields = fact.fields
    for key, value in body.items():
        check = fields.get(key)
        if check is None:
            raise Malformed(f"{type_} has no field {key[:40]!r}")
        if not check(value):
            raise Malformed(f"{type_}: field {key} is not of its kind")
    if not fact.body.keys() <= body.keys():
        raise Malformed(f"{type_} lacks {', '.join(sorted(fact.body.keys() - body.keys()))}")


def check_personal(type_: str, personal: Mapping[str, Any]) -> None:
    """Refuse (Malformed) a personal part that is not of its type's shape. Every personal field may be absent."""
    fields = FACTS[type_].personal
    for key, value in personal.items():
        check = fields.get(key)
        if check is None or not check(value):
            raise Malformed(f"{type_}: personal field {key[:40]!r} is unknown, too long or not of its kind")


def encode_event(event: Event) -> bytes:
    """Canonical bytes of an event whose envelope and body have their shape (else Malformed)."""
    if isinstance(event.body, dict) and isinstance(event.type, str):
        check_body(event.type, event.body)
        if not (_is_bounded(event.type) or _FLAT.issuperset(map(type, event.body.values()))):
            within(event.body, MAX_DEPTH - 1)  # all else was just held against its bounds; records hold anything
    return encoded(_spelled(event))


def decode_event(data: bytes) -> Event:
    """Strict reading of an event's bytes: canonical, known envelope, known type, body of its shape; raises Malformed or UnknownType."""
    return _decoded_at_once(data) or _decoded(data)


def decode_personal(type_: str, data: bytes) -> Mapping[str, Any]:
    """Strict reading of the personal part of an event of this type: canonical, of its shape; raises Malformed."""
    known, text = shapes.of_personal(type_), _short(data)
    found = known.match(text) if known is not None else None
    if known is not None and found is not None:
        return known.record(found.groups())
    value = decode(data)
    if not isinstance(value, dict):
        raise Malformed("a personal part that is no object")
    check_personal(type_, value)
    return value


def _decoded_at_once(data: bytes) -> Event | None:
    """An event of a type that comes often, in the spelling that it most often has."""
    text = _short(data)
    type_ = text[text.rfind(_TYPE) + len(_TYPE) : -len(_END)]
    known = shapes.of_event(type_)
    found = known.match(text) if known is not None else None
    if known is None or found is None:
        return None
    actor, at, authority, *body, id_, key, personal = found.groups()
    return Event(id_, type_, actor, key, at, known.record(body), personal, authority)


def _short(data: bytes) -> str:
    """The text of bytes that are no longer than allowed; nothing of others."""
    try:
        return data.decode() if len(data) <= MAX_BYTES else ""
    except UnicodeDecodeError:
        return ""


def _decoded(data: bytes) -> Event:
    value, text = parsed(data)
    if not isinstance(value, dict):
        raise Malformed("an event that is no object")
    personal, authority = value.get("personal"), value.get("authority")
    try:
        event = Event(value["id"], value["type"], value["actor"], value["key"], value["at"], value["body"], personal, authority)
    except KeyError as error:
        raise Malformed("an event whose envelope lacks a field") from error
    if len(value) != 7 + (personal is not None) + (authority is not None) or value.get("v") != FORMAT:
        raise Malformed("an event whose envelope has other keys")
    must_be(_spelled(event), text)
    check_body(event.type, event.body)
    return event
