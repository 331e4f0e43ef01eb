"""By when each secret must have changed: what the person has seen first, what lay within reach later, nothing never."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.holdings.exposures import STRENGTH
from govern.offboarding import deadlines
from govern.policy.files import policy_text
from govern.policy.later_rules import DepartureRule
from govern.policy.parse import parse_policy
from govern.policy.rules import Policy

POLICY = parse_policy(policy_text(), name="default.yaml", preset="small")
CUT = "2026-11-21T14:00:00Z"


@pytest.mark.parametrize(
    ("tier", "bases", "due"),
    [
        ("critical", {"revealed"}, "2026-11-22T14:00:00Z"),
        ("critical", {"sealed"}, "2026-11-23T14:00:00Z"),
        ("standard", {"sealed", "exported"}, "2026-11-24T14:00:00Z"),
        ("standard", {"place"}, "2026-11-27T14:00:00Z"),
        ("low", {"declared"}, "2026-11-28T14:00:00Z"),
        ("low", {"sealed"}, "2026-12-05T14:00:00Z"),
    ],
)
def test_the_deadline_follows_tier_and_basis(tier: str, bases: set[str], due: str) -> None:
    assert deadlines.rotation_due(POLICY, tier, bases, CUT) == due


@pytest.mark.parametrize("basis", STRENGTH)
@pytest.mark.parametrize("tier", ["critical", "standard", "low"])
def test_every_basis_has_a_deadline(tier: str, basis: str) -> None:
    assert deadlines.rotation_due(POLICY, tier, {basis}, CUT) > CUT


@pytest.mark.parametrize("policy", [POLICY, POLICY._replace(later=POLICY.later._replace(departures=None))], ids=["shipped", "silent"])
def test_what_was_before_their_eyes_comes_first(policy: Policy) -> None:
    """By the policy that comes with the program, and by one that says nothing of it."""
    soonest = deadlines.rotation_due(policy, "standard", {"revealed"}, CUT)
    first = {basis for basis in STRENGTH if deadlines.rotation_due(policy, "standard", {basis}, CUT) == soonest}
    assert first == {basis for basis, strength in STRENGTH.items() if strength in ("seen", "claimed")}


def test_the_policy_says_what_comes_first_and_how_long_the_rest_may_take() -> None:
    rule = DepartureRule(first=("exported",), possible={"critical": 4, "standard": 5, "low": 6}, control="AC-2 k")
    policy = POLICY._replace(later=POLICY.later._replace(departures=rule))
    due = {basis: deadlines.rotation_due(policy, "low", {basis}, CUT)[:10] for basis in ("exported", "revealed", "sealed")}
    assert due == {"exported": "2026-11-28", "revealed": "2026-11-27", "sealed": "2026-11-27"}


def test_a_mailbox_is_due_no_later_than_what_recovers_through_it() -> None:
    due = {"mailbox": "2026-11-28", "domain": "2026-11-30", "shop": "2026-11-22", "blog": "2026-12-05"}
    needs = {"shop": frozenset({"mailbox"}), "mailbox": frozenset({"domain"}), "blog": frozenset({"elsewhere"})}
    assert deadlines.needed_first(due, needs) == {
        "mailbox": "2026-11-22",
        "domain": "2026-11-22",
        "shop": "2026-11-22",
        "blog": "2026-12-05",
    }


ACCOUNTS = st.sampled_from("abcdef")


@given(
    st.dictionaries(ACCOUNTS, st.sampled_from(["1", "2", "3", "4"]), min_size=1),
    st.dictionaries(ACCOUNTS, st.frozensets(ACCOUNTS, max_size=3)),
)
@settings(max_examples=200, deadline=None)
def test_nothing_is_ever_put_off_and_no_circle_runs_on(due: dict[str, str], needs: dict[str, frozenset[str]]) -> None:
    found = deadlines.needed_first(due, needs)
    assert found.keys() == due.keys()
    assert all(found[account] <= due[account] for account in due)
    assert all(found[needed] <= found[account] for account in due for needed in needs.get(account, ()) if needed in due)


def test_an_early_cut_brings_forward_by_as_much_and_a_late_one_changes_nothing() -> None:
    due, planned = "2026-12-08T14:00:00Z", "2026-12-01T14:00:00Z"
    assert deadlines.brought_forward(due, planned=planned, made="2026-11-21T13:00:00Z") == "2026-11-28T13:00:00Z"
    assert deadlines.brought_forward(due, planned=planned, made="2026-12-03T13:00:00Z") == due


def test_a_time_that_cannot_be_reckoned_with_is_due_at_once() -> None:
    made = "2026-11-21T13:00:00Z"
    assert deadlines.brought_forward("0001-01-01T00:00:00Z", planned="9999-12-01T14:00:00Z", made=made) == "0001-01-01T00:00:00Z"
    assert deadlines.brought_forward("2026-12-08T14:00:00Z", planned="9999-12-31T23:59:59Z", made=made) == made
