"""What has to hold of departures, worked out from the register's plain rows: no question of the program is asked here."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Any

from govern.canonical import canonical


def still_known(db: sqlite3.Connection, case: Any, told: Iterable[tuple[str, int]] = ()) -> set[tuple[str, int]]:
    """Live versions that the person of a case could know, that were in its scope, and that it did not give up. `told`: versions (credential, number)
    that they were told of whatever the register says."""
    kept = set(case.kept)
    if case.kind in ("mover", "pause"):
        since = "SELECT account FROM grants WHERE person = ? AND ended_at IS NULL AND entry > ?"
        kept |= {account for (account,) in db.execute(since, (case.person, case.cut_entry))}
    rows = db.execute(
        "SELECT DISTINCT e.credential, e.n, c.account, v.entry FROM exposures e JOIN credentials c ON c.id = e.credential"
        " JOIN versions v ON v.credential = e.credential AND v.n = e.n WHERE e.person = ? AND v.ended_at IS NULL",
        (case.person,),
    ).fetchall()
    for credential, n in told:
        rows += db.execute(
            "SELECT v.credential, v.n, c.account, v.entry FROM versions v JOIN credentials c ON c.id = v.credential"
            " WHERE v.credential = ? AND v.n = ? AND v.ended_at IS NULL",
            (credential, n),
        ).fetchall()
    waived = set(db.execute("SELECT credential, n FROM items WHERE case_id = ? AND kind = 'rotate' AND state = 'waived'", (case.id,)))
    found = {(credential, n) for credential, n, account, entry in rows if account not in kept and _before(db, case, entry)}
    return found - waived


def _before(db: sqlite3.Connection, case: Any, entry: int) -> bool:
    """Whether a version can have come to be on a lost machine; of a person all count."""
    if case.kind != "device-lost":
        return True
    ends = [
        index
        for (index,) in db.execute("SELECT entry FROM revocations WHERE key IN (SELECT value FROM json_each(?))", (json.dumps(case.keys),))
    ]
    return len(ends) < len(case.keys) or entry < max([case.cut_entry, *ends])


def still_tied(db: sqlite3.Connection, case: Any) -> set[str]:
    """Ids of roles, tools and devices of somebody who has left, and of credentials that recover through them, that no item gave up."""
    if case.kind not in ("leaver", "agency-ended"):
        return set()
    found = {
        row[0]
        for table in ("entitlements", "apps")
        for row in db.execute(
            f"SELECT id FROM {table} WHERE person = ? AND ended_at IS NULL AND account IN (SELECT id FROM accounts WHERE state = 'active')",
            (case.person,),
        )
    }
    found |= {row[0] for row in db.execute("SELECT id FROM devices WHERE person = ? AND state IN ('held', 'lost')", (case.person,))}
    current = set(db.execute("SELECT credential, n FROM versions WHERE state = 'current'"))
    told = db.execute("SELECT credential, n FROM channels WHERE person = ?", (case.person,)).fetchall()
    found |= {credential for credential, n in told if (credential, n) in current}
    given_up = db.execute("SELECT about, credential FROM items WHERE case_id = ? AND state IN ('waived', 'not-applicable')", (case.id,))
    return found - {one for row in given_up for one in row}


def nobody_verified_their_own(db: sqlite3.Connection) -> None:
    """Of any case at any time: no item was verified by its doer, by whoever entered it, or by whom the case is about."""
    rows = db.execute(
        "SELECT i.ended_by, i.verifier, i.entered_by, c.person FROM items i JOIN cases c ON c.id = i.case_id WHERE i.verifier IS NOT NULL"
    )
    assert [row for row in rows if row[1] in (row[0], row[2], row[3])] == []


def nobody_signed_off_their_own(db: sqlite3.Connection, case: Any) -> None:
    """Neither the subject, nor whoever did an item or entered it, stands as the second person of anything."""
    rows = db.execute("SELECT ended_by, verifier, entered_by, state, kind FROM items WHERE case_id = ?", (case.id,)).fetchall()
    for by, verifier, entered, _state, _kind in rows:
        assert verifier is None or verifier not in (by, entered)
        assert case.person not in (verifier, entered)
        assert case.kind == "device-lost" or by != case.person
    if case.kind != "device-lost":
        own = db.execute(
            "SELECT i.credential, i.n FROM items i WHERE i.case_id = ? AND i.kind = 'rotate' AND i.state = 'done' AND NOT EXISTS ("
            " SELECT 1 FROM rotations r WHERE r.credential = i.credential AND r.state = 'done' AND r.candidate > i.n AND r.confirmer <> ?)",
            (case.id, case.person),
        ).fetchall()
        assert own == [], "changed by nobody but the one who leaves"
    assert case.closer != case.person
    assert case.opener != case.person
    if not case.signed_by_one:
        hands = {entered or by for by, _, entered, _, _ in rows} | {verifier for _, verifier, _, _, _ in rows}
        assert case.opener != case.closer or hands - {case.closer, None}
        assert all(verifier for by, verifier, entered, _, _ in rows if case.closer in (by, entered))


def others_who_could_sign(db: sqlite3.Connection, case: Any) -> set[str]:
    """Ids of people with keys and the role admin or hr, who stay, besides whoever closed the case and whoever it is about; asked just after it closed."""
    able = {
        person
        for (person,) in db.execute(
            "SELECT p.id FROM people p WHERE NOT p.leaving AND p.left_on IS NULL"
            " AND p.id IN (SELECT person FROM keys WHERE state = 'active') AND p.id IN (SELECT person FROM roles WHERE role IN ('admin', 'hr'))"
        )
    }
    return able - {case.closer, case.person}


def frozen(db: sqlite3.Connection, person: str) -> str:
    """The digest of what a person could know that works, as the format says."""
    import hashlib

    bases: dict[tuple[str, int], set[str]] = {}
    for credential, n, basis in db.execute(
        "SELECT e.credential, e.n, e.basis FROM exposures e, versions v WHERE v.credential = e.credential AND v.n = e.n AND v.ended_at IS NULL"
        " AND e.person = ?",
        (person,),
    ):
        bases.setdefault((credential, n), set()).add(basis)
    rows = sorted(canonical([credential, n, sorted(found)]) for (credential, n), found in bases.items())
    return hashlib.sha256(b"\n".join(rows)).hexdigest()


def as_of(company: Any, index: int) -> sqlite3.Connection:
    """The register as it was when the ledger had so many entries."""
    from govern.ledger.audit import Head
    from govern.ledger.merkle import CompactRange
    from govern.register import connection, sync

    workspace = company.members["olga" if "olga" in company.members else "mia"]
    db = sqlite3.connect(":memory:", isolation_level=None)
    with workspace.store.reading() as reading:
        workspace.open_epochs(reading)
        connection.create(db)
        found = [(note, rows) for note, rows in sync.transactions(reading, 0) if rows.first < index]
        sync.advance(db, Head(CompactRange(), None), found, vault=workspace.vault, keys=workspace.fresh_epochs(reading))
    return db
