"""The vault of thirty-one entries on either engine, and a company of five, one copy per case."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..register.on_server import moved
from .embargoed import Company, build
from .vaults import Machine


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def either(request: pytest.FixtureRequest, original: Machine, tmp_path: Path) -> Machine:
    """The same vault, kept in a file or by a server."""
    if request.param == "sqlite":
        return original.copy(tmp_path / "copy")
    return moved(original, tmp_path / "copy", request.getfixturevalue("postgres"))


@pytest.fixture(scope="session")
def five(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Never to be touched: take `company`, which is a copy."""
    return build(tmp_path_factory.mktemp("company"))


@pytest.fixture
def company(five: Company, tmp_path: Path) -> Company:
    return Company(five.mia.copy(tmp_path / "copy"))
