"""The short codes of a printed checklist: read back as people write them, and wrong ones noticed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.errors import Usage
from govern.offboarding import codes

CASE, ITEM = "1" * 32, "2" * 32
IDS = st.binary(min_size=16, max_size=16).map(bytes.hex)


def test_a_code_is_the_number_and_three_characters_and_stays_the_same() -> None:
    """Printed sheets come back after an upgrade as well."""
    assert codes.code(CASE, ITEM, 12) == "12-JW2"


@given(IDS, IDS, st.integers(1, 99_999))
@settings(max_examples=100, deadline=None)
def test_what_is_printed_is_read_back_however_it_is_written(case: str, item: str, number: int) -> None:
    code = codes.code(case, item, number)
    ways = [
        code,
        code.lower(),
        code.replace("-", ""),
        code.replace("-", "–"),
        code.replace("0", "O").replace("1", "l") if number < 10 else code,
    ]
    assert all(codes.read(way) == [code] for way in ways)
    assert codes.read(f" {code},\n{code};") == [code]


def test_codes_hang_on_the_case_and_the_item() -> None:
    found = {codes.code(case, item, 1) for case in (CASE, "3" * 32) for item in (ITEM, "4" * 32)}
    assert len(found) == 4


def test_of_a_thousand_slips_of_the_pen_hardly_one_is_another_code() -> None:
    """Of two sheets of a thousand items the same numbers have other codes."""
    first = [codes.code(CASE, f"{n:032x}", n) for n in range(1, 1001)]
    second = [codes.code("3" * 32, f"{n:032x}", n) for n in range(1, 1001)]
    assert len(set(first)) == 1000
    assert len(set(first) & set(second)) <= 2


@pytest.mark.parametrize(
    "text", ["", "  ", "12", "K7Q", "12-K7", "12-K7QX", "12-K7U", "-1-K7Q", "12--K7Q", "1234567-K7Q", "tick", "12-K7\u00df"]
)
def test_anything_else_is_no_code(text: str) -> None:
    with pytest.raises(Usage):
        codes.read(f"1-K7Q, {text},") if text.strip() else codes.read(text)


@given(st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_no_text_gives_anything_but_codes_or_a_refusal(text: str) -> None:
    try:
        assert all(number.isdecimal() for number in (code.partition("-")[0] for code in codes.read(text)))
    except Usage:
        pass
