"""Every fact has just one shape: a body that fits is taken, and refused as soon as one field is missing, unknown or of another kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from govern.errors import Malformed
from govern.events import Event, check_body, check_personal, decode_event, encode_event
from govern.facts import FACTS
from govern.fields import Check
from govern.vocabulary import MOST_TEXT

SAMPLES: tuple[Any, ...] = (
    "a" * 32, "b" * 64, "2026-11-21T09:00:00Z", "2026-11-21", True, 3, "handle", "password", "critical", "admin", "manual", "keyfile", "sheet", "small",
    "one-person", "leaver", "call", "recover", "lost", "candidate", "imported", "revoked", "reveal", "done", "join", "erasure", "valid", "mailed-code", {}, [],
    "https://acme.example", "phone", "returned", "company", "remind", "later", "schedule", "mail", "starttls", "second-factor", "takeover", "evidence",
    "all", "by-hand", "keep", "none", "everybody", "signature", "en",
    "c" * 128, ["a" * 32, "2026-11-21T09:00:00Z", "a" * 32, "c" * 128], [["evidence", "lead"]],
)  # fmt: skip
"""Something of every kind that a field can have."""


def fitting(check: Check) -> Any:
    return next(sample for sample in SAMPLES if check(sample))


def body(type_: str) -> dict[str, Any]:
    return {name: fitting(check) for name, check in FACTS[type_].body.items()}


def fields() -> Iterator[tuple[str, str, bool]]:
    for type_, fact in FACTS.items():
        yield from ((type_, name, True) for name in fact.body)
        yield from ((type_, name, False) for name in fact.optional)


FIELDS = list(fields())


@pytest.mark.parametrize("type_", FACTS)
def test_a_body_that_fits_is_taken_with_and_without_what_is_optional(type_: str) -> None:
    whole = body(type_)
    check_body(type_, whole)
    for name, check in FACTS[type_].optional.items():
        check_body(type_, whole | {name: fitting(check)})
    event = Event("0" * 32, type_, "1" * 32, "2" * 32, "2026-11-21T09:00:00Z", whole)
    assert decode_event(encode_event(event)) == event


@pytest.mark.parametrize(("type_", "name"), [(type_, name) for type_, name, required in FIELDS if required])
def test_without_one_field_it_is_refused(type_: str, name: str) -> None:
    whole = body(type_)
    del whole[name]
    with pytest.raises(Malformed) as refused:
        check_body(type_, whole)
    assert name in refused.value.message


@pytest.mark.parametrize("type_", FACTS)
def test_with_one_field_more_it_is_refused(type_: str) -> None:
    with pytest.raises(Malformed):
        check_body(type_, body(type_) | {"more": 1})


@pytest.mark.parametrize(("type_", "name"), [(type_, name) for type_, name, _ in FIELDS])
def test_with_one_field_of_another_kind_it_is_refused(type_: str, name: str) -> None:
    fact = FACTS[type_]
    check = fact.body.get(name) or fact.optional[name]
    wrong = [
        None,
        1.5,
        -1,
        2**53,
        b"",
        object(),
        "\x00" * 5000,
        [None] * 2,
        [[]] * 2000,
        ["x"] * 2000,
        *(sample for sample in SAMPLES if not check(sample)),
    ]
    for value in wrong:
        if check(value):
            continue
        with pytest.raises(Malformed):
            check_body(type_, body(type_) | {name: value})
    assert sum(not check(value) for value in wrong) > 10


@pytest.mark.parametrize(("type_", "name"), [(type_, name) for type_, fact in FACTS.items() for name in fact.personal])
def test_a_personal_field_is_text_within_bounds(type_: str, name: str) -> None:
    check_personal(type_, {name: "handle"})
    for value in (None, 7, True, b"x", ["x"], "x" * (MOST_TEXT + 1)):
        with pytest.raises(Malformed):
            check_personal(type_, {name: value})


@pytest.mark.parametrize("type_", FACTS)
def test_no_personal_field_is_a_field_of_the_body(type_: str) -> None:
    """Names, texts and addresses live in the erasable part alone. What an account is called in commands is no name of a person."""
    fact = FACTS[type_]
    assert not set(fact.personal) & (set(fact.body) | set(fact.optional)) - {"handle"}
