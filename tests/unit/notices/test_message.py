"""A message has an id that follows from what it says to whom, and nothing that goes into a header breaks out of its line."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.notices.message import list_id, message_id, one_line

VAULT, PERSON = "ab" * 32, "cd" * 16


def test_the_same_things_for_the_same_person_have_the_same_id_in_any_order() -> None:
    things = [("rotation:1", "due"), ("hand-over:2", "overdue")]
    assert message_id(VAULT, PERSON, things) == message_id(VAULT, PERSON, [*reversed(things), things[0]])


@pytest.mark.parametrize(
    ("vault", "person", "things"),
    [(VAULT, "ce" * 16, [("a", "b")]), ("ac" * 32, PERSON, [("a", "b")]), (VAULT, PERSON, [("a", "c")]), (VAULT, PERSON, [("ab", "")]),
     (VAULT, PERSON, [])],
)  # fmt: skip
def test_another_vault_person_thing_or_stage_has_another_id(vault: str, person: str, things: list[tuple[str, str]]) -> None:
    assert message_id(vault, person, things) != message_id(VAULT, PERSON, [("a", "b")])


def test_ids_are_of_the_shape_that_mail_asks_for_and_lead_nowhere() -> None:
    left, _, right = message_id(VAULT, PERSON, []).partition("@")
    assert left.isalnum()
    assert right == "govern.invalid"
    assert list_id(VAULT) == "reminders.abababababababab.govern.invalid"


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_whatever_the_text_it_becomes_one_line(text: str) -> None:
    line = one_line(text)
    assert len([line, *line.splitlines()]) <= 2
    assert not set(line) & {"\r", "\n", "\0", "\u2028", "\u202e", "\x85"}
    assert one_line(line) == line


@pytest.mark.parametrize("name", ["Åse Ødegård", "Zoë", "山田 太郎", "O'Brien, Kim"])
def test_a_name_stays_as_it_is(name: str) -> None:
    assert one_line(name) == name
