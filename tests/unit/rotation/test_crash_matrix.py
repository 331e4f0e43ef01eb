"""Whatever dies, whenever: the platform's secret is one that the responsible person and recovery can open, and going on brings it to an end.

Every cell is a rotation of its own, on a platform of its own: by a connector, or by somebody who is led through it on a terminal. A boundary is
each SQL statement, each write, sync and cut of a file, and each call of the platform. A statement that only reads leaves what the next one finds,
so the cells are those that change something; for the password by a connector it is every statement there is. Controls that change first and
write afterwards go through the same cells and lose secrets. `test_crash_killed` has real kills, `test_crash_no_room` full disks and lost networks.
"""

from __future__ import annotations

import itertools
import os
from typing import Any

import pytest

from govern.cli import settings
from govern.procedures import rotate
from govern.register.queries import rotatable
from govern.rotation.triggers import Trigger
from govern.testing.platform import Crash, Fault
from govern.vault.generate import Limits, generate
from govern.vault.keys import Keys
from govern.vault.secret import Secret
from tests.unit.attacks.vaults import Machine
from tests.unit.rotation.boundaries import changing
from tests.unit.rotation.by_hand import ByHand
from tests.unit.rotation.crashing import Brand, Mailed, disturbed, ends, steps

BY_CONNECTOR = [*((Brand, kind) for kind in ("password", "app-password", "api-token")), (Mailed, "password")]
"""All kinds that a connector can change: a backup code can't be tried without using it up, and no platform gives a seed to a program."""
BY_HAND = [
    (ByHand, kind)
    for kind in ("password", "totp", "backup-codes", "api-token", "app-password", "passkey", "recovery-email", "recovery-phone")
]
DAILY = [BY_CONNECTOR[0], BY_HAND[1]]
LOST = (Fault.NOT_APPLIED, Fault.APPLIED, Fault.LATE)
ALIKE = ("recovery-email", "recovery-phone")
"""Changed and recorded by the very same steps as a passkey: every fault and every crash, but not each of both together."""


def ways(*daily: Any, without: tuple[str, ...] = ()) -> list[Any]:
    """Those of every day, and the rest as slow ones."""
    return [
        pytest.param(*one, marks=() if one in daily else (pytest.mark.slow,), id=f"{one[0].__name__}-{one[1]}")
        for one in BY_CONNECTOR + BY_HAND
        if one[1] not in without
    ]


def sensible(kind: str, fault: Fault) -> bool:
    """Whether a fault can be told at all: new backup codes that a platform makes later, over others that it has shown since, nobody can notice."""
    return not (kind == "backup-codes" and fault is Fault.LATE)


@pytest.mark.parametrize(("way", "kind"), ways(*DAILY))
def test_a_fault_at_every_call_of_the_platform(
    machine: Machine, keys: list[Keys], way: type[Brand], kind: str, record_property: Any
) -> None:
    undisturbed = way(machine, kind)
    steps(undisturbed)
    calls = len(undisturbed.platform.calls)
    cells = [(at, fault) for at, fault in itertools.product(range(calls), Fault) if sensible(kind, fault)]
    for cell in cells:
        brand = way(machine, kind)
        disturbed(brand, dict([cell]))
        ends(brand, keys, cell)
    record_property("crash cells", len(cells))
    record_property("load", f"{len(cells)} cells ({calls} calls of the platform, {len(Fault)} faults)")


@pytest.mark.parametrize(("way", "kind"), DAILY)
def test_a_crash_at_every_commit(machine: Machine, keys: list[Keys], way: type[Brand], kind: str, record_property: Any) -> None:
    """Of every day: before each COMMIT of the store and each call of the platform."""
    found = steps(way(machine, kind))
    cells = [at for at, name in enumerate(found) if name == "vault.db COMMIT" or name.startswith("platform ")]
    assert len(cells) >= 4
    for at in cells:
        brand = way(machine, kind)
        disturbed(brand, {}, at=at)
        ends(brand, keys, (at, found[at]))
    record_property("crash cells", len(cells))
    record_property("load", f"{len(cells)} cells")


