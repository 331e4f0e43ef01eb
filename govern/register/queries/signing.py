"""Who has yet to acknowledge a document or be trained, each with the last day on which they have time: what reminders and lists of work tell.

The cost grows with the people there are, and with what those who lack something hold; not with the vault. A vault without documents asks nothing.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from datetime import date
from typing import Final, NamedTuple

from govern.holdings import documents as rules
from govern.policy.rules import Policy
from govern.register.queries import documents, gate, lapsed


class Owed(NamedTuple):
    """Something that one person (id) has yet to do. `document`: its id, empty for a training; `what`: its name, or what the training is in; `day`: the last
    on which they have time (ISO date), which may have passed. An exception of theirs puts it off."""

    document: str
    what: str
    person: str
    handle: str
    keyholder: bool
    day: str


_EXCEPTED: Final = (
    "SELECT person, max(until) FROM exceptions WHERE point = 'acknowledgement' AND account IS NULL AND ended_at IS NULL GROUP BY person"
)
_PEOPLE: Final = "SELECT id, coalesce(handle, ''), substr(added_at, 1, 10) FROM people WHERE id IN (SELECT value FROM json_each(?))"
_PLACES: Final = """
SELECT k.document, k.person, max(v.place) FROM acknowledgements k JOIN document_versions v ON v.document = k.document AND v.version = k.version
WHERE k.counts AND k.person IN (SELECT value FROM json_each(?)) GROUP BY k.document, k.person
"""


def owed(db: sqlite3.Connection, policy: Policy, now: str, until: str) -> list[Owed]:
    """All of it of which the day is `until` (ISO date) or before, by day and person. `now`: UTC."""
    ahead = max((date.fromisoformat(until) - date.fromisoformat(now[:10])).days, 0)
    found = [one for one in (*documents_owed(db), *trainings_owed(db, policy, now[:10], ahead=ahead)) if one.day <= until]
    return sorted(found, key=lambda one: (one.day, one.handle, one.person, one.what))


def hr(db: sqlite3.Connection, now: str) -> tuple[str, ...]:
    """Those of HR who are there at this time (UTC), by id: they record what people without keys sign."""
    rows = db.execute(
        "SELECT r.person FROM roles r JOIN people p ON p.id = r.person WHERE r.role = 'hr' AND (r.until IS NULL OR r.until > ?)"
        " AND NOT p.leaving AND p.left_on IS NULL ORDER BY r.person",
        (now,),
    )
    return tuple(person for (person,) in rows)


def documents_owed(db: sqlite3.Connection) -> list[Owed]:
    """Whoever never signed has until the first deadline that they let pass, but for who came after it: they are asked on the day on which they came."""
    outstanding = documents.outstanding(db)
    if not outstanding:
        return []
    listed = json.dumps(sorted({row.person for row in outstanding}))
    published = {one: gate.publications(db, one) for one in {row.document for row in outstanding}}
    signed = {(document, person): place for document, person, place in db.execute(_PLACES, (listed,))}
    excepted = dict(db.execute(_EXCEPTED).fetchall())
    people = {id_: (handle, added) for id_, handle, added in db.execute(_PEOPLE, (listed,))}
    found = []
    for one in outstanding:
        handle, added = people[one.person]
        last = rules.lapses(published[one.document], signed.get((one.document, one.person), 0))
        day = max(last, added or "", excepted.get(one.person, ""))
        found.append(Owed(one.document, one.name, one.person, handle, one.keyholder, day))
    return found


def trainings_owed(db: sqlite3.Connection, policy: Policy, today: str, *, ahead: int = 0) -> list[Owed]:
    """One for each person and subject: the first day on which a training is lacking for one of their accounts, if it is so many days ahead at most."""
    days: dict[tuple[str, str], list[lapsed.Lapsed]] = defaultdict(list)
    for one in lapsed.untrained(db, policy, today, ahead=ahead + 1):
        days[one.person, one.what].append(one)
    return [
        Owed("", what, person, some[0].name, some[0].keyholder, min(max(one.last, one.excepted) for one in some))
        for (person, what), some in days.items()
    ]
