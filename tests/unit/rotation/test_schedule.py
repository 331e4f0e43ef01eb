"""When the calendar asks for a change."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.errors import Malformed
from govern.events import KINDS, TIERS
from govern.fields import time
from govern.policy.files import policy_text
from govern.policy.parse import parse_policy
from govern.policy.rules import Policy
from govern.rotation.schedule import next_due


@pytest.fixture(scope="module")
def policy() -> Policy:
    return parse_policy(policy_text(), name="default.yaml", preset="small")


@pytest.mark.parametrize(
    ("tier", "kind", "since", "due"),
    [
        ("critical", "password", "2026-01-01T10:00:00Z", "2026-06-30"),
        ("standard", "password", "2026-01-01T10:00:00Z", "2027-01-01"),
        ("critical", "totp", "2025-06-01", "2026-06-01"),
        ("critical", "api-token", "2026-11-21T23:59:59Z", "2027-02-19"),
    ],
)
def test_a_secret_is_due_its_age_after_the_last_change(policy: Policy, tier: str, kind: str, since: str, due: str) -> None:
    assert next_due(policy, tier, kind, since) == due


def test_kinds_that_never_change_by_the_calendar_are_never_due(policy: Policy) -> None:
    assert next_due(policy, "critical", "passkey", "2020-01-01") is None


def test_without_a_rule_nothing_is_due(policy: Policy) -> None:
    assert next_due(policy._replace(rotation={}), "critical", "password", "2020-01-01") is None


def test_a_day_that_its_month_does_not_have_is_the_last_of_it(policy: Policy) -> None:
    assert next_due(policy, "standard", "password", "2026-02-31T00:00:00Z") == next_due(policy, "standard", "password", "2026-02-28")


def test_a_due_date_beyond_the_calendar_is_none(policy: Policy) -> None:
    assert next_due(policy, "critical", "password", "9999-12-31") is None


@pytest.mark.parametrize("since", ["", "soon", "2026-13-01", "2026-00-01"])
def test_what_is_no_date_is_refused(policy: Policy, since: str) -> None:
    with pytest.raises(Malformed):
        next_due(policy, "critical", "password", since)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(TIERS), st.sampled_from(KINDS), st.dates(date(1990, 1, 1), date(2999, 1, 1)))
def test_due_is_the_policy_s_age_after_any_day(tier: str, kind: str, day: date) -> None:
    policy = parse_policy(policy_text(), name="default.yaml", preset="small")
    since = f"{day.isoformat()}T12:00:00Z"
    assert time(since)
    days = policy.rotation[tier, kind]
    assert next_due(policy, tier, kind, since) == (None if days is None else (day + timedelta(days)).isoformat())
