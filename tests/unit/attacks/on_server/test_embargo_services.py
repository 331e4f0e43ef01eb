"""The attacks of the same name, made again on a server: the very company of the folder above, moved there."""

from __future__ import annotations

from pathlib import Path

import pytest

from ...register.on_server import moved
from ..embargoed import Company
from ..test_embargo_services import *  # noqa: F403


@pytest.fixture
def company(five: Company, postgres: str, tmp_path: Path) -> Company:
    return Company(moved(five.mia, tmp_path / "copy", postgres))
