"""What the checks of the documentation share: the pages and what `--help` says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def pages() -> dict[Path, str]:
    """Every Markdown page of the project."""
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    return {path: path.read_text(encoding="utf-8") for path in sorted(found)}


@pytest.fixture(scope="session")
def commands() -> dict[str, dict[str, list[str]]]:
    """`{"": {"options", "commands"}, "account": …, "account add": …}` as `--help` tells it."""
    environment = {**os.environ, "COLUMNS": "200", "TERMINAL_WIDTH": "200", "NO_COLOR": "1", "TERM": "dumb"}
    result = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("helptext.py"))],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    told: dict[str, dict[str, list[str]]] = json.loads(result.stdout)
    return told
