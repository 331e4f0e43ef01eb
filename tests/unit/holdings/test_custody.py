"""Who may answer for an account, and what that brings."""

from __future__ import annotations

import pytest

from govern.errors import Refused, Usage
from govern.holdings.custody import check_pair, check_responsible, founding
from govern.policy.files import policy_text
from govern.policy.parse import parse_policy
from govern.policy.rules import Policy

NOW = "2026-11-21T09:00:00Z"


@pytest.fixture(scope="module")
def policy() -> Policy:
    return parse_policy(policy_text(), name="default.yaml", preset="team")


def test_whoever_answers_for_a_new_account_holds_it_first_as_long_as_the_policy_allows(policy: Policy) -> None:
    def end(tier: str) -> str | None:
        return founding(policy, tier=tier, actor="mia", custodian="mia", holders=0, leaving=False, now=NOW)

    assert end("critical") == "2027-05-20T09:00:00Z"
    assert end("standard") == "2027-11-21T09:00:00Z"


@pytest.mark.parametrize(
    ("custodian", "holders", "leaving"), [("ben", 0, False), ("mia", 1, False), ("mia", 0, True)], ids=["not theirs", "held", "leaving"]
)
def test_nobody_else_becomes_the_first_holder(policy: Policy, custodian: str, holders: int, leaving: bool) -> None:
    assert founding(policy, tier="low", actor="mia", custodian=custodian, holders=holders, leaving=leaving, now=NOW) is None


@pytest.mark.parametrize("status", ["leaving", "former"])
def test_whoever_leaves_becomes_responsible_for_nothing(status: str) -> None:
    check_responsible(role="deputy", handle="anna", status="active")
    with pytest.raises(Refused) as refused:
        check_responsible(role="deputy", handle="anna", status=status)
    assert (refused.value.rule, refused.value.control) == ("leaver", "PS-4")


def test_nobody_is_their_own_deputy() -> None:
    check_pair("mia", "ben")
    check_pair("mia", "")
    with pytest.raises(Usage):
        check_pair("mia", "mia")
