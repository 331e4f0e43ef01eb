"""Attacks by and on services, made again on a server: the very firm of the folder above, moved there."""

from __future__ import annotations

from pathlib import Path

import pytest

from ...register.on_server import moved
from ..test_services import *  # noqa: F403
from ..test_services import Firm
from ..vaults import Machine


@pytest.fixture
def firm(served: Machine, postgres: str, tmp_path: Path) -> Firm:
    return Firm(moved(served, tmp_path / "copy", postgres))
