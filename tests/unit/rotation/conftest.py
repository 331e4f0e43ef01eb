"""A small vault for each test: cells of one test share it, each with an account of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from govern.vault.keys import Keys
from tests.conftest import Prepared
from tests.unit.attacks.vaults import Machine
from tests.unit.rotation.crashing import keepers


@pytest.fixture
def machine(tmp_path: Path, prepared: Prepared) -> Machine:
    return prepared.into(Machine(tmp_path), _fresh)


def _fresh(machine: Machine) -> None:
    """A function of its own: a machine of these tests keeps its database elsewhere than a story does, and each has a copy of its own kind."""
    machine.init()


@pytest.fixture
def keys(machine: Machine) -> list[Keys]:
    """Those who must be able to open whatever works: the responsible person, and recovery by its sheets."""
    return keepers(machine)
