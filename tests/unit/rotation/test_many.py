"""Many rotations by connectors at a time: servers overlap, one server's accounts never do, one failure stops no other, and a crash loses nothing.

What overlaps is shown by a barrier that only opens once all who are waited for stand at it; nothing here looks at a clock.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from govern.errors import Failed, Refused
from govern.procedures import many, rotate
from govern.procedures.connected import changing
from govern.procedures.connecting import Way
from govern.procedures.many import AT_ONCE, Ended, Job, carry_all
from govern.register.queries import rotatable
from govern.rotation.triggers import Trigger
from govern.testing.connector import Double
from govern.testing.platform import Crash, Fault, Platform
from tests.unit.attacks.vaults import Machine

from .crashing import DOUBLE, founded, keepers

NOW = "2026-11-22T12:00:00Z"


@dataclass
class Fleet:
    """Accounts on platforms in memory: `servers` says which one each is on."""

    machine: Machine
    platforms: dict[str, Platform] = field(default_factory=dict)
    heard: list[tuple[str, str]] = field(default_factory=list)

    def add(self, handle: str, server: str, **about: Any) -> Platform:
        self.machine.ok(
            "account", "add", handle, "--platform", "matrix", "--login", handle, "--url", f"https://{server}.example/of/{handle}"
        )
        self.machine.ok("credential", "add", handle, "--kind", "password", stdin=f"first-{handle}-password")
        self.platforms[handle] = Platform(login=handle, password=f"first-{handle}-password", **about)
        return self.platforms[handle]

    def run(self, *, now: str = NOW, stop: Callable[[], bool] = lambda: False, **more: Any) -> dict[str, Ended]:
        """Begin, or go on with, a rotation of each account, all in one run; handle -> how it came out."""
        with self.machine.opened() as workspace:
            found = [one for one in rotatable.of_active(workspace.view()) if one.handle in self.platforms]
            with workspace.transaction(now) as tx:
                started, skipped = rotate.start(tx, found, Trigger.MANUAL)
            assert not skipped
            jobs = [many.job(workspace, one.rotation, self.way(one.rotation.handle)) for one in started]
            ended = carry_all(workspace, jobs, lambda: now, self.hear, stop=stop, **more)
            return {job.rotation.handle: one for job, one in zip(jobs, ended, strict=True)}

    def way(self, handle: str) -> Way:
        return Way(found=DOUBLE, connect=lambda target: Double(target, self.platforms[handle]))

    def hear(self, job: Job, ended: Ended | None) -> None:
        self.heard.append((job.rotation.handle, ended.carried.rotation.state.value if ended else "begun"))

    def current(self, handle: str) -> str:
        return self.machine.ok("reveal", handle, "--stdout").out

    def agree(self) -> bool:
        """Whether for every account the vault's current secret is the platform's."""
        return all(self.current(handle) == platform.password for handle, platform in self.platforms.items())


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    return Fleet(founded(tmp_path))


def meet(parties: int) -> Callable[[str], None]:
    """Waits, at a change, until as many are at theirs; where they never come the change fails, as at a platform that does not answer."""
    barrier = threading.Barrier(parties)

    def during(what: str) -> None:
        if what == "change":
            try:
                barrier.wait(10)
            except threading.BrokenBarrierError:
                raise Failed("nobody else came") from None

    return during


def test_servers_are_asked_at_the_same_time(fleet: Fleet) -> None:
    """Each change waits for the other two to be under way: in turn, none of them could end."""
    during = meet(3)
    for handle in ("one", "two", "three"):
        fleet.add(handle, handle, during=during)
    ended = fleet.run()
    assert {handle: one.carried.rotation.state.value for handle, one in ended.items()} == dict.fromkeys(ended, "done")
    assert {one.carried.rotation.grade for one in ended.values()} == {"probed"}
    assert fleet.agree()


def test_the_accounts_of_one_server_are_never_changed_at_a_time(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the same accounts on servers of their own do overlap, by the same count."""

    class Count:
        def __init__(self) -> None:
            self.now, self.most, self.lock = 0, 0, threading.Lock()
            self.both = threading.Event()

        def during(self, what: str) -> None:
            with self.lock:
                self.now += 1
                self.most = max(self.most, self.now)
                if self.now > 1:
                    self.both.set()
            if what == "change":
                self.both.wait(0.5)  # long enough for another to come in, were it let in
            with self.lock:
                self.now -= 1

    same, apart = Count(), Count()
    for number in range(3):
        fleet.add(f"same-{number}", "same", during=same.during)
    fleet.run()
    assert same.most == 1
    assert fleet.agree()
    fleet.platforms = {}
    for number in range(3):
        fleet.add(f"apart-{number}", f"apart-{number}", during=apart.during)
    fleet.run()
    assert apart.most > 1
    assert fleet.agree()


