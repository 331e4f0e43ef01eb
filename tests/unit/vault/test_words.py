"""A fingerprint in words says the whole key id, is read back from what people type, and nothing else is taken for one."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from govern.errors import Usage
from govern.vault.words import COUNT, read_fingerprint, words_of

KEY = bytes(range(16))


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=16, max_size=16))
def test_words_and_digits_come_back_as_the_key(key: bytes) -> None:
    words = words_of(key)
    assert len(words.split()) == COUNT
    assert read_fingerprint(words) == read_fingerprint(key.hex()) == key


@settings(max_examples=100, deadline=None)
@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_two_keys_have_two_fingerprints(one: bytes, other: bytes) -> None:
    assert (words_of(one) == words_of(other)) is (one == other)


def test_it_is_read_as_people_type_it() -> None:
    words = words_of(KEY).split()
    for typed in (" ".join(words).upper(), ", ".join(words), "  ".join(word[:4] for word in words), "\n".join(words), "-".join(words)):
        assert read_fingerprint(typed) == KEY
    for typed in (KEY.hex().upper(), " ".join(KEY.hex()[at : at + 4] for at in range(0, 32, 4)), KEY.hex(":", 2)):
        assert read_fingerprint(typed) == KEY


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "academic",
        words_of(KEY) + " acid",
        " ".join(words_of(KEY).split()[:-1]),
        "zebra " * 13,
        KEY.hex()[:-1],
        KEY.hex() + "0",
        "acidx " * 13,
    ],
)
def test_anything_else_is_refused(typed: str) -> None:
    with pytest.raises(Usage):
        read_fingerprint(typed)


def test_a_last_word_that_no_key_has_is_refused() -> None:
    from shamir_mnemonic.wordlist import WORDLIST

    words = words_of(KEY).split()
    odd = WORDLIST[WORDLIST.index(words[-1]) + 1]
    with pytest.raises(Usage, match="last word"):
        read_fingerprint(" ".join([*words[:-1], odd]))
