"""Copies of the vault of thirty-one entries, one per test; the vault itself is built once per process."""

from __future__ import annotations

from pathlib import Path

import pytest

from .attacks.vaults import Builder, Machine, found


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """Never to be touched: take `machine`, which is a copy."""
    return Builder(found(tmp_path_factory.mktemp("original"))).build()


@pytest.fixture
def machine(original: Machine, tmp_path: Path) -> Machine:
    """mia's machine on a copy of the vault of thirty-one entries."""
    return original.copy(tmp_path / "copy")
