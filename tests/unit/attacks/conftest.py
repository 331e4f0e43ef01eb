"""The vault of thirty-one entries on either engine, and a company of five, one copy per case."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..register.on_server import moved
from .embargoed import Company, build
from .vaults import Machine


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What is made again on a server takes long, all of it: where that is left out, nobody looks for its two thousand cases."""
    return True if collection_path.name == "on_server" and "not slow" in config.option.markexpr else None


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
