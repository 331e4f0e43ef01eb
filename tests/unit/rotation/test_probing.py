"""Which secret a platform has: as scenarios, and that silence is never taken for a refusal."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.rotation.probing import MOST_REFUSALS, Answer, Ask, Enough, Finding, InForce, Nowhere, Silent, Unchanged, conclude

V, X, S = Answer.VALID, Answer.INVALID, Answer.INCONCLUSIVE

SCENARIOS: list[tuple[str, dict[int, Answer], Finding]] = [
    ("nothing is known: the newest candidate first", {}, Ask(4)),
    ("the newest is in force", {4: V}, InForce(4)),
    ("the newest is refused: the one before", {4: X}, Ask(3)),
    ("an earlier candidate is in force", {4: X, 3: V}, InForce(3)),
    ("no candidate is: what was current", {4: X, 3: X}, Ask(2)),
    ("nothing was changed", {4: X, 3: X, 2: V}, Unchanged(2)),
    ("it was set back", {4: X, 3: X, 2: X, 1: V}, Unchanged(1)),
    ("nothing works", {4: X, 3: X, 2: X, 1: X}, Nowhere()),
    ("no answer about the newest says nothing, and nothing else is tried", {4: S}, Silent(4)),
    ("no answer about what was current", {4: X, 3: X, 2: S}, Silent(2)),
]


@pytest.mark.parametrize(("known", "finding"), [row[1:] for row in SCENARIOS], ids=[row[0] for row in SCENARIOS])
def test_scenarios(known: dict[int, Answer], finding: Finding) -> None:
    assert conclude([4, 3], [2, 1], known) == finding


def test_after_three_refusals_nothing_more_is_tried_in_one_run() -> None:
    known = {4: X, 3: X, 2: X}
    assert conclude([4, 3], [2, 1], known, refused=MOST_REFUSALS - 1) == Ask(1)
    assert conclude([4, 3], [2, 1], known, refused=MOST_REFUSALS) == Enough()


@given(st.dictionaries(st.integers(1, 6), st.sampled_from(Answer)), st.sets(st.integers(1, 6)), st.integers(0, 3))
@settings(max_examples=200, deadline=None)
def test_a_secret_is_given_up_only_when_every_one_was_refused(known: dict[int, Answer], candidates: set[int], refused: int) -> None:
    tries = sorted(candidates, reverse=True)
    others = [n for n in range(1, 7) if n not in candidates]
    found = conclude(tries, others, known, refused=refused)
    if isinstance(found, Nowhere):
        assert all(known.get(n) is Answer.INVALID for n in (*tries, *others))
    if isinstance(found, InForce | Unchanged):
        assert known[found.n] is Answer.VALID
    if isinstance(found, Ask):
        assert found.n not in known
        assert not any(known.get(n) is Answer.INCONCLUSIVE for n in (*tries, *others)[: (*tries, *others).index(found.n)])
