"""What the register shows to be wrong or due: one set-based question per code. No N+1: a vault may hold 100,000 accounts."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import Final

from govern.holdings.findings import Finding
from govern.holdings.proposals import stands_until
from govern.policy.rules import Policy
from govern.register.queries import (
    backup_codes,
    copies,
    document_findings,
    drills,
    emergencies,
    exceptions,
    handovers,
    in_order,
    incidents,
    inventory_findings,
    machines,
    notice_channels,
    reminded,
    review_causes,
    spokespersons,
)
from govern.register.queries.case_findings import cases, embargo_broken, gone_without_case, without_case
from govern.register.queries.holder_findings import bare, custodians, grants, holders, known_by_former, openers
from govern.register.queries.imports import lying_exports
from govern.register.queries.proposals import alone
from govern.register.queries.rotation_findings import (
    left_behind,
    others_unknown,
    overdue,
    past_grace,
    rotations,
    shared_login,
    unruled,
    weak,
)
from govern.shell import quoted

_SHOWN: Final = 20
"""Findings of one code that are told one by one; the rest is one line."""


def findings(db: sqlite3.Connection, policy: Policy, today: str, person: str) -> list[Finding]:
    """Everything, unranked. `today` is an ISO date; `person` is the id of the member who asks."""
    found: list[Finding] = []
    of_member = (_exports(db, person), embargo_broken(db, person), without_case(db, today, person), gone_without_case(db, today, person))
    for answers in (*(question(db, policy, today) for question in _QUESTIONS), *of_member):
        some = list(answers)
        found += some[:_SHOWN]
        if len(some) > _SHOWN:
            more = len(some) - _SHOWN
            found.append(
                Finding(
                    code=some[0].code,
                    severity=max((f.severity for f in some[_SHOWN:]), key=("info", "warning", "critical").index),
                    subject=f"{more} more",
                    message=f"{more} more of this",
                    key=f"{some[0].code}:more",
                )
            )
    return found


def accepted(db: sqlite3.Connection, today: str) -> frozenset[str]:
    """Keys of findings in a baseline that has not run out."""
    return frozenset(key for (key,) in db.execute("SELECT key FROM baseline WHERE until >= ?", (today,)))


_OFF: Final = ("backdated", "ahead", "personal-malformed")
"""What an entry may be without being void."""


def _void(db: sqlite3.Connection, _policy: Policy, _today: str) -> Iterator[Finding]:
    for entry, code, message in db.execute("SELECT entry, code, message FROM findings ORDER BY entry"):
        yield Finding(
            code="void-entry", severity="warning" if code in _OFF else "critical", subject=f"entry {entry}",
            message=f"{code}: {message}", key=f"void:{entry}", command="govern ledger verify --deep",
        )  # fmt: skip


def _proposed(db: sqlite3.Connection, _policy: Policy, today: str) -> Iterator[Finding]:
    """What can still be approved."""
    rows = db.execute(
        "SELECT o.id, o.act, p.handle, o.made_at, o.expires FROM proposals o JOIN people p ON p.id = o.proposer WHERE o.state = 'open'"
    )
    for id_, act, by, at, counted in rows:
        expires = stands_until(counted, at, f"{today}T23:59:59Z")
        if expires <= today:
            continue
        yield Finding(
            code="proposal-open", severity="info", subject=f"proposal {id_[:8]}", key=f"proposal:{id_}", due=expires[:10],
            message=f"{act}, proposed by {by or 'a former person'} on {at[:10]}, waits for a second person", command=f"govern proposal show {id_[:8]}",
        )  # fmt: skip


def _sole_admin(db: sqlite3.Connection, policy: Policy, today: str) -> Iterator[Finding]:
    """An admin whom no other could be the second person of, after they have ended the role or the keys of others who could."""
    ended = db.execute(
        "SELECT u.actor, p.id, p.handle, p.leaving OR p.left_on IS NOT NULL OR (EXISTS (SELECT 1 FROM keys k WHERE k.person = p.id AND k.state = 'active')"
        " AND EXISTS (SELECT 1 FROM roles r WHERE r.person = p.id AND r.role = 'admin')) FROM unseated u JOIN people p ON p.id = u.person"
    ).fetchall()
    if not ended or policy.preset == "solo":
        return
    names = dict(db.execute("SELECT id, handle FROM people").fetchall())
    for person in alone(db, f"{today}T23:59:59Z"):
        gone = {id_: (who or "a former person", bool(mild)) for actor, id_, who, mild in ended if actor == person and id_ != person}
        if gone:
            who = names.get(person) or "a former person"
            told = ", ".join(sorted(handle for handle, _ in gone.values()))
            yield Finding(
                code="sole-admin", severity="warning" if all(mild for _, mild in gone.values()) else "critical", subject=who, key=f"sole:{person}",
                message=f"{who} is the only admin who counts as one, and ended the role or the keys of {told}",
                command="govern person role PERSON admin", why="with the recovery sheets as the second person",
            )  # fmt: skip


def _erased(db: sqlite3.Connection, _policy: Policy, _today: str) -> Iterator[Finding]:
    """What was written about somebody after the list of their erasure, or in a compartment that whoever listed it does not read."""
    rows = db.execute(
        "SELECT p.id, count(*) FROM people p JOIN concerns c ON c.person = p.id WHERE p.erased AND c.entry NOT IN (SELECT entry FROM erased)"
        " GROUP BY p.id"
    )
    for id_, left in rows:
        yield Finding(
            code="erasure-rest", severity="warning", subject=f"former.{id_[:4]}", message=f"{left} personal parts about them are still kept",
            key=f"erasure:{id_}", command=f"govern person erase former.{id_[:4]}",
        )  # fmt: skip


def _exports(db: sqlite3.Connection, person: str) -> Iterator[Finding]:
    """Exports that lie here. Only of what the asking member recorded is it said how to remove it: a path of another's may be any file's."""
    everything = lying_exports(db)
    lying = [one for one in everything if one.recorder == person]
    told = {one.path for one in lying}
    names = dict(db.execute("SELECT id, handle FROM people").fetchall())
    for one in everything:
        if one.path not in told:
            who = names.get(one.recorder) or "a former person"
            yield Finding(
                code="export-elsewhere", severity="info", subject=one.path, key=f"export:{one.entry}",
                message=f"{who} recorded a plaintext export under this name; ask them whether it is this file, which may be another",
            )  # fmt: skip
    for one in lying:
        yield Finding(
            code="export-lying", severity="warning", subject=one.path, key=f"export:{one.entry}",
            message=f"this plaintext export {'that govern wrote ' if one.ours else ''}still lies there",
            command=f"rm {' '.join(quoted(PurePath(each.path)) for each in lying)}",
            why=f"delete {'it' if len(lying) == 1 else 'them'}, in the bin and the cloud too",
        )  # fmt: skip


_QUESTIONS: Final[tuple[Callable[[sqlite3.Connection, Policy, str], Iterator[Finding]], ...]] = (
    _void, _proposed, _sole_admin, _erased, known_by_former, rotations, left_behind, custodians, cases, others_unknown, past_grace, overdue, unruled,
    shared_login, holders, openers, weak, handovers.findings, copies.findings, backup_codes.findings, emergencies.findings, grants, bare,
    drills.findings, machines.findings, notice_channels.findings, reminded.findings, *inventory_findings.QUESTIONS, *spokespersons.QUESTIONS,
    *exceptions.QUESTIONS, incidents.findings, *review_causes.QUESTIONS, *in_order.QUESTIONS, *document_findings.QUESTIONS,
)  # fmt: skip
