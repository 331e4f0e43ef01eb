"""A rotation that is given up after the platform was asked to issue a secret leaves one there that nobody keeps: told until it is gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from govern.connectors import load
from govern.testing.connector import Double
from govern.testing.platform import Crash, Fault, Platform

from ..attacks.insider import Insider
from ..attacks.vaults import Machine
from .crashing import Brand, founded

CHANGE = 1
"""Number of the call that has one issued: the first looks what stands under the rotation's label."""


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return founded(tmp_path_factory.mktemp("left"))


PLATFORMS: list[Platform] = []


class Made(Double):
    """The double, on the platform of the test that runs."""

    def __init__(self, target: Any, http: Any) -> None:
        super().__init__(target, PLATFORMS[-1])


@pytest.fixture
def brand(machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Brand]:
    """With a secret on the platform whose making nobody lived to see."""
    one = Brand(machine.copy(tmp_path / "copy"), "app-password")
    one.platform.faults = {CHANGE: Fault.CRASH_AFTER}
    with pytest.raises(Crash):
        one.run()
    one.platform.faults = {}
    assert one.platform.calls[CHANGE] == "change"
    assert len(one.platform.app_passwords) == 2
    PLATFORMS.append(one.platform)
    monkeypatch.setitem(load.BUILT_IN, "matrix", f"{__name__}:Made")  # type: ignore[arg-type]
    yield one
    PLATFORMS.pop()


def rotation(brand: Brand) -> str:
    return str(brand.machine.ask("SELECT id FROM rotations ORDER BY entry DESC")[0][0])


def told(brand: Brand) -> list[str]:
    """What it is called there, of each finding; the command that ends it is among the next steps."""
    status = brand.machine.json("status")
    found = [one for one in status["findings"] if one["code"] == "issued-left"]
    steps = [step["command"] for step in status["next"]]
    names = [next(word.rstrip(":") for word in one["message"].split() if word.startswith("govern-")) for one in found]
    assert all(f"govern rotation reconcile {name.removeprefix('govern-')}" in steps for name in names)
    return names


def test_giving_it_up_takes_it_away(brand: Brand) -> None:
    brand.machine.ok("rotation", "abort", rotation(brand))
    assert brand.platform.app_passwords == {"by hand": "first-app-password"}
    assert told(brand) == []


def test_what_could_not_be_taken_away_is_told_until_it_is(brand: Brand) -> None:
    """The control: before it is given up, it is no finding of its own."""
    assert told(brand) == []
    calls = len(brand.platform.calls)
    brand.platform.faults = dict.fromkeys(range(calls, calls + 5), Fault.NOT_APPLIED)
    given_up = brand.machine.ok("rotation", "abort", rotation(brand))
    command = f"govern rotation reconcile {rotation(brand)[:8]}"
    assert command in given_up.err
    assert told(brand) == [f"govern-{rotation(brand)[:8]}"]
    failed = brand.machine.run(*command.split()[1:])
    assert (failed.code, len(brand.platform.app_passwords)) == (1, 2)
    assert told(brand) == [f"govern-{rotation(brand)[:8]}"]
    brand.platform.faults = {}
    done = brand.machine.ok(*command.split()[1:])
    assert f"nothing called govern-{rotation(brand)[:8]} is left there" in done.err
    assert brand.platform.app_passwords == {"by hand": "first-app-password"}
    assert told(brand) == []
    asked = len(brand.platform.calls)
    brand.machine.ok(*command.split()[1:])
    assert len(brand.platform.calls) == asked  # a finished one stays as it is


def test_reconciling_everything_takes_it_away_as_well(brand: Brand) -> None:
    brand.platform.faults = dict.fromkeys(range(20), Fault.NOT_APPLIED)
    brand.machine.ok("rotation", "abort", rotation(brand))
    brand.platform.faults = {}
    brand.machine.ok("rotation", "reconcile")
    assert brand.platform.app_passwords == {"by hand": "first-app-password"}


def test_somebody_who_has_looked_says_so(brand: Brand) -> None:
    refused = brand.machine.run("rotation", "reconcile", rotation(brand), "--cleared")
    assert (refused.code, "was not given up" in refused.err) == (4, True)
    brand.platform.faults = dict.fromkeys(range(20), Fault.NOT_APPLIED)
    brand.machine.ok("rotation", "abort", rotation(brand))
    brand.machine.ok("rotation", "reconcile", rotation(brand), "--cleared")
    assert told(brand) == []
    assert brand.machine.run("rotation", "reconcile", "--cleared").code == 2


def test_what_was_begun_by_hand_leaves_nothing_that_a_connector_made(brand: Brand) -> None:
    brand.machine.ok("rotation", "abort", rotation(brand))
    brand.machine.run("rotate", brand.handle, "--kind", "app-password")
    ((planned,),) = brand.machine.ask("SELECT id FROM rotations WHERE ended_at IS NULL")
    asked = len(brand.platform.calls)
    brand.machine.ok("rotation", "abort", planned)
    assert (told(brand), len(brand.platform.calls)) == ([], asked)


def test_replay_takes_it_of_nothing_that_was_not_given_up_and_of_no_other_connector(brand: Brand) -> None:
    insider, id_ = Insider(brand.machine), rotation(brand)

    def claim(**body: Any) -> str:
        index = insider.write(insider.event("rotation.cleared", {"rotation": id_, **body}))
        found = brand.machine.ask("SELECT code FROM findings WHERE entry = ?", index)
        return found[0][0] if found else ""

    assert claim() == "rotation-open"
    insider.write(insider.event("rotation.aborted", {"rotation": id_}))
    assert claim(connector="evil", server="https://matrix.acme.example") == "connector-allowed"
    assert claim(connector="matrix") == "server-named"
    assert claim(connector="matrix", server="https://elsewhere.example") == "server-confirmed"
    assert told(brand) == [f"govern-{id_[:8]}"]
    assert claim(connector="matrix", server="https://matrix.acme.example") == ""
    assert told(brand) == []
