"""The sheet of accounts × people on which everybody marks who knows what: its cells both ways. Pure; knows texts, no file and no register.

A cell is empty, a yes in any of our languages, a date (known since then), or kinds of credential. Other programs run what a cell starts with;
so texts that could be a formula get an apostrophe, which reading takes away again (CWE-1236).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from govern.errors import Malformed
from govern.holdings.dates import read_day
from govern.vocabulary import KINDS

HEAD: Final = ("account", "platform", "login")
"""The first columns; one per person follows."""

YES: Final = frozenset({"x", "yes", "y", "ja", "j", "oui", "o", "sí", "si", "s", "1", "true", "✓", "✔", "☑"})
NO: Final = frozenset({"", "no", "n", "nein", "nee", "nej", "nei", "non", "0", "false", "-", "–", "?"})

_RISKY: Final = re.compile(r"'*[=+\-@\t\r]").match


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One cell that says yes. Empty `kinds`: all the account has; `since`: a day, or empty."""

    kinds: tuple[str, ...] = ()
    since: str = ""


def safe_cell(text: str) -> str:
    """Text that no spreadsheet program takes for a formula."""
    return f"'{text}" if _RISKY(text) else text


def bare_cell(text: str) -> str:
    """What `safe_cell` was given."""
    return text[1:] if text.startswith("'") and _RISKY(text) else text


def read_mark(text: str) -> Mark | None:
    """What a cell says; None for no. Raises Malformed for what is neither yes, no, a date nor kinds."""
    word = bare_cell(text).strip()
    folded = word.casefold()
    if folded in NO:
        return None
    if folded in YES:
        return Mark()
    since = read_day(word)
    if since is not None:
        return Mark(since=since)
    kinds = [kind for kind in re.split(r"[\s,;+/]+", folded) if kind]
    if kinds and all(kind in KINDS for kind in kinds):
        return Mark(kinds=tuple(kind for kind in KINDS if kind in kinds))
    raise Malformed(f"{word[:40]!r} is neither x nor a date")


def cell(kinds: Collection[str], known: Collection[str]) -> str:
    """What stands in the cell of somebody who could know these kinds of an account that has `kinds`: x for all, else which, or nothing."""
    if not known:
        return ""
    return "x" if set(kinds) <= set(known) else " ".join(kind for kind in KINDS if kind in known)


def missing(mark: Mark, has: Iterable[tuple[str, str]], known: Collection[str]) -> list[tuple[str, str]]:
    """The credentials (id, kind) that the mark says are known and that are not in `known` (ids) yet."""
    return [(id_, kind) for id_, kind in has if (not mark.kinds or kind in mark.kinds) and id_ not in known]
