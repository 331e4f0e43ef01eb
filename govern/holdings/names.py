"""Handles made from names: what people type. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

from govern.errors import Usage
from govern.fields import handle as is_handle
from govern.holdings.exposures import OTHERS_UNKNOWN

_LETTERS: Final = str.maketrans(
    {
        "ø": "o",
        "Ø": "o",
        "æ": "ae",
        "Æ": "ae",
        "å": "aa",
        "Å": "aa",
        "ß": "ss",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ł": "l",
        "œ": "oe",
        "ı": "i",
    }
)


def slug(text: str, *, fallback: str = "x") -> str:
    """Lower-case ASCII letters, digits, dots and dashes of a name, at most 40: `Søren Ærø` -> `soren.aero`."""
    folded = unicodedata.normalize("NFKD", text.translate(_LETTERS)).encode("ascii", "ignore").decode().lower()
    folded = re.sub(r"[^a-z0-9@+_-]+", ".", folded).strip("._-+@")
    return re.sub(r"\.{2,}", ".", folded)[:40].strip("._-+@") or fallback


def free(wanted: str, taken: Callable[[str], bool]) -> str:
    """`wanted`, or `wanted-2`, `wanted-3`, … whichever nobody has."""
    if not taken(wanted):
        return wanted
    number = 2
    while taken(f"{wanted}-{number}"):
        number += 1
    return f"{wanted}-{number}"


def check_handle(handle: str) -> str:
    """The handle itself; Usage where it is none, or stands for somebody else already."""
    if handle == OTHERS_UNKNOWN:
        raise Usage(f"the handle {handle} stands for whoever nobody knows of", hint="choose another with --handle")
    if not is_handle(handle):
        raise Usage(
            f"{handle[:70]!r} is no handle", hint="lower-case letters, digits and . _ @ + -, at most 63, starting with a letter or digit"
        )
    return handle


def split_name(text: str) -> tuple[str, str]:
    """Name and mail of `Name <mail>`; the mail may be missing."""
    match = re.fullmatch(r"\s*([^<>]*?)\s*(?:<\s*([^<>\s]+)\s*>)?\s*", text)
    if match is None or not (match[1] or match[2]):
        raise Usage(f"{text[:80]!r} is no name", hint="write it as 'Name <mail>'")
    if match[2] and not re.fullmatch(r"[^@]+@[^@]+", match[2]):
        raise Usage(f"{match[2][:80]!r} is no mail address", hint="write it as 'Name <name@example.com>', or leave it out")
    return match[1] or match[2].split("@")[0], match[2] or ""
