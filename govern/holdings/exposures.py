"""How strongly each basis tells that somebody could know a version. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

OTHERS_UNKNOWN: Final = "others-unknown"
"""Stands where a person would: whoever else learned an imported version before govern kept count. Ends with its first rotation."""

STRENGTH: Final[Mapping[str, str]] = {
    "sealed": "possible",
    "revealed": "seen",
    "set": "seen",
    "handed-over": "seen",
    "place": "possible",
    "declared": "claimed",
    "exported": "seen",
    "imported": "seen",
    "recovery": "possible",
    "unknown": "possible",
}
"""Basis -> strength. Seen: the value was before their eyes. Possible: it lay where they could take it. Claimed: somebody says so."""
