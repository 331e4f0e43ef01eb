"""The files that the demo takes in, made up, and the script that checks its proof: where they are, no more."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from govern.errors import Failed

NAMES: Final = ("bitwarden-export.json", "kanaler.csv")


def put(folder: Path) -> None:
    """Copy them into a folder; Failed where the installation lacks one."""
    for name in NAMES:
        _copy(files(__name__) / name, folder)
    packaged = files(__name__) / "verify.py"
    _copy(packaged if packaged.is_file() else Path(__file__).resolve().parents[4] / "docs" / "verify.py", folder)


def _copy(source: Traversable, folder: Path) -> None:
    if not source.is_file():
        raise Failed(f"{source.name}, which comes with the program, is not there", hint="install the program again")
    (folder / source.name).write_bytes(source.read_bytes())
