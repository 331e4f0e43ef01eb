"""What a run does on platforms by itself: as a service that is entrusted with the account, by a connector that the policy names, on a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from govern.holdings.services import Purpose
from govern.procedures.tick import tries as again
from govern.register.queries import rotations
from govern.testing.platform import Platform

from ..rotation.served import Served, served
from .conftest import Works


@pytest.fixture
def server() -> Iterator[Served]:
    platform = Platform(password="first-secret")
    with served(platform) as one:
        yield one


@pytest.fixture
def room(works: Works, server: Served) -> str:
    """An account of that server, entrusted to `robot`; its credential."""
    works.account("room", platform="matrix")
    works.fact("account.edited", {"account": works.ids["room"]}, {"url": server.url, "login": "brand"})
    credential = works.secret("room")
    works.service("robot", Purpose.RECONCILE, accounts=("room",))
    works.later(minutes=5)
    return credential


def opened(works: Works, credential: str, trigger: str) -> None:
    works.fact("rotation.opened", {"rotation": "ab" * 16, "credential": credential, "trigger": trigger})


def state(works: Works) -> str:
    return str(rotations.by_id(works.db(), "ab" * 16).state)


def test_what_somebody_who_left_could_know_is_changed_at_once_and_what_is_not_due_is_left(works: Works, room: str, server: Served) -> None:
    opened(works, room, "manual")
    assert works.tick("robot").done == ()
    assert server.asked == []
    works.fact("rotation.aborted", {"rotation": "ab" * 16})
    works.fact("rotation.opened", {"rotation": "cd" * 16, "credential": room, "trigger": "membership"})
    ran = works.tick("robot")
    assert ran.failed == ()
    assert [(one.what, one.account, one.kind) for one in ran.done] == [("rotated", "room", "password")]
    assert server.platform.password != "first-secret"
    assert rotations.by_id(works.db(), "cd" * 16).grade == "probed"
    asked = len(server.asked)
    assert works.tick("robot").done == ()
    assert len(server.asked) == asked, "once"


def test_nobody_but_a_service_that_is_entrusted_asks_a_platform_unattended(works: Works, room: str, server: Served) -> None:
    works.service("other", Purpose.RECONCILE)
    works.service("night", Purpose.RUN_DUE)
    opened(works, room, "membership")
    for by in ("mia", "other", "night"):
        works.tick(by)
    assert server.asked == []
    assert [one.what for one in works.tick("robot").done] == ["rotated"], "the control"


def test_a_platform_that_is_down_is_told_once_and_asked_ever_more_seldom(works: Works, room: str, server: Served) -> None:
    opened(works, room, "membership")
    server.at, server.down = 0, True
    first = works.tick("robot")
    assert [one.what for one in first.failed] == ["rotated"]
    asked, size = len(server.asked), works.size()
    again = works.tick("robot")
    assert (again.failed, len(server.asked), works.size()) == ((), asked, size), "not within a quarter of an hour, and nothing is recorded"
    tries = 0
    for _ in range(96):
        works.later(minutes=14)
        before = len(server.asked)
        works.tick("robot")
        tries += len(server.asked) > before
    assert 3 <= tries <= 9
    server.at = -1
    works.later(days=1)
    assert [one.what for one in works.tick("robot").done] in (["reconciled"], ["rotated"])
    assert state(works) == "done"


def test_tries_come_after_as_long_as_there_were_tries_for_a_quarter_of_an_hour_to_a_day() -> None:
    day = "2026-11-22T00:00:00Z"
    assert again.again_at(day, day) == "2026-11-22T00:15:00Z"
    assert again.again_at(day, "2026-11-22T02:00:00Z") == "2026-11-22T04:00:00Z"
    assert again.again_at(day, "2026-12-22T02:00:00Z") == "2026-12-23T02:00:00Z"


def test_a_server_that_is_in_doubt_is_left_to_whoever_answers_for_the_account(works: Works, room: str, server: Served) -> None:
    """Somebody who leaves has set the url: nothing is sent there before another person has confirmed it. It keeps no run from being quiet."""
    works.enrol("dora", "admin")
    works.fact("account.edited", {"account": works.ids["room"]}, {"url": "http://127.0.0.1:9"}, by="dora")
    works.offboard("dora")
    found: Any = [one for one in rotations.rotations(works.db(), only_open=True) if one.account == works.ids["room"]]
    if not found:
        opened(works, room, "membership")
    ran = works.tick("robot")
    assert [one.what for one in ran.left if one.about.startswith("room")] == ["rotated"]
    assert "--server 127.0.0.1" in next(one.to for one in ran.left if one.about.startswith("room"))
    assert (ran.done, ran.failed, server.asked) == ((), (), [])
