"""Who else could sign a step of somebody's departure: people with the role admin or hr, with keys, who stay."""

from __future__ import annotations

import sqlite3

from govern.holdings.services import Purpose
from govern.offboarding.attestation import Ending, Others
from govern.register.queries import services
from govern.register.queries.policies import policy


def others(db: sqlite3.Connection, actor: str, subject: str, at: str) -> Others:
    """Everybody besides actor and subject who may work on cases at this time (UTC), and whether the policy asks for a second person."""
    rows = db.execute(
        "SELECT DISTINCT r.person FROM roles r JOIN keys k ON k.person = r.person AND k.state = 'active' JOIN people p ON p.id = r.person"
        " WHERE r.role IN ('admin', 'hr') AND (r.until IS NULL OR r.until > ?) AND NOT p.leaving AND p.left_on IS NULL AND r.person NOT IN (?, ?)",
        (at, actor, subject),
    )
    return Others(people=frozenset(row[0] for row in rows), required=policy(db).second_person)


def may_work_on_cases(db: sqlite3.Connection, person: str, at: str) -> bool:
    """Whether the person has a role that runs departures, or is a service that makes their cuts."""
    row = db.execute(
        "SELECT 1 FROM roles WHERE person = ? AND role IN ('admin', 'hr') AND (until IS NULL OR until > ?)", (person, at)
    ).fetchone()
    return row is not None or services.serves(db, person, Purpose.RUN_DUE, at)


def endings(db: sqlite3.Connection, case: str) -> list[Ending]:
    """How each ended item of the case did, as far as people had a hand in it."""
    rows = db.execute("SELECT ended_by, verifier, entered_by FROM items WHERE case_id = ? AND state <> 'open'", (case,)).fetchall()
    programs = {person for person in {one for row in rows for one in row if one} if services.is_service(db, person)}
    return [Ending(*("" if one is None or one in programs else one for one in row)) for row in rows]
