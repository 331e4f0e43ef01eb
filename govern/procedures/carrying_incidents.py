"""Reports and incidents that are open, as the tail that a fork gives up has them: an attack goes on, whatever became of the database.

They are recorded anew under the ids that they had, by whoever carries them and at that time. Drills are not: they touched nothing. That all is clear is said
again by a second person, and what was closed in the tail, and had begun before it, is open once more until somebody closes it.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from govern.register.projection.incidents import LONGEST_ANSWER
from govern.rotation.triggers import later

if TYPE_CHECKING:
    from govern.register.transaction import Transaction


def carry_incidents(tx: Transaction, old: sqlite3.Connection) -> None:
    """Record what the new history lacks. Accounts, people and rotations are there already, freezes come after."""
    gone = {id_ for (id_,) in tx.register.execute("SELECT id FROM people WHERE leaving OR left_on IS NOT NULL")}
    _reports(tx, old)
    there = dict(tx.register.execute("SELECT id, second FROM incidents").fetchall())
    reports = dict(tx.register.execute("SELECT id, coalesce(account, '') FROM reports").fetchall())
    rows = old.execute(
        "SELECT id, kind, account, lead, second, report FROM incidents WHERE closed_at IS NULL AND NOT drill ORDER BY entry"
    ).fetchall()
    for id_, kind, account, lead, second, report in rows:
        leads = tx.actor if lead in gone else lead
        helps = None if second in gone or second == leads else second
        if id_ not in there:
            steps = old.execute("SELECT step, hand FROM incident_steps WHERE incident = ? ORDER BY seq", (id_,)).fetchall()
            about = {"account": account, "report": report if reports.get(report) == (account or "") else None}
            body = {"incident": id_, "kind": kind, "lead": leads, "second": helps, "steps": [list(step) for step in steps]}
            tx.record("incident.opened", {**body, **about})
        elif helps and there[id_] != helps and _lead(tx, id_) != helps:
            tx.record("incident.joined", {"incident": id_, "person": helps})
        _steps(tx, old, id_, account)


def _reports(tx: Transaction, old: sqlite3.Connection) -> None:
    """Those that wait for an answer, and those of an incident that is open. The clock is the one that ran, or is over; of whose reporter's clock was ahead
    it is the longest that there is from now on, for one such report must not keep anybody from going on."""
    latest = later(tx.now, LONGEST_ANSWER)
    there = {id_ for (id_,) in tx.register.execute("SELECT id FROM reports")}
    rows = old.execute(
        "SELECT r.id, r.kind, r.account, r.reporter, r.on_behalf, r.note, r.answer_by FROM reports r WHERE r.answered_at IS NULL"
        " OR EXISTS (SELECT 1 FROM incidents i WHERE i.report = r.id AND i.closed_at IS NULL AND NOT i.drill) ORDER BY r.entry"
    ).fetchall()
    for id_, kind, account, reporter, on_behalf, note, answer_by in rows:
        if id_ not in there:
            whose = on_behalf or (reporter if reporter != tx.actor else None)
            body = {"report": id_, "kind": kind, "account": account, "on_behalf": whose, "answer_by": min(max(answer_by, tx.now), latest)}
            tx.record("incident.reported", body, {"note": note} if note else None)


def _lead(tx: Transaction, incident: str) -> str:
    return str(tx.register.execute("SELECT lead FROM incidents WHERE id = ?", (incident,)).fetchone()[0])


def _steps(tx: Transaction, old: sqlite3.Connection, incident: str, account: str | None) -> None:
    """Steps that had ended. What was skipped for a reason that is erased is open again, and so are the changes of secrets: the fork makes them due."""
    still = {step for (step,) in tx.register.execute("SELECT step FROM incident_steps WHERE incident = ? AND state = 'open'", (incident,))}
    rows = old.execute(
        "SELECT step, state, evidence, note FROM incident_steps WHERE incident = ? AND state <> 'open' ORDER BY seq", (incident,)
    ).fetchall()
    for step, state, evidence, note in rows:
        again = step == "rotate" and state == "done" and account is not None
        if step in still and not again and (note or state == "done"):
            body: dict[str, Any] = {"incident": incident, "step": step, "state": state, "evidence": evidence}
            tx.record("incident.step_ended", body, {"note": note} if note else None)
