"""Which part of what ties a person to the company a case is about, as the ledger says by now."""

from __future__ import annotations

import json
import sqlite3
from typing import Final

from govern.offboarding.kinds import RULES, CaseKind, Scope


def of_case(db: sqlite3.Connection, case: str) -> Scope:
    """The scope of this case (id): what it was opened with, what was granted since its cut, and when the last key of a lost machine ended."""
    row = db.execute("SELECT kind, kept, keys, person, cut_entry, accounts FROM cases WHERE id = ?", (case,)).fetchone()
    kind, kept, keys = CaseKind(row[0]), frozenset(json.loads(row[1] or "[]")), frozenset(json.loads(row[2] or "[]"))
    person, cut_entry = row[3], row[4]
    if RULES[kind].joins:
        return Scope(kind, accounts=_planned(db, case))
    if RULES[kind].anew and cut_entry is not None:
        anew = db.execute("SELECT account FROM grants WHERE person = ? AND ended_at IS NULL AND entry > ?", (person, cut_entry))
        kept |= {account for (account,) in anew}
    before = 0 if RULES[kind].of_the_person else _over(db, keys, cut_entry)
    return Scope(kind, kept, keys, before, frozenset(json.loads(row[5] or "[]")))


_PLANNED: Final = """
SELECT DISTINCT account FROM items i WHERE case_id = ?1 AND (kind = 'grant' AND state NOT IN ('waived', 'not-applicable')
  OR kind = 'native-role' AND state <> 'not-applicable'
    AND NOT EXISTS (SELECT 1 FROM items g WHERE g.case_id = ?1 AND g.account = i.account AND g.kind = 'grant'))
"""


def _planned(db: sqlite3.Connection, case: str) -> frozenset[str]:
    """Accounts that somebody new will work with: those that an item of theirs gives them, but for what was given up. A role that was waived is granted."""
    return frozenset(account for (account,) in db.execute(_PLANNED, (case,)))


def _over(db: sqlite3.Connection, keys: frozenset[str], cut_entry: int | None) -> int:
    """The index from which on nothing comes to be on the lost machine; 0 while it still may."""
    if cut_entry is None:
        return 0
    listed = json.dumps(sorted(keys))
    ended = [row[0] for row in db.execute("SELECT entry FROM revocations WHERE key IN (SELECT value FROM json_each(?))", (listed,))]
    return max([cut_entry, *ended]) if len(ended) == len(keys) else 0
