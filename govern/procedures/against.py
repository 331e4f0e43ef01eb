"""The list of leavers held against an HR program's: who left by that, and has no departure here. Nothing is recorded."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from govern.offboarding.employees import NONE, Employee, matches
from govern.procedures.hr import members
from govern.register.queries import cases, people
from govern.reports.leavers import Leaver


def without_case(
    db: sqlite3.Connection, rows: Sequence[Employee], found: Sequence[Leaver], *, since: str, until: str, reader: str
) -> list[Leaver]:
    """Those of the export's people whose last day lies between the days, and who are neither in `found` nor have a case that the reader may know of.

    Whoever the vault does not have, or might be two of its people, is told by the name in the export.
    """
    left = [row for row in rows if row.last_day and since <= row.last_day <= until]
    by_place, _ = matches(members(db, reader), rows, NONE)
    told = {one.person for one in found} | {people.by_id(db, one.person).handle for one in cases.cases(db, reader=reader) if not one.joins}
    missing = []
    for row in left:
        person = people.by_id(db, by_place[row.place]) if row.place in by_place else None
        if person is None:
            missing.append(Leaver(person="", name=row.name or row.mail, left=row.last_day, known=False))
        elif person.handle not in told:
            missing.append(Leaver(person=person.handle, name=person.name, left=row.last_day))
    return missing
