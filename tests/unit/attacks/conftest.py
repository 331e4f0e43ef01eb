"""Copies of the vault of thirty-one entries, one per case; the vault itself is built once per session."""

from __future__ import annotations

from pathlib import Path

import pytest

from .embargoed import Company, build
from .vaults import Builder, Machine, found


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """Never to be touched: take `machine`, which is a copy."""
    return Builder(found(tmp_path_factory.mktemp("original"))).build()


@pytest.fixture
def machine(original: Machine, tmp_path: Path) -> Machine:
    """mia's machine on a copy of the vault of thirty-one entries."""
    return original.copy(tmp_path / "copy")


@pytest.fixture(scope="session")
def five(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Never to be touched: take `company`, which is a copy."""
    return build(tmp_path_factory.mktemp("company"))


@pytest.fixture
def company(five: Company, tmp_path: Path) -> Company:
    return Company(five.mia.copy(tmp_path / "copy"))
