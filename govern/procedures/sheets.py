"""Where recovery sheets and pages of envelopes were written on this machine, remembered so that they are told while they lie there."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from govern.bounded import contents
from govern.vault.custody.files import write_private

LIST: Final = "recovery-sheets"
"""File in the state folder: a JSON list of paths."""

PAGES: Final = "envelope-pages"
"""The same for pages to be printed and sealed."""

_MOST: Final = 1 << 20


def remember(home: Path, written: Sequence[Path], listed: str = LIST) -> None:
    """Add these to the list; raises Failed."""
    paths = [*remembered(home, listed), *map(str, written)]
    write_private(home / listed, json.dumps(paths).encode(), f"the list of {listed}", replace=True)


def remembered(home: Path, name: str = LIST) -> list[str]:
    """The paths; whatever bytes lie there, what is no such list is read as one path in a line."""
    listed = home / name
    if not listed.exists():
        return []
    data = contents(listed, _MOST)
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = os.fsdecode(data).splitlines()
    return [path for path in found if isinstance(path, str) and path] if isinstance(found, list) else []
