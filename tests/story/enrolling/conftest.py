"""A vault that is shared: its founder's machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from ...conftest import Prepared
from .members import Member, founded


@pytest.fixture
def mia(tmp_path: Path, prepared: Prepared) -> Member:
    """Founder and admin; she answers for the shop, whose password ben holds as well; ben has no keys yet."""
    return prepared.into(Member(tmp_path, "mia"), founded)
