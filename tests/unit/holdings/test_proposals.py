"""Who may propose what, who may be the second person, and when one is enough."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from govern.errors import Refused
from govern.facts import PARAMETERS
from govern.holdings.proposals import Act, Admin, Made, alone, approve_as_admin, approve_as_recovery, may_propose, seconds
from govern.holdings.second_person import GENESIS, Key, Ties
from govern.vocabulary import ACTS

TIES = Ties(
    keys={
        "x1": Key(person="x", sponsors=frozenset({GENESIS})),
        "y1": Key(person="y", sponsors=frozenset({"x1", "r"})),
        "p1": Key(person="p", sponsors=frozenset({"x1"})),
        "r": Key(person=None, sponsors=frozenset()),
    },
    admins={"x": frozenset({GENESIS}), "y": frozenset({"x1", "r"}), "p": frozenset({"x1"})},
)
X, Y, P = (Admin(person=one, keys=frozenset({f"{one}1"})) for one in "xyp")


def rule(work: Callable[..., None], *arguments: object) -> str:
    """The rule that refuses, or nothing."""
    refused = None
    try:
        work(*arguments)
    except Refused as error:
        refused = error
    assert refused is None or (refused.control and refused.hint), "whoever is refused learns why, and the way on"
    return refused.rule if refused else ""


def test_the_acts_are_those_of_the_ledger() -> None:
    assert {act.value for act in Act} == set(ACTS) == set(PARAMETERS)


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("preset", ["solo", "small", "team"])
def test_one_is_enough_in_a_vault_of_one_for_what_can_be_undone(act: Act, preset: str) -> None:
    assert alone(act, preset) is (preset == "solo" and act in (Act.ROLE, Act.POLICY))


@pytest.mark.parametrize(
    ("act", "parameters", "proposer", "expected"),
    [
        (Act.ROLE, {"person": "b", "role": "admin"}, "x", ""),
        (Act.ROLE, {"person": "b", "role": "auditor"}, "x", ""),
        (Act.ROLE, {"person": "b", "role": "hr"}, "x", "proposal-needless"),
        (Act.ROLE, {"person": "x", "role": "admin"}, "x", "not-oneself"),
        (Act.ERASURE, {"person": "x", "entries": 1}, "x", "not-oneself"),
        (Act.ERASURE, {"person": "b", "entries": 1}, "x", ""),
        (Act.POLICY, {}, "x", ""),
    ],
)
def test_who_may_propose(act: Act, parameters: dict[str, object], proposer: str, expected: str) -> None:
    assert rule(may_propose, act, parameters, proposer) == expected


@pytest.mark.parametrize(
    ("made", "approver", "key", "expected"),
    [
        (Made(proposer="x", key="x1"), "y", "y1", ""),
        (Made(proposer="y", key="y1"), "x", "x1", ""),
        (Made(proposer="x", key="x1"), "x", "x1", "two-persons"),
        (Made(proposer="x", key="x1", subject="y"), "y", "y1", "not-oneself"),
        (Made(proposer="x", key="x1"), "p", "p1", "sock-puppet"),
        (Made(proposer="p", key="p1"), "x", "x1", "sock-puppet"),
        (Made(proposer="p", key="p1"), "y", "y1", ""),
    ],
)
def test_who_may_approve(made: Made, approver: str, key: str, expected: str) -> None:
    assert rule(approve_as_admin, made, approver, key, TIES) == expected


@pytest.mark.parametrize(
    ("made", "admins", "expected"),
    [
        (Made(proposer="x", key="x1"), [X], ""),
        (Made(proposer="x", key="x1"), [X, P], ""),
        (Made(proposer="x", key="x1"), [X, Y], "quorum-needless"),
        (Made(proposer="x", key="x1", subject="y"), [X, Y], ""),
    ],
    ids=["one admin", "one admin and a puppet", "two admins", "the other is whom it is about"],
)
def test_the_quorum_is_the_second_person_only_while_nobody_else_could_be(made: Made, admins: list[Admin], expected: str) -> None:
    assert rule(approve_as_recovery, made, admins, TIES) == expected
    assert bool(seconds(made, admins, TIES)) is bool(expected), "never both, never neither: nothing deadlocks"
