"""Whatever dies, whenever: the platform's secret is one that the responsible person and recovery can open, and going on brings it to an end.

Every cell is a rotation of its own, on a platform of its own. A control that changes first and writes afterwards goes through the same cells
and loses secrets.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from govern.procedures import rotate
from govern.register.queries import rotations
from govern.rotation.triggers import Trigger
from govern.testing.platform import Crash, Fault
from govern.vault.generate import Limits, generate
from govern.vault.keys import Keys
from govern.vault.secret import Secret
from tests.unit.attacks.vaults import Machine
from tests.unit.rotation.crashing import Brand, Cuts, founded, keepers

KINDS = ("password", "app-password")


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return founded(tmp_path_factory.mktemp("vault"))


@pytest.fixture(scope="module")
def keys(machine: Machine) -> list[Keys]:
    return keepers(machine)


def undisturbed(machine: Machine, kind: str) -> tuple[int, int]:
    """How many calls of the platform, and writes of commits, a rotation makes when nothing happens."""
    brand, cuts = Brand(machine, kind), Cuts()
    with cuts.armed():
        assert brand.run().rotation.state.value == "done"
    return len(brand.platform.calls), cuts.seen


def disturbed(brand: Brand, cuts: Cuts, faults: dict[int, Fault]) -> None:
    """One run with that in its way."""
    brand.platform.faults = faults
    with cuts.armed():
        try:
            brand.run()
        except Crash:
            pass
    brand.platform.faults = {}


def holds(brand: Brand, keys: list[Keys], cell: object) -> None:
    """Nothing is lost now; and going on ends with one secret, which is current here and the only one there."""
    assert not brand.lost(keys), (cell, brand.platform.calls)
    brand.recover()
    brand.platform.settle()
    brand.recover()
    current = brand.openable(keys[0], state="current")
    assert current == brand.openable(keys[1], state="current")
    kept = {"first-app-password"} if brand.kind == "app-password" else set()
    assert current == brand.platform.secrets(brand.kind), (cell, brand.platform.calls)
    assert not current & (kept | {"first-password"})


@pytest.mark.parametrize("kind", [KINDS[0], *(pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS[1:])])
def test_a_fault_at_every_call_of_the_platform(machine: Machine, keys: list[Keys], kind: str, record_property: Any) -> None:
    calls, _ = undisturbed(machine, kind)
    cells = list(itertools.product(range(calls), Fault))
    for cell in cells:
        brand = Brand(machine, kind)
        disturbed(brand, Cuts(), dict([cell]))
        holds(brand, keys, cell)
    record_property("load", f"{len(cells)} cells ({kind}: {calls} calls of the platform, {len(Fault)} faults)")


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_crash_at_every_write_of_every_commit(machine: Machine, keys: list[Keys], kind: str, record_property: Any) -> None:
    _, writes = undisturbed(machine, kind)
    cells = list(itertools.product(range(writes), (False, True)))
    for at, after in cells:
        brand = Brand(machine, kind)
        disturbed(brand, Cuts(at=at, after=after), {})
        holds(brand, keys, (at, after))
    record_property("load", f"{len(cells)} cells ({kind}: {writes} writes, before and after)")


@pytest.mark.slow
@pytest.mark.parametrize("fault", [Fault.NOT_APPLIED, Fault.APPLIED, Fault.LATE])
def test_a_lost_answer_and_then_a_crash_at_every_write(machine: Machine, keys: list[Keys], fault: Fault, record_property: Any) -> None:
    """Password only: the change is made, is not made, or is made later; nobody was told; and then the program dies as well."""
    brand, cuts = Brand(machine, "password"), Cuts()
    disturbed(brand, cuts, {0: fault})
    for at in range(cuts.seen):
        brand = Brand(machine, "password")
        disturbed(brand, Cuts(at=at), {0: fault})
        holds(brand, keys, (fault, at))
    record_property("load", f"{cuts.seen} cells ({fault}, then a crash)")


# --- the control ---------------------------------------------------------------------------------------------------------------------


def naively(brand: Brand) -> None:
    """Change it there, then write it down: what everybody does at first."""
    import os

    new = generate(Limits(), random=os.urandom)

    def change() -> None:
        brand.platform.password = new.reveal()

    brand.platform.call("change", change)
    _store(brand, new)


def _store(brand: Brand, new: Secret) -> None:
    with brand.machine.opened() as workspace:
        row = workspace.view().execute("SELECT id FROM accounts WHERE handle = ?", (brand.handle,)).fetchone()
        (found,) = rotations.of_account(workspace.view(), row[0], brand.kind)
        with workspace.transaction(brand.clock()) as tx:
            rotate.already_changed(tx, found, Trigger.MANUAL, new)


def ends(do: Callable[[], Any]) -> None:
    try:
        do()
    except (Crash, Exception):
        pass


def test_who_changes_first_and_writes_afterwards_loses_secrets(machine: Machine, keys: list[Keys], record_property: Any) -> None:
    """The control: the same faults, at its one call and at each of its writes."""
    brand, cuts = Brand(machine, "password"), Cuts()
    with cuts.armed():
        naively(brand)
    assert not brand.lost(keys)
    lost = 0
    for fault in Fault:
        brand = Brand(machine, "password")
        brand.platform.faults = {0: fault}
        ends(lambda brand=brand: naively(brand))  # type: ignore[misc]
        brand.platform.settle()
        lost += bool(brand.lost(keys))
    for at in range(cuts.seen):
        brand = Brand(machine, "password")
        with Cuts(at=at).armed():
            ends(lambda brand=brand: naively(brand))  # type: ignore[misc]
        lost += bool(brand.lost(keys))
    record_property("load", f"{lost} of {len(Fault) + cuts.seen} cells lose the secret")
    assert lost > 3
