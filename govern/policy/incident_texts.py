"""Texts to begin with when something went wrong, `policies/incident/LOCALE/NAME.md`: which there are, and one with what is known filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping

from govern.errors import NotFound
from govern.policy.files import folder, shipped

_OPEN = re.compile(r"\{(\w+)\}")
_BREAK = re.compile(r"(?<=[^\n])\n(?=[^\n])")
"""A line break within a paragraph: of the file, not of the text."""


def names() -> list[str]:
    """Every text, by name."""
    found = folder() / "incident" / "en"
    return sorted(entry.name.removesuffix(".md") for entry in found.iterdir() if entry.name.endswith(".md"))


def filled(name: str, locale: str, values: Mapping[str, str]) -> tuple[str, list[str]]:
    """The text in that language with these values put in, each paragraph in one line as it is posted, and the names that are left open, in their order.
    NotFound for a text there is none of."""
    if name not in names():
        raise NotFound(f"there is no text {name[:40]!r}", hint=f"one of {', '.join(names())}")
    text = _BREAK.sub(" ", shipped(f"incident/{locale}/{name}.md").decode())
    left = [one for one in dict.fromkeys(_OPEN.findall(text)) if one not in values]
    return _OPEN.sub(lambda found: values.get(found[1], found[0]), text), left