@pytest.mark.slow
@pytest.mark.parametrize(("way", "kind"), ways())
def test_a_crash_at_every_boundary(machine: Machine, keys: list[Keys], way: type[Brand], kind: str, record_property: Any) -> None:
    found = steps(way(machine, kind))
    everything = (way, kind) == BY_CONNECTOR[0]
    cells = list(range(len(found))) if everything else changing(found)
    for at in cells:
        brand = way(machine, kind)
        disturbed(brand, {}, at=at)
        ends(brand, keys, (at, found[at]))
    record_property("crash cells", len(cells))
    record_property("load", f"{len(cells)} cells of {len(found)} boundaries" + ("" if everything else ", the others only read"))


@pytest.mark.slow
@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize(("way", "kind"), ways(without=ALIKE))
def test_a_lost_answer_and_then_a_crash_at_every_boundary(
    machine: Machine, keys: list[Keys], way: type[Brand], kind: str, fault: Fault, record_property: Any
) -> None:
    """The change is made, is not made, or is made later; nobody was told; and then the program dies as well."""
    if not sensible(kind, fault):
        pytest.skip("nobody can notice it: a backup code can't be tried without using it up")
    first = way(machine, kind)
    steps(first)
    change = first.platform.calls.index("change")
    found = steps(way(machine, kind), {change: fault})
    asked = found.index("platform change")
    cells = [at for at in changing(found) if at > asked]
    for at in cells:
        brand = way(machine, kind)
        disturbed(brand, {change: fault}, at=at)
        ends(brand, keys, (fault, at, found[at]))
    record_property("crash cells", len(cells))
    record_property("load", f"{len(cells)} cells (the answer to the change is lost, then a crash)")


# --- the control ---------------------------------------------------------------------------------------------------------------------


class NaiveProgram(Brand):
    """Changes it there, then writes it down: what everybody does at first."""

    def run(self) -> None:
        new = generate(Limits(), random=os.urandom)
        self.platform.change_password(self.first, new.reveal())
        self.write_down(new)

    def write_down(self, new: Secret) -> None:
        with self.machine.opened() as workspace:
            (found,) = rotatable.of_account(workspace.view(), self.account(workspace), self.kind)
            with workspace.transaction(settings.now()) as tx:
                rotate.already_changed(tx, found, Trigger.MANUAL, new)


class NaivePerson(NaiveProgram):
    """Scans the QR code with a phone, types in the phone's code, and stores the seed here afterwards."""

    def run(self) -> None:
        from govern.vault import otp

        seed = self.platform.offer(os.urandom)
        now = settings.seconds()
        self.platform.take_code(otp.code(otp.parse(Secret(seed)), now)[0], now)
        self.write_down(Secret(seed))


@pytest.mark.parametrize(("way", "kind"), [(NaiveProgram, "password"), (NaivePerson, "totp")])
def test_who_changes_first_and_writes_afterwards_loses_secrets(
    machine: Machine, keys: list[Keys], way: type[Brand], kind: str, record_property: Any
) -> None:
    """The control: the same faults at the same calls, and crashes before its write and its commit."""
    undisturbed = way(machine, kind)
    found = steps(undisturbed)
    assert not undisturbed.lost(keys)
    faults = list(itertools.product(range(len(undisturbed.platform.calls)), Fault))
    crashes = [at for at in changing(found) if found[at] in ("vault.db COMMIT", "file write")]
    lost = 0
    for cell in [({at: fault}, -1) for at, fault in faults] + [({}, at) for at in crashes]:
        brand = way(machine, kind)
        try:
            disturbed(brand, cell[0], at=cell[1])
        except Exception:  # it has no answer to what the platform says
            brand.platform.faults = {}
        brand.platform.settle()
        lost += bool(brand.lost(keys))
    cells = len(faults) + len(crashes)
    record_property("load", f"{lost} of {cells} cells lose the secret (the control)")
    assert lost > 3


def test_the_crash_of_a_test_is_caught_by_nothing() -> None:
    assert not issubclass(Crash, Exception)