def test_no_more_servers_at_a_time_than_are_allowed_and_all_in_the_end(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "AT_ONCE", 2)
    under_way: list[int] = []
    for number in range(5):
        fleet.add(f"a{number}", f"server-{number}", during=lambda _: under_way.append(lanes()))
    ended = fleet.run()
    assert all(one.carried.rotation.state.value == "done" for one in ended.values())
    assert 1 <= max(under_way) <= 2 < AT_ONCE


def lanes() -> int:
    return sum(thread.name.startswith("govern server-") for thread in threading.enumerate())


def test_the_ledger_is_written_by_one_thread_and_never_while_a_platform_is_asked_by_it(fleet: Fleet) -> None:
    """Platforms are asked on other threads; every step is heard of on the one that writes."""
    asked: set[int] = set()
    told: set[int] = set()
    for handle in ("one", "two"):
        fleet.add(handle, handle, during=lambda _: asked.add(threading.get_ident()))
    fleet.hear = lambda job, ended: told.add(threading.get_ident())  # type: ignore[method-assign]
    fleet.run()
    assert told == {threading.get_ident()}
    assert len(asked) == 2
    assert not asked & told


def test_a_platform_is_never_asked_inside_of_a_transaction(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connector's answer may take half a minute; nobody else could write meanwhile. A procedure that forgot this is stopped."""
    from govern.procedures import connected
    from govern.procedures.connecting import asked

    fleet.add("one", "one")
    fleet.add("two", "two")
    assert all(one.carried.rotation.state.value == "done" for one in fleet.run().values())

    async def forgetful(run: Any, found: Any) -> None:
        with run.workspace.transaction(NOW):
            await asked(run.platform.prepare)

    monkeypatch.setattr(connected, "_step", forgetful)
    with pytest.raises(Failed, match="inside of a transaction"):
        fleet.run(now="2026-11-22T13:00:00Z")


def defect(_: str) -> None:
    raise KeyError("first-broken-password")


def test_one_that_fails_leaves_the_others_done(fleet: Fleet) -> None:
    """On its own server and beside it: silence, a connector that breaks, an address that no secret is sent to."""
    fleet.add("good", "one")
    fleet.add("silent", "two", faults=dict.fromkeys(range(40), Fault.NOT_APPLIED))
    fleet.add("after-it", "two")
    fleet.add("broken", "three", during=defect)
    fleet.add("nowhere", "four")
    fleet.machine.ok("account", "edit", "nowhere", "--url", "http://plain.example")
    real = fleet.way

    def way(handle: str) -> Way:
        if handle != "nowhere":
            return real(handle)
        from govern.connectors import address

        return Way(found=DOUBLE, connect=lambda target: address.read(target.url, target.handle) and Double(target, Platform(password="x")))

    fleet.way = way  # type: ignore[method-assign]
    ended = fleet.run()
    states = {handle: one.carried.rotation.state.value for handle, one in ended.items()}
    assert states["good"] == states["after-it"] == "done"
    assert "done" not in (states["silent"], states["broken"], states["nowhere"])
    assert "no answer came in time" in ended["silent"].carried.why
    assert ended["broken"].carried.why == "the connector broke down (KeyError)"
    assert "first-broken-password" not in str(ended)
    assert "only sent by https" in ended["nowhere"].carried.why
    fleet.platforms["silent"].faults = {}
    fleet.platforms["broken"].during = lambda _: None
    fleet.machine.ok("account", "edit", "nowhere", "--url", "https://four.example")
    again = fleet.run(now="2026-11-22T12:10:00Z")
    assert again["silent"].carried.rotation.state.value == again["broken"].carried.rotation.state.value == "done"
    assert again["silent"].carried.rotation.id == ended["silent"].carried.rotation.id


def test_a_server_that_asks_for_time_is_asked_nothing_more_in_this_run(fleet: Fleet) -> None:
    """Whichever account it was about: its next ones would be answered alike. Another server goes on."""
    fleet.add("a1", "busy", faults={1: Fault.TOO_MANY})
    second = fleet.add("a2", "busy")
    fleet.add("b1", "calm")
    ended = fleet.run()
    assert ended["b1"].carried.rotation.state.value == "done"
    assert ended["a1"].carried.retry_at == ended["a2"].carried.retry_at == "2026-11-22T12:05:00Z"
    assert ended["a2"].carried.why == "its server asked to be left alone"
    assert second.calls == []
    later = fleet.run(now="2026-11-22T12:06:00Z")
    assert {one.carried.rotation.state.value for handle, one in later.items() if handle != "b1"} == {"done"}
    assert fleet.agree()


def test_what_an_earlier_run_was_told_of_one_account_holds_up_no_other(fleet: Fleet) -> None:
    """The control to the one above: whoever writes to the ledger that a platform wants to be left alone holds up that account and no server."""
    fleet.add("a1", "busy", faults={1: Fault.TOO_MANY})
    fleet.run()
    fleet.add("a2", "busy")
    ended = fleet.run(now="2026-11-22T12:01:00Z")
    assert ended["a1"].carried.why == "the platform asked to be left alone"
    assert ended["a2"].carried.rotation.state.value == "done"


def test_told_to_stop_it_records_what_was_answered_and_begins_nothing_else(fleet: Fleet) -> None:
    """Every rotation is left where it can be gone on with, and our sessions are ended."""
    stopped = threading.Event()
    first = fleet.add("a1", "one", during=lambda what: stopped.set() if what == "change" else None)
    second = fleet.add("a2", "one")
    ended = fleet.run(stop=stopped.is_set)
    assert ended["a1"].carried.stopped
    assert ended["a2"].carried.stopped
    assert first.calls[-1] == "log out"
    assert second.calls == []
    assert fleet.current("a1") != first.password  # it is changed there, and not yet proven
    again = fleet.run(now="2026-11-22T12:10:00Z")
    assert {one.carried.rotation.state.value for one in again.values()} == {"done"}
    assert fleet.agree()


MIDST = [
    *((call, Fault.CRASH_AFTER) for call in range(5)), (0, Fault.CRASH_BEFORE),
    *(pytest.param(call, Fault.CRASH_BEFORE, marks=pytest.mark.slow) for call in range(1, 5)),
]  # fmt: skip
"""A crash before a call leaves the platform as one after the call before it does."""


@pytest.mark.parametrize(("call", "fault"), MIDST)
def test_a_crash_in_the_midst_of_many_loses_nothing(fleet: Fleet, fault: Fault, call: int) -> None:
    """At every call of one platform, while others are under way: what each platform takes can be opened by the responsible person and recovery."""
    fleet.add("a1", "one", faults={call: fault})
    for handle, server in (("a2", "one"), ("b1", "two"), ("c1", "three")):
        fleet.add(handle, server)
    with pytest.raises(Crash):
        fleet.run()
    keys = keepers(fleet.machine)
    for handle, platform in fleet.platforms.items():
        for one in keys:
            assert platform.password in openable(fleet.machine, handle, one)
    for platform in fleet.platforms.values():
        platform.faults = {}
    for minute in (10, 20, 30):
        states = {one.carried.rotation.state.value for one in fleet.run(now=f"2026-11-22T12:{minute}:00Z").values()}
    assert states == {"done"}
    assert fleet.agree()


def openable(machine: Machine, handle: str, keys: Any) -> set[str]:
    from .crashing import Brand

    brand = Brand.__new__(Brand)
    brand.machine, brand.handle = machine, handle
    found: set[str] = brand.openable(keys)
    return found


def test_nobody_else_on_this_machine_changes_anything_meanwhile(fleet: Fleet) -> None:
    fleet.add("one", "one")
    fleet.add("two", "two")
    with fleet.machine.opened() as workspace, changing(workspace), pytest.raises(Refused, match="another process on this machine"):
        fleet.run()
    assert all(one.carried.rotation.state.value == "done" for one in fleet.run().values())


def test_each_is_heard_of_as_it_begins_and_as_it_ends(fleet: Fleet) -> None:
    for handle, server in (("a1", "one"), ("a2", "one"), ("b1", "two")):
        fleet.add(handle, server)
    fleet.run()
    assert Counter(fleet.heard) == Counter((handle, what) for handle in ("a1", "a2", "b1") for what in ("begun", "done"))
    assert fleet.heard.index(("a1", "done")) < fleet.heard.index(("a2", "begun"))
