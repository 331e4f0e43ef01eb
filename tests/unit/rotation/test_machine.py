"""The state machine of a rotation, as scenarios: what happens, one step after the other, and where that leads."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.errors import Refused
from govern.rotation import machine
from govern.rotation.machine import ENDED, Candidate, State, Step

STAGE, CONFIRM, REJECT, UNSURE, LOSE, ABORT = Step.STAGE, Step.CONFIRM, Step.REJECT, Step.UNSURE, Step.LOSE, Step.ABORT

SCENARIOS = [
    ("a plain change", [STAGE, CONFIRM], State.DONE),
    ("the platform refuses the first candidate", [STAGE, REJECT, STAGE, CONFIRM], State.DONE),
    ("the platform refuses three", [STAGE, REJECT, STAGE, REJECT, STAGE, REJECT, STAGE, CONFIRM], State.DONE),
    ("the window was closed, and the new one turns out to work", [STAGE, UNSURE, CONFIRM], State.DONE),
    ("the window was closed, and the old one turns out to work", [STAGE, UNSURE, REJECT, STAGE, CONFIRM], State.DONE),
    ("still unsure", [STAGE, UNSURE, UNSURE], State.UNKNOWN),
    ("a candidate that was given up turns out to be in force", [STAGE, REJECT, CONFIRM], State.DONE),
    ("nothing works, then the platform lets us in again", [STAGE, UNSURE, LOSE, STAGE, CONFIRM], State.DONE),
    ("nothing works, and then it does after all", [STAGE, LOSE, CONFIRM], State.DONE),
    ("nobody began", [ABORT], State.ABORTED),
    ("sealed, never shown, called off", [STAGE, ABORT], State.ABORTED),
    ("left for later", [STAGE], State.STAGED),
]


@pytest.mark.parametrize(("steps", "end"), [row[1:] for row in SCENARIOS], ids=[row[0] for row in SCENARIOS])
def test_scenarios(steps: list[Step], end: State) -> None:
    state = State.PLANNED
    for step in steps:
        state = machine.after(state, step)
    assert state is end


@pytest.mark.parametrize(
    ("state", "step"),
    [
        (State.PLANNED, CONFIRM),  # nothing is sealed
        (State.PLANNED, REJECT),
        (State.PLANNED, UNSURE),
        (State.PLANNED, LOSE),
        (State.STAGED, STAGE),  # a candidate is never replaced before it was given up
        (State.UNKNOWN, STAGE),
        (State.REJECTED, REJECT),
        (State.LOST, REJECT),
    ],
)
def test_what_may_not_follow_is_refused_and_says_what_to_do(state: State, step: Step) -> None:
    with pytest.raises(Refused) as refused:
        machine.after(state, step)
    assert refused.value.rule == "rotation-open"
    assert str(state) in refused.value.message


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("state", sorted(ENDED))
def test_nothing_follows_the_end(state: State, step: Step) -> None:
    with pytest.raises(Refused, match="has ended"):
        machine.after(state, step)


@pytest.mark.parametrize("state", [State.STAGED, State.REJECTED, State.UNKNOWN, State.LOST])
def test_once_a_candidate_was_shown_a_rotation_cannot_be_called_off(state: State) -> None:
    assert machine.after(state, ABORT) is State.ABORTED
    with pytest.raises(Refused) as refused:
        machine.after(state, ABORT, shown=True)
    assert refused.value.rule == "rotation-shown"


@given(st.lists(st.tuples(st.sampled_from(Step), st.booleans()), max_size=30))
@settings(max_examples=200, deadline=None)
def test_every_way_to_done_leads_through_a_sealed_candidate(steps: list[tuple[Step, bool]]) -> None:
    """Whatever is tried in whatever order: done only after staging, and nothing at all after the end."""
    state, sealed = State.PLANNED, False
    for step, shown in steps:
        before = state
        try:
            state = machine.after(state, step, shown=shown)
        except Refused:
            continue
        assert before not in ENDED
        sealed = sealed or step is STAGE
        assert machine.is_open(state) is (state not in ENDED)
        if state is State.DONE:
            assert sealed
        if state is State.ABORTED:
            assert not shown


# --- what must have been seen ---------------------------------------------------------------------------------------------------------


def test_a_secret_that_nobody_has_seen_is_on_no_platform() -> None:
    with pytest.raises(Refused) as refused:
        machine.proven(Candidate(kind="password", origin="generated"), "one-person")
    assert refused.value.rule == "never-shown"
    machine.proven(Candidate(kind="password", origin="generated", seen=True), "one-person")


@pytest.mark.parametrize("origin", ["set", "platform", "claimed", "imported"])
def test_what_somebody_brought_need_not_be_shown_to_them(origin: str) -> None:
    machine.proven(Candidate(kind="password", origin=origin), "one-person")


def test_a_seed_counts_once_a_code_of_it_was_tried() -> None:
    untried = Candidate(kind="totp", origin="platform", seen=True)
    with pytest.raises(Refused) as refused:
        machine.proven(untried, "one-person")
    assert refused.value.rule == "never-tried"
    machine.proven(Candidate(kind="totp", origin="platform", coded=True), "one-person")
    machine.proven(untried, "claimed")  # it was changed elsewhere, and tried there


def test_a_program_that_changes_and_probes_shows_nothing_to_anybody() -> None:
    machine.proven(Candidate(kind="password", origin="generated"), "probed")
    machine.proven(Candidate(kind="totp", origin="platform"), "probed")
