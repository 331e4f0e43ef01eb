"""The fast form of the shapes: it takes nothing that the checks would refuse, and reads whatever it takes as they would."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern import events, shapes
from govern.canonical import canonical
from govern.errors import Malformed
from govern.events import Event, check_personal, decode_event, decode_personal, encode_event
from govern.facts import FACTS
from govern.fields import Check

from .test_event_shapes import SAMPLES

MORE: tuple[Any, ...] = (
    "", "é", "two\nlines", 'a "quoted" word', "back\\slash", "\x7f", "𝔾", "x" * 100, "x" * 101, "x" * 2000, 0, 10**15, 2**53 - 1, False,
    ["a" * 32] * 3, ["a" * 32] * 40, "https://example.org", "http://[::1]:8080", ["password", "totp"], ["sessions"], [1, 2],
    [["a" * 32, 1, "b" * 32]], [["a" * 32, 1, "b" * 32, "c" * 64, 2]],
)  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def _every_type_has_come_often() -> Iterator[None]:
    before = dict(shapes._seen)
    shapes._seen.update(dict.fromkeys(FACTS, shapes._WORTH + 1))
    yield
    shapes._seen.clear()
    shapes._seen.update(before)


def fitting(check: Check) -> st.SearchStrategy[Any]:
    return st.sampled_from([sample for sample in (*SAMPLES, *MORE) if check(sample)])


@st.composite
def written(draw: st.DrawFn) -> Event:
    type_ = draw(st.sampled_from(list(FACTS)))
    fact = FACTS[type_]
    wanted = [*fact.body, *draw(st.lists(st.sampled_from([*fact.optional]), unique=True) if fact.optional else st.just([]))]
    return Event(
        "0" * 32, type_, "1" * 32, "2" * 32, "2026-11-21T09:00:00Z", {name: draw(fitting(fact.fields[name])) for name in wanted},
        draw(st.none() | st.just("d" * 64)), draw(st.none() | st.just("e" * 32)),
    )  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(written())
def test_an_event_is_read_as_the_checks_would_read_it(event: Event) -> None:
    data = encode_event(event)
    assert decode_event(data) == events._decoded(data) == event


@pytest.mark.parametrize("type_", FACTS)
def test_it_is_used_for_every_type_but_those_that_hold_anything(type_: str) -> None:
    fact = FACTS[type_]
    event = Event("0" * 32, type_, "1" * 32, "2" * 32, "2026-11-21T09:00:00Z", {name: _simple(check) for name, check in fact.body.items()})
    holds_anything = any(check({"any": ["thing"]}) or check([{"any": "thing"}]) for check in fact.fields.values())
    assert (events._decoded_at_once(encode_event(event)) is None) == holds_anything


def _simple(check: Check) -> Any:
    return next(sample for sample in SAMPLES if check(sample))


@settings(max_examples=500, deadline=None)
@given(written(), st.data())
def test_of_altered_bytes_it_takes_nothing_that_the_checks_refuse(event: Event, data: st.DataObject) -> None:
    whole = encode_event(event)
    at = data.draw(st.integers(0, len(whole) - 1), label="at")
    piece = data.draw(
        st.sampled_from([b"", b",", b'"', b"{", b"}", b" ", b"0", b"-", b"\\", b"\xff", b",,", b'"a":1,', b"\n"]), label="piece"
    )
    altered = whole[:at] + piece + whole[at + data.draw(st.integers(0, 3), label="gone") :]
    at_once = events._decoded_at_once(altered)
    if at_once is not None:
        assert at_once == events._decoded(altered)


def test_what_it_would_have_to_refuse_is_refused_by_the_checks() -> None:
    whole = encode_event(
        Event("0" * 32, "person.left", "1" * 32, "2" * 32, "2026-11-21T09:00:00Z", {"on": "2026-11-21", "person": "3" * 32})
    )
    assert decode_event(whole).body["on"] == "2026-11-21"
    for good, bad in (
        (b"2026-11-21", b"2026-13-21"),
        (b'"on":', b'"no":'),
        (b'{"on', b'{,"on'),
        (b'"v":1', b'"v":2'),
        (b'"actor"', b'"Actor"'),
    ):
        with pytest.raises(Malformed):
            decode_event(whole.replace(good, bad, 1) if good != b"2026-11-21" else whole.replace(b'"on":"' + good, b'"on":"' + bad))


PERSONAL = [type_ for type_, fact in FACTS.items() if fact.personal]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PERSONAL), st.data())
def test_a_personal_part_likewise(type_: str, data: st.DataObject) -> None:
    told = FACTS[type_].personal
    names = data.draw(st.lists(st.sampled_from(sorted(told)), unique=True))
    part = {name: data.draw(fitting(told[name]) | st.sampled_from(SAMPLES)) for name in names}
    try:
        check_personal(type_, part)
    except Malformed:
        with pytest.raises(Malformed):
            decode_personal(type_, canonical(part))
    else:
        assert decode_personal(type_, canonical(part)) == part
