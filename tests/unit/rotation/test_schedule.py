"""When the calendar asks for a change."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.errors import Malformed
from govern.fields import time
from govern.policy.files import policy_text
from govern.policy.parse import parse_policy
from govern.policy.rules import Policy
from govern.rotation.schedule import URGENCY, Standing, due_on, first_due, is_ruled, next_due, standing
from govern.vocabulary import KINDS, TIERS


@cache
def small() -> Policy:
    return parse_policy(policy_text(), name="default.yaml", preset="small")


@pytest.fixture
def policy() -> Policy:
    return small()


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
    policy = small()
    since = f"{day.isoformat()}T12:00:00Z"
    assert time(since)
    days = policy.rotation[tier, kind]
    assert next_due(policy, tier, kind, since) == (None if days is None else (day + timedelta(days)).isoformat())


# --- after an import -----------------------------------------------------------------------------------------------------------------


def ids(count: int) -> list[str]:
    """Ids that are spread as random ones are, only evenly."""
    return [f"{number * 2**32 // count:08x}{0:024x}" for number in range(count)]


def day_of(policy: Policy, tier: str, kind: str, credential: str) -> int:
    due = first_due(policy, tier, kind, "2026-11-22T10:00:00Z", credential)
    assert due is not None
    return (date.fromisoformat(due) - date(2026, 11, 22)).days


@pytest.mark.parametrize(
    ("tier", "kind", "first", "last"),
    [
        ("critical", "password", 1, 5), ("critical", "totp", 5, 10),
        ("standard", "password", 1, 20), ("standard", "api-token", 21, 40),
        ("low", "password", 1, 60), ("low", "backup-codes", 61, 120),
    ],
)  # fmt: skip
def test_what_came_with_an_import_is_due_worst_first_within_the_time_of_its_tier(
    policy: Policy, tier: str, kind: str, first: int, last: int
) -> None:
    days = [day_of(policy, tier, kind, credential) for credential in ids(1000)]
    assert (min(days), max(days)) == (first, last)


@pytest.mark.parametrize("tier", TIERS)
def test_a_thousand_imported_logins_come_due_evenly_and_not_on_one_day(policy: Policy, tier: str) -> None:
    within = policy.later.first_import.within[tier]  # type: ignore[union-attr]
    per_day = [[day_of(policy, tier, "password", one) for one in ids(1000)].count(day) for day in range(1, within // 3 + 1)]
    assert max(per_day) - min(per_day) <= 2
    together = {next_due(policy, tier, "password", "2026-11-22T10:00:00Z") for _ in ids(1000)}
    assert len(together) == 1, "the control: by its age all would come due at once"


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(TIERS), st.sampled_from(KINDS), st.binary(min_size=16, max_size=16).map(bytes.hex))
def test_a_first_change_is_due_within_its_time_and_at_the_same_day_whenever_it_is_asked(tier: str, kind: str, credential: str) -> None:
    rules = small()
    if rules.rotation[tier, kind] is None:
        assert first_due(rules, tier, kind, "2026-11-22", credential) is None
        return
    day = day_of(rules, tier, kind, credential)
    within = rules.later.first_import.within[tier]  # type: ignore[union-attr]
    assert 1 <= day <= within
    assert day == day_of(rules, tier, kind, credential)
    assert day_of(rules, tier, "password", credential) <= day


def test_every_kind_has_its_urgency() -> None:
    assert set(URGENCY) == set(KINDS)


def test_an_imported_secret_is_due_by_the_import_and_one_that_changed_since_by_its_age(policy: Policy) -> None:
    old = "2019-01-01T00:00:00Z"
    assert due_on(policy, "low", "password", old, imported="2026-11-22T10:00:00Z", credential=ids(2)[1]) == "2026-12-23"
    assert due_on(policy, "low", "password", old, credential=ids(2)[1]) == "2020-01-01"
    assert due_on(policy, "low", "password", "") is None


def test_a_policy_without_a_rule_for_imports_goes_by_the_age_alone(policy: Policy) -> None:
    before = policy._replace(later=policy.later._replace(first_import=None))
    assert due_on(before, "low", "password", "2019-01-01", imported="2026-11-22", credential=ids(2)[1]) == "2020-01-01"
    assert first_due(before, "low", "password", "2026-11-22", ids(2)[1]) is None


# --- how far past it ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tier", "due", "today", "found"),
    [
        ("critical", None, "2026-11-22", Standing.UNRULED),
        ("critical", "", "2026-11-22", Standing.UNRULED),
        ("critical", "2026-11-23", "2026-11-22", Standing.AHEAD),
        ("critical", "2026-11-22", "2026-11-22", Standing.DUE),
        ("critical", "2026-11-21", "2026-11-22", Standing.OVERDUE),
        ("critical", "2026-11-15", "2026-11-22", Standing.OVERDUE),
        ("critical", "2026-11-14", "2026-11-22", Standing.PAST_GRACE),
        ("standard", "2026-11-14", "2026-11-22", Standing.OVERDUE),
        ("standard", "2026-11-07T23:59:59Z", "2026-11-22", Standing.PAST_GRACE),
        ("low", "2026-10-23", "2026-11-22", Standing.OVERDUE),
        ("low", "2026-10-22", "2026-11-22", Standing.PAST_GRACE),
    ],
)
def test_the_grace_of_the_tier_parts_what_is_late_from_what_has_consequences(
    policy: Policy, tier: str, due: str | None, today: str, found: Standing
) -> None:
    assert standing(policy, tier, due, today) is found


def test_never_is_a_rule_and_silence_is_none(policy: Policy) -> None:
    assert is_ruled(policy, "low", "passkey")
    assert not is_ruled(policy._replace(rotation={}), "low", "passkey")
