"""The short code of an item, as the printed checklist carries it and a returned sheet brings it back. Pure.

A code is the item's number and three characters that hang on case and item: `12-K7Q`. A slip of the pen, or a sheet of another case, is noticed
in all but one of 32,768 cases. It is no secret and opens nothing.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from govern.errors import Usage

_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that is taken for a digit."""

_TAKEN_FOR: Final = str.maketrans("ILO", "110")
_ONE = re.compile(rf"([0-9]{{1,6}})[-\u2010-\u2015]?([{_LETTERS}]{{3}})\Z").match
MOST: Final = 1000


def code(case: str, item: str, number: int) -> str:
    """The code of an item: ids of case and item (hex), its number from 1."""
    digest = hashlib.sha256(b"govern/item-code/v1\0" + bytes.fromhex(case) + bytes.fromhex(item)).digest()
    value = int.from_bytes(digest[:2]) >> 1
    return f"{number}-{_LETTERS[value >> 10]}{_LETTERS[value >> 5 & 31]}{_LETTERS[value & 31]}"


def read(text: str) -> list[str]:
    """The codes of a sheet as people type them, each once and in their order: any case, O for 0, I or L for 1, any dash. Raises Usage."""
    found: dict[str, None] = {}
    for word in re.findall(r"[^\s,;]+", text) or [""]:
        match = _ONE(word.upper().translate(_TAKEN_FOR))
        if match is None:
            raise Usage(f"{word[:20]!r} is no code of an item", hint="as printed beside the box: 12-K7Q, with commas between them")
        found[f"{int(match[1])}-{match[2]}"] = None
    if len(found) > MOST:
        raise Usage(f"{len(found)} codes are too many at once", hint=f"{MOST} at a time")
    return list(found)
