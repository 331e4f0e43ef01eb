"""What a fork carries of single versions: where copies of them lie outside, envelopes that were opened, and backup codes that are used up.

Of a version that the new history lacks, the newest that it has counts, as for what people know: a copy of something that is due to be changed
is told, never forgotten. A set of backup codes that is gone with the tail has no used ones. What was cleaned in the tail lies there again until
somebody says so again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from govern.register.transaction import Transaction

_ONE_FACT: Final = 300
"""Rows of one fact."""


def carry_copies(tx: Transaction, old: sqlite3.Connection, newest: Mapping[str, int]) -> None:
    """Record the copies that the new history does not know of. `newest`: credential -> the newest version that it has."""
    new = tx.register
    lying = {tuple(row) for row in new.execute("SELECT place, credential, n FROM place_versions WHERE cleaned_at IS NULL")}
    opened = {tuple(row) for row in new.execute("SELECT place, opener FROM place_versions WHERE opened_at IS NOT NULL")}
    missing: dict[str, set[tuple[str, int]]] = {}
    openers: dict[str, str] = {}
    rows = old.execute(
        "SELECT h.place, h.credential, h.n, h.opener FROM place_versions h JOIN versions v ON v.credential = h.credential AND v.n = h.n"
        " WHERE h.cleaned_at IS NULL OR (h.opened_at IS NOT NULL AND v.state = 'current') ORDER BY h.entry, h.credential, h.n"
    ).fetchall()
    for place, credential, n, opener in rows:
        if credential not in newest:
            continue
        n = min(n, newest[credential])
        if (place, credential, n) not in lying:
            missing.setdefault(place, set()).add((credential, n))
        if opener and (place, opener) not in opened:
            openers[place] = opener
    for place, versions in missing.items():
        named = [list(one) for one in sorted(versions)]
        for start in range(0, len(named), _ONE_FACT):
            tx.record("place.holds", {"place": place, "accounts": [], "versions": named[start : start + _ONE_FACT]})
    for place, person in openers.items():
        tx.record("envelope.opened", {"place": place, "person": person})


def carry_codes(tx: Transaction, old: sqlite3.Connection, proposal: str) -> None:
    """Record again which backup codes are used up, of the sets that the new history has: each is good for one login, in any history."""
    there = {tuple(row) for row in tx.register.execute("SELECT credential, n, ordinal FROM spent")}
    kept = {tuple(row) for row in tx.register.execute("SELECT credential, n FROM versions")}
    rows = [
        [credential, n, ordinal, left, person, recipient or "", at]
        for credential, n, ordinal, left, person, recipient, at in old.execute(
            "SELECT credential, n, ordinal, remaining, person, recipient, at FROM spent ORDER BY credential, n, ordinal"
        )
        if (credential, n, ordinal) not in there and (credential, n) in kept
    ]
    for start in range(0, len(rows), _ONE_FACT):
        tx.record("codes.carried", {"proposal": proposal, "codes": rows[start : start + _ONE_FACT]})
