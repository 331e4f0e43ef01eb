"""A preset never deadlocks: in a firm of the size it is meant for, somebody can do every step that the rules ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from govern.policy.files import policy_text
from govern.policy.parse import parse_policy
from govern.policy.rules import Policy
from govern.vocabulary import TIERS


def policy(preset: str) -> Policy:
    return parse_policy(policy_text(), name="policies/default.yaml", preset=preset)


def can_give(rules: Policy, *, admins: set[str], to: str, first: bool = False) -> bool:
    """Whether somebody may grant to `to`: another, or they themselves the `first` grant on an account that they answer for."""
    return any(giver != to or first or rules.self_grant.allowed for giver in admins)


def stuck(rules: Policy, *, admins: set[str], staff: set[str]) -> Iterator[str]:
    """Every job of the daily round that nobody in the firm could finish, each as an admin, a tier and a reason."""
    firm = admins | staff
    for tier in TIERS:
        holders, grants = rules.holders[tier], rules.grants[tier]
        for admin in sorted(admins):
            # import: whoever imports holds what came in, and the rest of the least can be given
            if holders.most < 1:
                yield f"{admin} imports, {tier}: nobody may hold it"
            others = [person for person in firm - {admin} if can_give(rules, admins=admins, to=person)]
            if 1 + len(others) < holders.least:
                yield f"{admin} imports, {tier}: {holders.least} holders are asked for"
        # grant: a newcomer can be let in beside those who must hold it, for some time
        if holders.most < holders.least + 1:
            yield f"grant, {tier}: no place for a successor beside the least"
        if grants.longest_days < 1:
            yield f"grant, {tier}: over before it began"
        # offboard: the sole holder leaves and somebody who stays is given the account
        stay = [person for person in sorted(firm) if can_give(rules, admins=admins, to=person, first=True)]
        if len(stay) < holders.least:
            yield f"offboard, {tier}: nobody who stays can take over"
    # rotate and close: whoever verifies is another person only where there is one
    if rules.second_person and len(firm) < 2:
        yield "rotate: a second person is asked for"


@pytest.mark.parametrize(
    ("preset", "admins", "staff"),
    [
        ("solo", {"ada"}, set()),
        ("solo", {"ada"}, {"ben"}),
        ("small", {"ada"}, {"ben", "cleo"}),
        ("small", {"ada", "ben"}, {"cleo"}),
        ("team", {"ada", "ben"}, {"cleo"}),
        ("team", {"ada", "ben", "cleo"}, set()),
    ],
)
def test_a_firm_of_its_size_is_never_stuck(preset: str, admins: set[str], staff: set[str]) -> None:
    assert list(stuck(policy(preset), admins=admins, staff=staff)) == []


def test_one_person_alone_would_be_stuck_under_the_rules_for_several() -> None:
    """The control: the same enumeration does find a deadlock where there is one."""
    found = list(stuck(policy("small"), admins={"ada"}, staff=set()))
    assert "rotate: a second person is asked for" in found
    assert "offboard, critical: nobody who stays can take over" in found


def test_solo_reports_a_sole_keyholder_as_information_only() -> None:
    assert [policy(preset).openers.severity for preset in ("solo", "small", "team")] == ["info", "warning", "critical"]


@pytest.mark.parametrize("preset", ["solo", "small", "team"])
def test_a_reason_is_asked_for_on_the_critical_tier_only(preset: str) -> None:
    assert [policy(preset).grants[tier].reason for tier in TIERS] == [True, False, False]


@pytest.mark.parametrize("preset", ["solo", "small", "team"])
def test_leavers_are_given_nothing_under_any_preset(preset: str) -> None:
    assert not policy(preset).leaver_grant.allowed


@pytest.mark.parametrize("preset", ["solo", "small", "team"])
def test_nobody_gives_to_themselves_under_any_preset(preset: str) -> None:
    assert not policy(preset).self_grant.allowed


@pytest.mark.parametrize("preset", ["solo", "small", "team"])
def test_critical_accounts_are_never_treated_more_loosely_than_low_ones(preset: str) -> None:
    rules = policy(preset)
    for kind in ("password", "totp", "backup-codes", "api-token", "app-password"):
        ages = [rules.rotation[tier, kind] or 0 for tier in TIERS]
        assert 0 < ages[0] <= ages[1] <= ages[2]
    deadlines = [rules.membership_deadline_days[tier] for tier in TIERS]
    assert deadlines == sorted(deadlines)
    assert rules.holders["critical"].most <= rules.holders["standard"].most <= rules.holders["low"].most
