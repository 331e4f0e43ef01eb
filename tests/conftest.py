"""What every test may use: the shared samples and vectors, a fixed clock and a fixed source of bytes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
"""The project's own folder."""


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of samples and vectors that others made; tests that need it are skipped, with the reason, where it is absent."""
    path = Path(os.environ.get("GOVERN_TEST_SHARED", ROOT.parent / "shared"))
    if not (path / "vectors").is_dir():
        pytest.skip(f"samples and vectors are not at {path} (set GOVERN_TEST_SHARED)")
    return path
