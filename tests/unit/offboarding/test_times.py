"""The hour of a cut, as people type it at nine in the morning for two in the afternoon."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from govern.cli.times import moment
from govern.errors import Usage

NOW = "2026-11-22T08:00:00Z"


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    def here(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield here
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("typed", "where", "utc"),
    [
        ("14:00", "UTC", "2026-11-22T14:00:00Z"),
        (" 9:30 ", "UTC", "2026-11-22T09:30:00Z"),
        ("14:00", "Europe/Copenhagen", "2026-11-22T13:00:00Z"),
        ("01:00", "Pacific/Auckland", None),  # it is nine in the evening there
        ("23:00", "Pacific/Auckland", "2026-11-22T10:00:00Z"),
        ("2026-11-22T14:00", "Europe/Copenhagen", "2026-11-22T13:00:00Z"),
        ("2026-11-22T14:00+05:00", "Europe/Copenhagen", "2026-11-22T09:00:00Z"),
    ],
)
def test_an_hour_alone_is_todays_in_the_zone_of_this_machine(zone: Callable[[str], None], typed: str, where: str, utc: str | None) -> None:
    zone(where)
    if utc is None:
        with pytest.raises(Usage, match="lies in the past"):
            moment(typed, NOW)
    else:
        assert moment(typed, NOW) == utc


@pytest.mark.parametrize("typed", ["7:59", "25:00", "14:60", "14", "14:0", "1400", "14:00:00", "2026-11-22", "٠٩:٠٠", "tomorrow", ""])
def test_what_is_no_hour_or_has_passed_is_refused(zone: Callable[[str], None], typed: str) -> None:
    zone("UTC")
    with pytest.raises(Usage):
        moment(typed, NOW)
