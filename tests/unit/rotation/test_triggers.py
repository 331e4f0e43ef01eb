"""Why a secret must change, and by when."""

from __future__ import annotations

import pytest

from govern.errors import Usage
from govern.facts import TRIGGERS
from govern.policy.files import policy_text
from govern.policy.parse import parse_policy
from govern.policy.rules import Policy
from govern.rotation import triggers
from govern.rotation.triggers import Trigger

NOW = "2026-11-21T09:30:00Z"


@pytest.fixture(scope="module")
def policy() -> Policy:
    return parse_policy(policy_text(), name="default.yaml", preset="small")


def test_the_triggers_are_those_that_the_ledger_knows() -> None:
    assert {trigger.value for trigger in Trigger} == set(TRIGGERS)


@pytest.mark.parametrize(
    ("trigger", "tier", "due"),
    [
        (Trigger.COMPROMISE, "low", NOW),
        (Trigger.SCHEDULE, "low", NOW),
        (Trigger.MEMBERSHIP, "critical", "2026-11-22T09:30:00Z"),
        (Trigger.MEMBERSHIP, "standard", "2026-11-24T09:30:00Z"),
        (Trigger.BREACH, "low", "2026-11-28T09:30:00Z"),
        (Trigger.FIRST_IMPORT, "critical", None),
        (Trigger.MANUAL, "critical", None),
    ],
)
def test_what_presses_is_due_by_the_days_of_the_policy(policy: Policy, trigger: Trigger, tier: str, due: str | None) -> None:
    assert triggers.due(policy, trigger, tier, NOW) == due


def test_a_word_that_is_no_trigger_is_refused() -> None:
    assert triggers.read("breach") is Trigger.BREACH
    with pytest.raises(Usage, match="no trigger"):
        triggers.read("boredom")


@pytest.mark.parametrize(("time", "days"), [("9999-12-31T23:59:00Z", 1), ("2026-02-31T00:00:00Z", 1), ("2026-11-21T09:00:00Z", 10**12)])
def test_what_lies_beyond_the_calendar_is_refused(time: str, days: int) -> None:
    with pytest.raises(Usage, match="beyond the calendar"):
        triggers.later(time, days)
