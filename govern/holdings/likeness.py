"""Names that may be one and the same person, written twice. Pure: knows letters, no people; nothing is ever merged by it.

Every name is compared with those few that share its first letters or its last word, so a long list costs no more per name than a short one.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Final

from govern.holdings.names import slug

_ALIKE: Final = 0.8
_NUMBERS: Final = re.compile(r"[0-9]+")
_MOST: Final = 50
"""Names that are compared per block; a block with more is a block of a common first name, and its later ones are passed over."""


class Alike:
    """The names seen so far, each with what the caller calls it."""

    def __init__(self) -> None:
        self._blocks: dict[str, list[tuple[str, str]]] = {}

    def add(self, name: str, called: str) -> None:
        folded = _folded(name)
        for block in _blocks(folded):
            names = self._blocks.setdefault(block, [])
            if len(names) < _MOST:
                names.append((folded, called))

    def near(self, name: str) -> list[str]:
        """What the names that are written nearly like this one are called, at most three, the nearest first."""
        folded = _folded(name)
        found: dict[str, float] = {}
        for block in _blocks(folded):
            for other, called in self._blocks.get(block, ()):
                ratio = _likeness(folded, other)
                if ratio >= _ALIKE:
                    found[called] = max(ratio, found.get(called, 0.0))
        return sorted(found, key=lambda called: (-found[called], called))[:3]


def _likeness(one: str, other: str) -> float:
    if _NUMBERS.findall(one) != _NUMBERS.findall(other):
        return 0.0  # Team 1 and Team 2 are two
    if sorted(one.split()) == sorted(other.split()):
        return 1.0
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() >= _ALIKE and matcher.quick_ratio() >= _ALIKE else 0.0


def _folded(name: str) -> str:
    """Letters without case and accents, words apart by one space."""
    return " ".join(re.split(r"[^a-z0-9]+", slug(name, fallback=name.casefold()[:40]))).strip()


def _blocks(folded: str) -> set[str]:
    words = folded.split()
    return {f"^{word[:3]}" for word in words} | {f"={words[-1]}"} if words else set()
