"""A departure's states, as scenarios."""

from __future__ import annotations

import pytest

from govern.errors import Refused, Usage
from govern.offboarding import case, kinds
from govern.offboarding.case import CaseState
from govern.offboarding.kinds import CaseKind

NOTHING = {"items_left": 0, "still_known": 0, "grants_left": 0}


def test_the_cut_comes_once_and_after_every_grant_has_ended() -> None:
    assert case.cut(CaseState.OPEN, grants_left=0) is CaseState.CUT
    with pytest.raises(Refused, match="2 grants"):
        case.cut(CaseState.OPEN, grants_left=2)
    for state in (CaseState.CUT, CaseState.CLOSED):
        with pytest.raises(Refused):
            case.cut(state, grants_left=0)


def test_a_case_closes_when_nothing_is_left() -> None:
    assert case.close(CaseState.CUT, **NOTHING) is CaseState.CLOSED


@pytest.mark.parametrize(
    ("state", "left", "rule"),
    [
        (CaseState.OPEN, {}, "cut-first"),
        (CaseState.CLOSED, {}, "case-open"),
        (CaseState.CUT, {"items_left": 1}, "items-open"),
        (CaseState.CUT, {"items_left": 3, "still_known": 1}, "items-open"),
        (CaseState.CUT, {"still_known": 1}, "still-knows"),
        (CaseState.CUT, {"grants_left": 1}, "still-knows"),
        (CaseState.CUT, {"still_tied": 1}, "still-tied"),
    ],
)
def test_it_stays_open_while_anything_is_left(state: CaseState, left: dict[str, int], rule: str) -> None:
    with pytest.raises(Refused) as refused:
        case.close(state, **{**NOTHING, **left})
    assert refused.value.rule == rule


def test_kinds_are_read_by_name() -> None:
    assert kinds.read_kind("agency-ended") is CaseKind.AGENCY_ENDED
    with pytest.raises(Usage, match="no kind of departure"):
        kinds.read_kind("fired")


def test_no_kind_says_why() -> None:
    betraying = {"dismissed", "fired", "resigned", "ill", "sick", "retired", "redundant"}
    assert not betraying & {word for kind in CaseKind for word in kind.value.split("-")}
