"""When a due thing is told: tables of days, and what holds whatever the policy, the zone and the days of the runs are."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.notices import stages
from govern.notices.stages import Circle, Told
from govern.policy.reminder_rules import DEFAULT, TierReminders

DUE = "2026-12-10"
NOTHING = Told()


def run(tier: str, days: range, *, due: str = DUE, told: Told = NOTHING, pressing: bool = False) -> list[tuple[int, int]]:
    """(days past the due day, stage) of every reminder that daily runs on these days send."""
    sent = []
    for past in days:
        point = stages.waits(DEFAULT, tier, told, due, stages.plus(due, past), pressing=pressing)
        if point is not None:
            sent.append((past, point))
            told = told._replace(point=point)
    return sent


@pytest.mark.parametrize(
    ("tier", "days", "sent"),
    [
        ("critical", range(-20, 4), [(-14, -14), (-7, -7), (-1, -1), (0, 0), (1, 1), (2, 2), (3, 3)]),
        ("standard", range(-20, 10), [(-14, -14), (-3, -3), (0, 0), (3, 3), (6, 6), (9, 9)]),
        ("low", range(-20, 15), [(-7, -7), (0, 0), (7, 7), (14, 14)]),
        ("critical", range(-10, 1), [(-10, -14), (-7, -7), (-1, -1), (0, 0)]),  # noticed late: at once, then as ever
        ("standard", range(5, 10), [(5, 3), (6, 6), (9, 9)]),  # overdue when it came to be known
        ("critical", range(-20, -14), []),
    ],
)
def test_each_stage_comes_once_on_its_day(tier: str, days: range, sent: list[tuple[int, int]]) -> None:
    assert run(tier, days) == sent


def test_three_weeks_without_a_run_end_in_one_reminder() -> None:
    first = run("critical", range(-14, -13))
    assert first == [(-14, -14)]
    assert run("critical", range(7, 9), told=Told(point=-14)) == [(7, 7), (8, 8)]


@pytest.mark.parametrize(
    ("snoozed", "sent"),
    [("2026-12-08", [(-2, -3), (0, 0)]), ("2026-12-12", [(2, 0), (3, 3)]), ("2026-11-01", [(-5, -14), (-3, -3), (0, 0), (3, 3)])],
)
def test_what_was_put_off_comes_on_the_day_until_which_it_was(snoozed: str, sent: list[tuple[int, int]]) -> None:
    days = range(-5, 4) if sent[-1][1] == 3 else range(-5, 1)
    assert run("standard", days, told=Told(snoozed=snoozed)) == sent


def test_what_was_seen_is_not_repeated_for_a_while_but_on_its_day() -> None:
    seen = Told(point=-14, acknowledged="2026-12-05")
    assert run("critical", range(-5, 2), told=seen) == [(0, 0), (1, 1)]
    overdue = Told(point=1, acknowledged="2026-12-11")
    assert run("critical", range(1, 10), told=overdue) == [(8, 8), (9, 9)]
    assert run("critical", range(1, 4), told=overdue, pressing=True) == [(2, 2), (3, 3)], "not where somebody who is gone still knows it"


def test_nothing_is_put_off_for_longer_than_the_policy_now_allows() -> None:
    far = Told(snoozed="2030-01-01")
    short = DEFAULT._replace(snooze=0)
    assert stages.waits(DEFAULT, "critical", far, DUE, DUE) is None
    assert stages.waits(short, "critical", far, DUE, DUE) == 0


FIRST, DEPUTY, ADMIN, ALSO = (frozenset({name}) for name in ("custodian", "deputy", "admin", "holder"))
CIRCLE = Circle(first=FIRST, deputies=DEPUTY, admins=ADMIN, also=ALSO)


@pytest.mark.parametrize(
    ("days", "heard"), [(-5, FIRST | ALSO), (0, FIRST | ALSO), (1, FIRST | DEPUTY), (6, FIRST | DEPUTY), (7, FIRST | DEPUTY | ADMIN)]
)
def test_as_it_grows_late_more_people_hear_of_it(days: int, heard: frozenset[str]) -> None:
    assert stages.audience(DEFAULT.tiers["standard"], CIRCLE, days) == heard


OSLO = DEFAULT._replace(zone="Europe/Oslo")
AUCKLAND = DEFAULT._replace(zone="Pacific/Auckland")


@pytest.mark.parametrize(
    ("time", "zone", "day"),
    [
        ("2026-12-09T22:59:59Z", "Europe/Oslo", "2026-12-09"),
        ("2026-12-09T23:00:00Z", "Europe/Oslo", "2026-12-10"),
        ("2026-06-09T22:00:00Z", "Europe/Oslo", "2026-06-10"),  # summer time
        ("2026-12-09T10:59:59Z", "Pacific/Auckland", "2026-12-09"),
        ("2026-12-09T11:00:00Z", "Pacific/Auckland", "2026-12-10"),
        ("2026-12-10", "Pacific/Auckland", "2026-12-10"),
        ("2026-02-31T12:00:00Z", "Europe/Oslo", "2026-02-28"),  # an entry may claim such a day
        ("2026-02-31", "UTC", "2026-02-28"),
        ("9999-12-31T23:59:59Z", "Pacific/Auckland", "9999-12-31"),
        ("2026-12-09T23:59:59Z", "Nowhere/AtAll", "2026-12-09"),
    ],
)
def test_a_day_is_the_day_of_the_zone(time: str, zone: str, day: str) -> None:
    assert stages.local_day(time, zone) == day


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland", "America/Los_Angeles"])
def test_a_day_that_was_written_as_its_last_second_is_that_day_everywhere(zone: str) -> None:
    assert stages.due_day("2026-12-09T23:59:59Z", zone) == stages.due_day("2026-12-09", zone) == "2026-12-09"
    assert stages.due_day("2026-12-09T23:59:58Z", "Pacific/Auckland") == "2026-12-10", "the control: a time is one"


@pytest.mark.parametrize(
    ("now", "quiet", "from_"),
    [
        ("2026-03-28T18:59:59Z", False, "2026-03-28T18:59:59Z"),
        ("2026-03-28T19:00:00Z", True, "2026-03-29T05:00:00Z"),  # the night to summer time is an hour shorter
        ("2026-10-24T18:00:00Z", True, "2026-10-25T06:00:00Z"),  # the night back an hour longer
        ("2026-10-25T05:59:59Z", True, "2026-10-25T06:00:00Z"),
        ("2026-10-25T06:00:00Z", False, "2026-10-25T06:00:00Z"),
        ("2028-02-28T20:00:00Z", True, "2028-02-29T06:00:00Z"),
    ],
)
def test_quiet_hours_are_those_of_the_zone(now: str, quiet: bool, from_: str) -> None:
    assert stages.is_quiet(OSLO, now) is quiet
    assert stages.next_time(OSLO, stages.local_day(now, OSLO.zone), now) == from_


def test_quiet_hours_in_the_middle_of_a_day_and_none_at_all() -> None:
    noon = DEFAULT._replace(quiet_from=12, quiet_until=14)
    assert stages.next_time(noon, "2026-11-21", "2026-11-21T12:30:00Z") == "2026-11-21T14:00:00Z"
    assert stages.opens(noon, "2026-11-22") == "2026-11-22T00:00:00Z"
    none = DEFAULT._replace(quiet_from=5, quiet_until=5)
    assert not any(stages.is_quiet(none, f"2026-11-21T{hour:02}:30:00Z") for hour in range(24))


def test_a_leap_day_is_a_day() -> None:
    assert stages.past("2028-03-01", "2028-02-29") == -1
    assert run("critical", range(-1, 2), due="2028-03-01") == [(-1, -1), (0, 0), (1, 1)]
    assert run("critical", range(-1, 2), due="2028-02-29") == [(-1, -1), (0, 0), (1, 1)]


RULES = st.builds(
    TierReminders,
    before=st.sets(st.integers(1, 90), max_size=6).map(lambda days: tuple(sorted(days, reverse=True))),
    repeat=st.integers(1, 40), deputy=st.integers(0, 30), admin=st.integers(0, 60),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(RULES, st.lists(st.integers(0, 6), min_size=1, max_size=120), st.integers(-120, 10), st.dates(date(2027, 12, 1), date(2028, 4, 1)))
def test_whatever_days_it_runs_on_each_stage_is_told_once_at_most_and_none_is_lost_for_good(
    tier: TierReminders, gaps: list[int], start: int, due: date
) -> None:
    rule = DEFAULT._replace(tiers={"standard": tier})
    day, told, points = start, Told(), []
    for gap in gaps:
        point = stages.waits(rule, "standard", told, due.isoformat(), stages.plus(due.isoformat(), day))
        expected = stages.point(tier, day)
        if point is None:
            assert expected is None or expected in points, "what has come and was not told is told now"
        else:
            assert point == expected
            points.append(point)
            told = Told(point=point)
            assert stages.waits(rule, "standard", told, due.isoformat(), stages.plus(due.isoformat(), day)) is None
        day += gap
    assert points == sorted(set(points))


@settings(max_examples=150, deadline=None)
@given(RULES, st.integers(-120, 200), st.none() | st.integers(-120, 200), st.dates(date(2027, 12, 1), date(2028, 4, 1)))
def test_the_next_day_is_the_first_on_which_something_waits(tier: TierReminders, start: int, last: int | None, due: date) -> None:
    rule, day = DEFAULT._replace(tiers={"standard": tier}), due.isoformat()
    told = Told(point=None if last is None else stages.point(tier, last))
    today = stages.plus(day, start)
    found = stages.next_day(rule, "standard", told, day, today)
    waits = next(n for n in range(start, start + 400) if stages.waits(rule, "standard", told, day, stages.plus(day, n)) is not None)
    assert found == stages.plus(day, waits)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["Europe/Oslo", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu", "UTC"]),
    st.integers(0, 23), st.integers(0, 23), st.integers(0, 400 * 24),
)  # fmt: skip
def test_in_every_zone_the_next_time_is_not_quiet_and_lies_on_no_earlier_day(zone: str, from_: int, until: int, hours: int) -> None:
    rule = DEFAULT._replace(zone=zone, quiet_from=from_, quiet_until=until)
    now = (datetime(2026, 1, 1, 0, 30, tzinfo=UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
    today = stages.local_day(now, zone)
    found = stages.next_time(rule, today, now)
    assert found >= now
    assert not stages.is_quiet(rule, found)
    assert stages.local_day(found, zone) >= today
