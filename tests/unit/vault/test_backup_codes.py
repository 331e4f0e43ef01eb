"""Which codes a sealed set has, and in which order: that of the set, for ever."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.errors import Malformed
from govern.vault.backup_codes import codes


def read(secret: object) -> list[str]:
    return [code.reveal() for code in codes({"secret": secret})]


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        ("1234 5678\n2345 6789\n", ["1234 5678", "2345 6789"]),
        ("abcd-efgh", ["abcd-efgh"]),
        ("1234 5678", ["1234 5678"]),
        ("11111111 22222222 33333333", ["11111111", "22222222", "33333333"]),
        ("1. aaaa\r\n2. bbbb", ["aaaa", "bbbb"]),
        ("a1b2, c3d4; e5f6", ["a1b2", "c3d4", "e5f6"]),
        (["one", "two"], ["one", "two"]),
    ],
)
def test_codes_as_platforms_show_them(secret: object, expected: list[str]) -> None:
    assert read(secret) == expected


@pytest.mark.parametrize("secret", ["", " \n,", None, 7, []])
def test_a_set_without_a_code_is_told(secret: object) -> None:
    with pytest.raises(Malformed):
        read(secret)


@given(st.lists(st.from_regex(r"[a-z0-9]{4,10}(-[a-z0-9]{4})?", fullmatch=True), min_size=2, max_size=16))
def test_whatever_stands_on_lines_of_its_own_comes_back_in_order(lines: list[str]) -> None:
    assert read("\n".join(lines)) == lines


def test_none_shows_itself() -> None:
    assert "1234" not in repr(codes({"secret": "1234\n5678"}))
