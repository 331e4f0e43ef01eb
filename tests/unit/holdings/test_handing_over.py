"""When a hand-over is due: as soon as what shut a leaver out has to be done, so that nobody who stays is out for longer."""

from __future__ import annotations

import pytest

from govern.holdings.handing_over import NOT_HANDED, due_by
from govern.policy.files import policy_text
from govern.policy.parse import parse_policy

POLICY = parse_policy(policy_text(), name="default.yaml", preset="small")


@pytest.mark.parametrize(("tier", "day"), [("critical", "2026-11-23"), ("standard", "2026-11-25"), ("low", "2026-11-29")])
def test_the_day_is_that_of_a_change_of_membership(tier: str, day: str) -> None:
    assert due_by(POLICY, tier, "2026-11-22T09:00:00Z") == day


def test_beyond_the_calendar_there_is_no_day() -> None:
    assert due_by(POLICY, "low", "9999-12-31T00:00:00Z") == ""
    assert due_by(POLICY, "low", "nonsense") == ""


def test_backup_codes_are_never_given_whole() -> None:
    assert "backup-codes" in NOT_HANDED
    assert "password" not in NOT_HANDED
