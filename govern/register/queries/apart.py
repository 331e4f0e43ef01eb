"""By which channel, and to which address, a reminder of a departure under embargo may go. Knows cases that this member reads, and who set what.

An address or a channel that somebody who does not read the case has set since it was opened may be one of theirs, the subject's above all: they would learn
that something waits, of whom, and by its days when the cut is planned. What was set before is what whoever opened the case has found.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Final

_STRANGE: Final = """
SELECT 1 FROM cases c WHERE c.id = :case AND c.entry < :entry AND :setter NOT IN (
  SELECT k.person FROM epochs e JOIN epoch_wraps w ON w.epoch = e.id JOIN keys k ON k.id = w.key
  WHERE e.compartment = c.compartment AND k.person IS NOT NULL AND k.person <> c.person)
"""


def is_strange(db: sqlite3.Connection, cases: Iterable[str], setter: str, entry: int) -> bool:
    """Whether what this person (id) set with an entry (index) is not used for reminders of these embargoed cases (ids)."""
    return any(db.execute(_STRANGE, {"case": case, "setter": setter, "entry": entry}).fetchone() for case in cases)


def address_is_strange(db: sqlite3.Connection, cases: Iterable[str], person: str) -> bool:
    """The same of the mail address of a person (id)."""
    row = db.execute("SELECT mail_by, mail_entry FROM people WHERE id = ?", (person,)).fetchone()
    return row is not None and row[0] is not None and is_strange(db, cases, row[0], row[1])
