"""What to do next, and what is wrong: read from the register and the machine, changed by accepting a baseline."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path, PurePath

from govern.holdings.findings import Finding, Step, accept, acceptable, first_steps, next_steps
from govern.procedures import lacking, sheets
from govern.procedures.waiting import waiting
from govern.register.queries import findings as queries
from govern.register.queries.overdue import past_grace
from govern.register.queries.policies import policy
from govern.register.workspace import Workspace
from govern.shell import quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """`next` has five steps at most; the counts are of active accounts, people, keyholders, open cases and rotations.

    `banner`: handles of accounts that are overdue past their grace, where the policy wants that said first.
    """

    next: tuple[Step, ...]
    findings: tuple[Finding, ...]
    accounts: int
    people: int
    keyholders: int
    rotations: int
    cases: int
    entries: int
    banner: tuple[str, ...] = ()


def status(workspace: Workspace, today: str) -> Status:
    """The state of the vault on `today` (ISO date)."""
    db = workspace.view()
    own = _own_case(db, workspace.person)
    rules = policy(db)
    found = [*queries.findings(db, rules, today, workspace.person), *lying_sheets(workspace.home), *lying_pages(workspace.home)]
    found += lacking.findings(workspace, db) + _silent(workspace.home, today)
    banner = (
        tuple(dict.fromkeys(one.handle for one in past_grace(db, rules, today)))
        if rules.later.overdue and rules.later.overdue.banner
        else ()
    )
    found = accept([finding for finding in found if finding.key not in own], queries.accepted(db, today)) + waiting(workspace, db, today)
    counts = {name: _count(db, query) for name, query in _COUNTS.items()}
    counts["cases"] -= len(own)
    first = first_steps(people=counts["people"], accounts=counts["accounts"])
    steps = [*next_steps(found), *first] if counts["accounts"] else [*first, *next_steps(found)]
    return Status(next=tuple(steps[:5]), findings=tuple(found), banner=banner, **counts)


_COUNTS = {
    "accounts": "SELECT count(*) FROM accounts WHERE state = 'active'",
    "people": "SELECT count(*) FROM people WHERE left_on IS NULL",
    "keyholders": "SELECT count(DISTINCT person) FROM keys WHERE state = 'active'",
    "rotations": "SELECT count(*) FROM rotations WHERE ended_at IS NULL",
    "cases": "SELECT count(*) FROM cases WHERE state <> 'closed'",
    "entries": "SELECT count(*) FROM entries",
}


def _silent(home: Path, today: str) -> list[Finding]:
    """Schedules of this machine by which nothing has run for days."""
    from govern.procedures.schedules.writing import findings

    return findings(home, today)


def _own_case(db: sqlite3.Connection, person: str) -> set[str]:
    """Keys of findings about the member's own departure before its cut: nobody sees that."""
    return {f"case:{case}" for (case,) in db.execute("SELECT id FROM cases WHERE person = ? AND state = 'open'", (person,))}


def _count(db: sqlite3.Connection, query: str) -> int:
    return int(db.execute(query).fetchone()[0])


def lying_sheets(home: Path) -> list[Finding]:
    """Recovery sheets that still lie where `init` wrote them: whoever copies k of these files opens everything."""
    lying = [path for path in dict.fromkeys(sheets.remembered(home)) if os.path.lexists(path)]
    if not lying:
        return []
    return [
        Finding(
            code="sheets-lying",
            severity="warning",
            subject=", ".join(dict.fromkeys(str(Path(path).parent) for path in lying)),
            message=f"{len(lying)} recovery sheet{'s' * (len(lying) > 1)} still lie{'s' * (len(lying) == 1)} on this disk",
            key="sheets",
            command=f"rm {' '.join(quoted(PurePath(path)) for path in lying)}",
            why="print them, hand them out, then remove the files",
        )
    ]


def lying_pages(home: Path) -> list[Finding]:
    """Pages of envelopes that still lie where they were written: each holds secrets in the clear."""
    return [
        Finding(
            code="page-lying", severity="warning", subject=path, message="this page of an envelope still lies there, with secrets in the clear",
            key=f"page:{hashlib.sha256(os.fsencode(path)).hexdigest()[:32]}", command=f"rm {quoted(PurePath(path))}",
            why="print it, seal it, then delete it, in the bin and the cloud too",
        )
        for path in dict.fromkeys(sheets.remembered(home, sheets.PAGES))
        if os.path.lexists(path)
    ]  # fmt: skip


def accept_baseline(workspace: Workspace, until: str, now: str) -> int:
    """Accept today's findings as known until a date: they count as info till then. Returns how many."""
    from govern.errors import Refused

    today = now[:10]
    if until <= today:
        raise Refused(f"{until} is not in the future", rule="baseline", hint="name a later date")
    db = workspace.view()
    found = [*queries.findings(db, policy(db), today, workspace.person), *lying_sheets(workspace.home)]
    keys = sorted({finding.key for finding in found if finding.severity != "info" and acceptable(finding.key)})
    if keys:
        with workspace.transaction(now) as tx:
            for start in range(0, len(keys), 500):
                tx.record("baseline.accepted", {"until": until, "findings": keys[start : start + 500]})
    return len(keys)
