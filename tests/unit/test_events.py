"""Events: one spelling for one value, and one shape for one type."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.canonical import MAX_BYTES, MAX_DEPTH, MAX_INTEGER, canonical, decode
from govern.errors import Malformed
from govern.events import Event, UnknownType, check_body, check_personal, decode_event, encode_event
from govern.facts import FACTS
from govern.holdings.authority import FORMAT_1
from govern.register.projection import APPLY

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
leaf = st.none() | st.booleans() | st.integers(-MAX_INTEGER + 1, MAX_INTEGER - 1) | text
value = st.recursive(leaf, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4), max_leaves=12)


def depth(item: Any) -> int:
    if isinstance(item, (dict, list)):
        return 1 + max((depth(part) for part in (item.values() if isinstance(item, dict) else item)), default=0)
    return 0


@settings(max_examples=150, deadline=None)
@given(value)
def test_what_was_spelled_is_read_back_and_spells_itself_again(item: Any) -> None:
    if depth(item) > MAX_DEPTH:
        with pytest.raises(Malformed):
            canonical(item)
        return
    data = canonical(item)
    assert decode(data) == item
    assert canonical(decode(data)) == data


@pytest.mark.parametrize(
    "data",
    [
        b'{"b":1,"a":2}', b'{"a": 1}', b'{"a":1,"a":1}', b"1.0", b"1e3", b"NaN", b"Infinity", b"-0", b'"\\u0041"', b'"\\ud800"', b"\xff", b"", b"[1,]",
        b" 1", b"1 ", str(MAX_INTEGER).encode(), b"9" * 5000, b"[" * 100 + b"]" * 100, b"[" * 100_000, b'"' + b"x" * MAX_BYTES + b'"',
    ],
)  # fmt: skip
def test_any_other_spelling_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        decode(data)


@pytest.mark.parametrize(
    "item", [1.5, float("nan"), b"bytes", {1: 2}, {"a": object()}, MAX_INTEGER, -MAX_INTEGER, "\ud800", "x" * MAX_BYTES]
)
def test_what_has_no_spelling_is_refused(item: Any) -> None:
    with pytest.raises(Malformed):
        canonical(item)


def nested(levels: int) -> dict[str, Any]:
    item: dict[str, Any] = {}
    for _ in range(levels - 1):
        item = {"a": item}
    return item


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(text, value, max_size=4) | st.integers(1, MAX_DEPTH).map(nested), st.none() | st.just("c" * 64))
def test_an_event_is_spelled_as_its_envelope_would_be(policy: dict[str, Any], personal: str | None) -> None:
    event = Event("1" * 32, "policy.adopted", "a" * 32, "b" * 32, "2026-11-21T09:00:00Z", {"policy": policy, "digest": "d" * 64}, personal)
    envelope = {"v": 1, **{name: part for name, part in event._asdict().items() if part is not None}}
    if depth(envelope) > MAX_DEPTH:
        with pytest.raises(Malformed):
            encode_event(event)
        return
    assert encode_event(event) == canonical(envelope)
    assert decode_event(canonical(envelope)) == event


@pytest.mark.parametrize(
    "odd",
    [
        {"id": "1" * 31},
        {"actor": 'a"'},
        {"key": 7},
        {"at": "2026-11-21"},
        {"body": []},
        {"personal": "c"},
        {"type": 'x"y'},
        {"type": "x" * 61},
    ],
)
def test_an_envelope_of_another_kind_is_neither_written_nor_read(odd: dict[str, Any]) -> None:
    whole = {
        "id": "1" * 32, "type": "recovery.used", "actor": "a" * 32, "key": "b" * 32, "at": "2026-11-21T09:00:00Z", "body": {"purpose": "recover"},
    }  # fmt: skip
    assert decode_event(encode_event(Event(**whole))) == Event(**whole)
    with pytest.raises(Malformed):
        encode_event(Event(**{**whole, **odd}))
    with pytest.raises(Malformed):
        decode_event(canonical({"v": 1, **whole, **odd}))


def test_every_fact_has_a_projection_and_a_rule_of_who_may_record_it() -> None:
    assert set(APPLY) == set(FACTS) == set(FORMAT_1)


@pytest.mark.parametrize("type_", FACTS)
def test_a_body_has_all_required_fields_and_none_that_is_unknown(type_: str) -> None:
    with pytest.raises(Malformed):
        check_body(type_, {"nonsense": 1})
    if FACTS[type_].body:
        with pytest.raises(Malformed):
            check_body(type_, {})


@pytest.mark.parametrize("type_", FACTS)
@pytest.mark.parametrize("wrong", [None, [], {}, 2**60, "\x00" * 3000, b"x"])
def test_no_required_field_takes_a_value_of_another_kind(type_: str, wrong: Any) -> None:
    """An empty list is a list, and an empty record a record; everything else here is nobody's value."""
    for name, check in FACTS[type_].body.items():
        if wrong == [] or wrong == {}:
            continue
        assert not check(wrong), f"{type_}.{name} takes {wrong!r}"


def test_a_personal_field_is_known_and_bounded() -> None:
    check_personal("person.added", {"name": "Anna"})
    for wrong in ({"secret": "x"}, {"name": "x" * 201}, {"name": 7}, {"handle": "not a handle"}):
        with pytest.raises(Malformed):
            check_personal("person.added", wrong)


def event(**other: Any) -> Event:
    fields: dict[str, Any] = {
        "id": "0" * 32, "type": "person.left", "actor": "1" * 32, "key": "2" * 32, "at": "2026-11-22T09:00:00Z",
        "body": {"person": "3" * 32, "on": "2026-11-30"},
    }  # fmt: skip
    return Event(**{**fields, **other})


def test_an_event_is_read_back_as_it_was_written() -> None:
    for one in (event(), event(personal="a" * 64)):
        assert decode_event(encode_event(one)) == one


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2}, {"v": True}, {"id": "0" * 31}, {"id": "G" * 32}, {"actor": 7}, {"key": None}, {"at": "2026-11-22 09:00:00"}, {"at": "2026-13-01T00:00:00Z"},
        {"body": []}, {"body": {"person": "3" * 32}}, {"extra": 1}, {"personal": "a" * 63}, {"personal": None},
    ],
)  # fmt: skip
def test_an_envelope_of_another_shape_is_refused(change: dict[str, Any]) -> None:
    envelope = json.loads(encode_event(event())) | change
    with pytest.raises(Malformed):
        decode_event(canonical(envelope))


def test_an_unknown_type_is_told_apart() -> None:
    envelope = json.loads(encode_event(event())) | {"type": "person.praised"}
    with pytest.raises(UnknownType):
        decode_event(canonical(envelope))
