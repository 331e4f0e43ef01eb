"""Asking why, on a terminal and only where a tier's rule wants to know. Without a terminal the rule itself refuses and names --reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from govern.cli import settings

if TYPE_CHECKING:
    import sqlite3


def ask_reason(given: str, view: Callable[[], sqlite3.Connection], tiers: Callable[[sqlite3.Connection], Iterable[str]]) -> str:
    """The reason given, or the one typed where a tier concerned asks for it."""
    if given.strip() or not settings.current.terminal:
        return given.strip()
    from govern.cli.prompt import ask
    from govern.register.queries.policies import policy

    db = view()
    rules = policy(db)
    if any(rules.grants[tier].reason for tier in tiers(db)):
        return ask("Reason (kept with the fact, erasable)")
    return ""
