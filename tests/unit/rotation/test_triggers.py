"""Why a secret must change, and by when."""

from __future__ import annotations

import random

import pytest

from govern.errors import Usage
from govern.policy.files import policy_text
from govern.policy.parse import parse_policy
from govern.policy.rules import Policy
from govern.rotation import triggers
from govern.rotation.triggers import Trigger
from govern.vocabulary import TIERS, TRIGGERS

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
    ],
)
def test_what_presses_is_due_by_the_days_of_the_policy(policy: Policy, trigger: Trigger, tier: str, due: str | None) -> None:
    assert triggers.due(policy, trigger, tier, NOW) == due


@pytest.mark.parametrize("trigger", [Trigger.FIRST_IMPORT, Trigger.MANUAL])
def test_what_nothing_presses_for_is_spread_over_the_time_for_first_changes_worst_first(policy: Policy, trigger: Trigger) -> None:
    rule = policy.later.first_import
    assert rule is not None
    drawn = random.Random(8)
    ids = [drawn.randbytes(16).hex() for _ in range(400)]
    days = {
        (tier, kind): [triggers.due(policy, trigger, tier, NOW, kind=kind, credential=one) or "" for one in ids]
        for tier in TIERS for kind in ("password", "totp")
    }  # fmt: skip
    for (tier, _), found in days.items():
        assert {one[10:] for one in found} == {"T23:59:59Z"}
        assert min(found) > NOW
        assert max(found)[:10] <= triggers.later(NOW, rule.within[tier])[:10]
    assert len(set(days["low", "password"])) > 40
    for tier in TIERS:
        assert max(days[tier, "password"]) <= min(days[tier, "totp"])
    assert max(days["critical", "password"]) < max(days["standard", "password"]) < max(days["low", "password"])


def test_it_counts_from_the_import_and_is_the_same_whenever_it_is_asked(policy: Policy) -> None:
    one = {"kind": "password", "credential": "80" * 16, "imported": "2026-10-01T08:00:00Z"}
    assert triggers.due(policy, Trigger.FIRST_IMPORT, "standard", NOW, **one) == "2026-10-12T23:59:59Z"
    assert triggers.due(policy, Trigger.FIRST_IMPORT, "standard", "2026-12-01T08:00:00Z", **one) == "2026-10-12T23:59:59Z"


def test_a_policy_without_a_time_for_first_changes_and_a_kind_that_never_changes_have_none(policy: Policy) -> None:
    one = {"kind": "password", "credential": "80" * 16}
    assert triggers.due(policy, Trigger.MANUAL, "critical", NOW, **{**one, "kind": "passkey"}) is None
    bare = policy._replace(later=policy.later._replace(first_import=None))
    assert triggers.due(bare, Trigger.MANUAL, "critical", NOW, **one) is None
    assert triggers.due(policy, Trigger.MANUAL, "critical", NOW, **one)


def test_a_word_that_is_no_trigger_is_refused() -> None:
    assert triggers.read("breach") is Trigger.BREACH
    with pytest.raises(Usage, match="no trigger"):
        triggers.read("boredom")


@pytest.mark.parametrize(("time", "days"), [("9999-12-31T23:59:00Z", 1), ("2026-02-31T00:00:00Z", 1), ("2026-11-21T09:00:00Z", 10**12)])
def test_what_lies_beyond_the_calendar_is_refused(time: str, days: int) -> None:
    with pytest.raises(Usage, match="beyond the calendar"):
        triggers.later(time, days)
