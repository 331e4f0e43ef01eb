"""A year of reminders in a company that goes on living: each due thing is told at each stage exactly once, to whoever answers for it then, and never after
it was done; whatever crashes, wherever the company moves, and however long nothing ran. Held against a second opinion: `year`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from .conftest import Office
from .year import Year

ZONES = ("Pacific/Auckland", "America/Los_Angeles", "Europe/Copenhagen", "America/St_Johns")


def noon(year: Year) -> None:
    """The next noon of the company."""
    here = year.office.moment.astimezone(ZoneInfo(year.zone))
    day = here.date() if here.hour < 12 else here.date() + timedelta(days=1)
    year.office.moment = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(year.zone)).astimezone(UTC)


def lived(year: Year, *, days: int, crashes: float, moves: int, outage: range) -> None:
    """So many days: what happens, runs at some hour, day or night, and one at noon; a crash is followed by the next run when its lease is over."""
    moved = 0
    for day in range(days):
        if day and day % (days // (moves + 1)) == 0 and moved < moves:
            year.office.later(hours=year.draw.randrange(1, 9))
            year.move(ZONES[moved % len(ZONES)])
            moved += 1
        if year.draw.random() < 0.5:
            year.office.later(hours=year.draw.randrange(1, 11))
            if day not in outage:
                year.run()
        noon(year)
        year.live()
        if day in outage:
            continue
        while year.waiting() and year.draw.random() < crashes:
            year.run(crash=year.draw.choice(("sent", "record")))
            year.office.later(minutes=11)
        year.run()
        year.office.later(minutes=20)
        year.run()


def held(year: Year, *, told: int) -> None:
    """Else the year would have been a quiet one."""
    assert len(year.told) > told
    assert {key[0] for key, _ in year.told} >= {"rotation", "schedule", "hand-over", "grant", "acknowledgement", "stale-pin"}
    assert year.crashes >= 3
    assert set(year.refused) <= {"overdue-grant"}
    assert year.repeated


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_two_months_with_a_leap_day_and_a_change_to_summer_time(office: Office, seed: int) -> None:
    year = Year(office, seed, people=12, accounts=15, begins=datetime(2028, 2, 10, 5, tzinfo=UTC))
    lived(year, days=60, crashes=0.15, moves=2, outage=range(30, 33))
    held(year, told=60)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_year_of_forty_people_and_120_credentials_with_three_weeks_of_outage(office: Office, seed: int) -> None:
    year = Year(office, seed, people=40, accounts=60, begins=datetime(2027, 6, 1, 5, tzinfo=UTC))
    lived(year, days=366, crashes=0.1, moves=4, outage=range(200, 221))
    held(year, told=800)
