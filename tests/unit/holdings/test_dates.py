"""Days in options and in the cells of spreadsheets."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.errors import GovernError, Malformed, Usage
from govern.holdings.dates import day, past_day, period, read_day


@pytest.mark.parametrize("text", ["", "soon", "2026-2-3", "2026-02-30", "30.11.2026", "2026-11-30T00:00:00Z"])
def test_an_option_takes_one_notation_of_days_that_exist(text: str) -> None:
    with pytest.raises(Usage):
        day(text, "--since")
    assert day("2026-11-30", "--since") == "2026-11-30"


def test_what_was_cannot_lie_ahead() -> None:
    assert past_day("2026-11-21", "--since", "2026-11-21T09:00:00Z") == "2026-11-21"
    with pytest.raises(Usage, match="lies ahead"):
        past_day("2026-11-22", "--since", "2026-11-21T09:00:00Z")


def test_an_end_before_its_beginning_is_refused() -> None:
    period("2026-01-01", "2026-01-01")
    period("", "2020-01-01")
    with pytest.raises(Usage):
        period("2026-01-02", "2026-01-01")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-11-30", "2026-11-30"),
        (" 2026-11-30 12:00:00 ", "2026-11-30"),
        ("2026/1/3", "2026-01-03"),
        ("30.11.2026", "2026-11-30"),
        ("3. 1. 2026", "2026-01-03"),
        ("30-11-2026", "2026-11-30"),
        ("30/11/2026", "2026-11-30"),
        ("11/30/2026", "2026-11-30"),
        ("4/4/2026", "2026-04-04"),
        ("x", None),
        ("1", None),
        ("2026", None),
        ("", None),
    ],
)
def test_what_spreadsheet_programs_make_of_a_day_is_read(text: str, found: str | None) -> None:
    assert read_day(text) == found


@pytest.mark.parametrize("text", ["3/4/2026", "31.02.2026", "2026-13-01", "01.01.1901", "00.00.0000"])
def test_a_day_that_is_none_or_could_be_two_is_never_guessed(text: str) -> None:
    with pytest.raises(Malformed):
        read_day(text)


@settings(max_examples=100, deadline=None)
@given(st.dates(date(1980, 1, 1), date(2100, 1, 1)), st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d"]))
def test_every_day_is_read_in_each_notation(when: date, notation: str) -> None:
    assert read_day(when.strftime(notation)) == when.isoformat()


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="0123456789./- T:", max_size=14))
def test_anything_else_is_no_date_or_refused(text: str) -> None:
    try:
        found = read_day(text)
    except GovernError:
        return
    assert found is None or date.fromisoformat(found)
