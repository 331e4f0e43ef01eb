"""What people type is estimated and held against a list of common passwords; whatever it is, an estimate comes back and nothing is kept."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.vault.secret import Secret
from govern.vault.typed import LOOKED_AT, Estimate, estimate


def of(text: str, *about: str) -> Estimate:
    return estimate(Secret(text), about)


@pytest.mark.parametrize("text", ["password", "Password1", "123456", "qwerty", "iloveyou", ""])
def test_a_password_from_the_list_is_common_and_easy(text: str) -> None:
    found = of(text)
    assert found.common
    assert found.guesses < 4


def test_a_password_with_a_common_one_in_it_is_not_itself_common() -> None:
    assert not of("password-of-a-longer-kind-9173").common
    assert not of("password" + "x" * LOOKED_AT).common


def test_what_is_known_about_the_account_makes_a_password_easy_to_guess() -> None:
    assert of("zenithtravel", "zenithtravel").guesses < of("zenithtravel").guesses
    assert of("zenithtravel", "zenithtravel").guesses < 2


def test_a_generated_one_is_hard() -> None:
    assert of("u7#Kd92-mQz!pX4v_Ta8Rb3w").guesses > 20


def test_a_long_one_is_looked_at_as_far_as_the_library_looks() -> None:
    """The library raises beyond that many characters, which is the control."""
    from zxcvbn import zxcvbn

    with pytest.raises(ValueError, match="max length"):
        zxcvbn("x" * (LOOKED_AT + 1))
    assert of("x" * 10_000) == of("x" * LOOKED_AT)


def test_the_words_of_an_account_are_not_kept_by_the_library() -> None:
    from zxcvbn import matching

    of("something", "zenithtravel")
    assert matching.RANKED_DICTIONARIES["user_inputs"] == {}


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=100), st.lists(st.text(max_size=90), max_size=25))
def test_any_text_has_an_estimate(text: str, about: list[str]) -> None:
    found = of(text, *about)
    assert found.guesses >= 0
    assert isinstance(found.common, bool)
