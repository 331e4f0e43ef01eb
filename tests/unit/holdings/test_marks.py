"""The cells of the sheet of accounts × people."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.errors import GovernError, Malformed
from govern.holdings.marks import Mark, bare_cell, cell, missing, read_mark, safe_cell
from govern.vocabulary import KINDS


@pytest.mark.parametrize("text", ["x", "X", " yes ", "ja", "Ja", "oui", "sí", "si", "SÍ", "1", "y", "true", "✓"])
def test_a_yes_in_any_of_our_languages_means_all(text: str) -> None:
    assert read_mark(text) == Mark()


@pytest.mark.parametrize("text", ["", "  ", "no", "nein", "nee", "non", "nej", "nei", "0", "-"])
def test_a_no_marks_nothing(text: str) -> None:
    assert read_mark(text) is None


@pytest.mark.parametrize(("text", "since"), [("2025-03-01", "2025-03-01"), ("01.03.2025", "2025-03-01"), ("'2025-03-01", "2025-03-01")])
def test_a_date_says_since_when(text: str, since: str) -> None:
    assert read_mark(text.removeprefix("'")) == Mark(since=since)


def test_kinds_mark_only_these() -> None:
    assert read_mark("totp, Password") == Mark(kinds=("password", "totp"))


@pytest.mark.parametrize("text", ["maybe", "xx", "password maybe", "3/4/2026", "=1+1", "2"])
def test_anything_else_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(Malformed):
        read_mark(text)


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+47 1234", "-1", "@acme", "\tx", "\rx"])
def test_no_cell_starts_as_a_formula(text: str) -> None:
    """CWE-1236; the control is that the bare text would have."""
    assert text[0] in "=+-@\t\r"
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["shop", "a=b", "", "'quoted'", "x@y.z", "’=1"])
def test_harmless_cells_stay_as_they_are(text: str) -> None:
    assert safe_cell(text) == text


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from("'=+-@\t\rabc ,;\"\n"), max_size=8))
def test_reading_takes_away_what_writing_added_and_nothing_else(text: str) -> None:
    written = io.StringIO()
    csv.writer(written).writerow(["shop", safe_cell(text)])
    (row,) = csv.reader(io.StringIO(written.getvalue(), newline=""))
    assert bare_cell(row[1]) == text
    assert not safe_cell(text).startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize(
    ("kinds", "known", "text"),
    [
        (["password", "totp"], [], ""),
        (["password", "totp"], ["password", "totp"], "x"),
        (["password", "totp"], ["totp"], "totp"),
        (["password"], ["password"], "x"),
    ],
)
def test_what_is_known_already_stands_on_the_sheet(kinds: list[str], known: list[str], text: str) -> None:
    assert cell(kinds, known) == text


@settings(max_examples=100, deadline=None)
@given(st.sets(st.sampled_from(KINDS), min_size=1), st.data())
def test_a_sheet_that_comes_back_as_it_went_says_nothing_new(kinds: set[str], data: st.DataObject) -> None:
    has = {f"id of {kind}": kind for kind in sorted(kinds)}
    known = data.draw(st.sets(st.sampled_from(sorted(has))))
    mark = read_mark(cell(list(has.values()), [has[id_] for id_ in known]))
    assert mark is None or missing(mark, has.items(), known) == []


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=20))
def test_no_cell_gives_another_error_than_ours(text: str) -> None:
    try:
        read_mark(text)
    except GovernError:
        pass
