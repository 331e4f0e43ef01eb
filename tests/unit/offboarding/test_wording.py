"""Every kind of item has its words and a command, whatever names it is about; and no name gets out of its word in the shell."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.offboarding.items import ItemKind
from govern.offboarding.wording import Told, command, sentence

NAME = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Co", "Cn", "Zl", "Zp"]), min_size=1, max_size=30).filter(
    str.isprintable
)
"""What is not printable is spelled in a form that only bash reads."""


@pytest.mark.parametrize("kind", ItemKind)
def test_every_kind_has_a_sentence_and_a_command(kind: ItemKind) -> None:
    told = Told(kind=kind, person="anna", account="shop", credential="recovery-email", version=2, about="hootsuite")
    assert len(sentence(told)) > 8
    assert command(told, "0123abcd", 3).startswith("govern ")


@pytest.mark.parametrize("kind", [ItemKind.NATIVE_ADMIN, ItemKind.ENTITLEMENT, ItemKind.APP, ItemKind.DEVICE])
@given(name=NAME)
@settings(max_examples=50, deadline=None)
def test_what_people_call_a_role_or_tool_or_device_is_one_word_to_the_shell(kind: ItemKind, name: str) -> None:
    words = shlex.split(command(Told(kind=kind, person="anna", account="shop", about=name), "0123abcd", 3))
    assert name in words
