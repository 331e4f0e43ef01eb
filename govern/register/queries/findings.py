"""What the register shows to be wrong or due: one set-based question per code. No N+1: a vault may hold 100,000 accounts."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import Final

from govern.holdings.findings import Finding
from govern.policy.rules import Policy
from govern.register.queries import backup_codes, copies, drills, emergencies, handovers, inventory_findings
from govern.register.queries.imports import lying_exports
from govern.register.queries.keys import theirs
from govern.register.queries.proposals import alone
from govern.register.queries.rotation_findings import (
    others_unknown,
    overdue,
    past_grace,
    plus,
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
    for answers in (*(question(db, policy, today) for question in _QUESTIONS), _exports(db, person), _embargo_broken(db, person)):
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
        "SELECT o.id, o.act, p.handle, o.made_at, o.expires FROM proposals o JOIN people p ON p.id = o.proposer"
        " WHERE o.state = 'open' AND o.expires > ?",
        (today,),
    )
    for id_, act, by, at, expires in rows:
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


def _known_by_former(db: sqlite3.Connection, policy: Policy, _today: str) -> Iterator[Finding]:
    rows = db.execute(
        """
        SELECT a.handle, a.tier, c.kind, c.id, p.handle, p.left_on, min(EXISTS (SELECT 1 FROM items i JOIN cases k ON k.id = i.case_id
          WHERE k.person = p.id AND i.credential = c.id AND i.n = v.n AND i.state = 'waived'))
        FROM people p JOIN exposures e ON e.person = p.id
        JOIN versions v ON v.credential = e.credential AND v.n = e.n AND v.ended_at IS NULL
        JOIN credentials c ON c.id = v.credential JOIN accounts a ON a.id = c.account AND a.state = 'active'
        WHERE p.left_on IS NOT NULL OR p.leaving = 1
        GROUP BY c.id, p.id ORDER BY a.tier = 'critical' DESC, a.handle
        """
    )
    for account, tier, kind, credential, person, left_on, given_up in rows:
        due = plus(left_on, policy.membership_deadline_days.get(tier)) if left_on else ""
        yield Finding(
            code="known-by-former", severity="info" if given_up else "critical", subject=account,
            message=f"{person or 'a former person'} has left or is leaving, and knows the {kind}" + (", which their case gave up" if given_up else ""),
            due=due, key=f"known-by-former:{credential}", command=f"govern rotate {account} --kind {kind} --because membership",
            why=f"{person or 'a former person'} still knows it",
        )  # fmt: skip


def _holders(db: sqlite3.Connection, policy: Policy, _today: str) -> Iterator[Finding]:
    rows = db.execute(
        "SELECT a.id, a.handle, a.tier, count(DISTINCT g.person) FROM accounts a LEFT JOIN grants g ON g.account = a.id AND g.ended_at IS NULL"
        " WHERE a.state = 'active' GROUP BY a.id ORDER BY a.handle"
    )
    for id_, account, tier, held in rows:
        rule = policy.holders[tier]
        if held > rule.most:
            yield Finding(
                code="holders-most", severity="warning", subject=account, message=f"{held} people hold it, {rule.most} at most should ({rule.control})",
                key=f"holders-most:{id_}", command=f"govern who {account}",
            )  # fmt: skip
        elif held < rule.least:
            yield Finding(
                code="holders-least", severity=policy.openers.severity, subject=account,
                message=f"{held} hold it, at least {rule.least} should ({rule.control})", key=f"holders-least:{id_}",
                command=f"govern grant {account} PERSON",
            )  # fmt: skip


def _openers(db: sqlite3.Connection, policy: Policy, _today: str) -> Iterator[Finding]:
    rows = db.execute(
        """
        SELECT a.handle, c.id, c.kind, count(DISTINCT k.person) AS openers
        FROM versions v JOIN credentials c ON c.id = v.credential JOIN accounts a ON a.id = c.account AND a.state = 'active'
        LEFT JOIN wraps w ON w.credential = v.credential AND w.n = v.n AND w.ended IS NULL
        LEFT JOIN keys k ON k.id = w.key AND k.state = 'active' AND k.person NOT IN (SELECT person FROM services)
        WHERE v.manifest IS NOT NULL AND v.ended_at IS NULL
        GROUP BY v.credential, v.n HAVING openers < ? ORDER BY openers, a.handle
        """,
        (policy.openers.least,),
    )
    for account, credential, kind, openers in rows:
        yield Finding(
            code="openers", severity=policy.openers.severity, subject=account,
            message=f"its {kind} can be opened by {openers} besides recovery, {policy.openers.least} should ({policy.openers.control})",
            key=f"openers:{credential}",
        )  # fmt: skip


def _custodians(db: sqlite3.Connection, _policy: Policy, _today: str) -> Iterator[Finding]:
    rows = db.execute(
        "SELECT a.handle, a.id, p.handle FROM accounts a JOIN people p ON p.id = a.custodian"
        " WHERE a.state = 'active' AND (p.left_on IS NOT NULL OR p.leaving = 1) ORDER BY a.handle"
    )
    for account, id_, person in rows:
        yield Finding(
            code="custodian-left", severity="critical", subject=account,
            message=f"{person or 'a former person'} is responsible for it and has left or is leaving",
            key=f"custodian-left:{id_}", command=f"govern account custody {account} PERSON",
        )  # fmt: skip


def _grants(db: sqlite3.Connection, _policy: Policy, today: str) -> Iterator[Finding]:
    rows = db.execute(
        "SELECT a.handle, p.handle, g.until, g.id FROM grants g JOIN accounts a ON a.id = g.account JOIN people p ON p.id = g.person"
        " WHERE g.ended_at IS NULL AND g.until IS NOT NULL AND substr(g.until, 1, 10) < ? ORDER BY g.until",
        (today,),
    )
    for account, person, until, id_ in rows:
        yield Finding(
            code="grant-past", severity="warning", subject=account, message=f"the grant of {person} ran out on {until[:10]}", due=until[:10],
            key=f"grant:{id_}", command=f"govern revoke {account} {person}",
        )  # fmt: skip


def _bare(db: sqlite3.Connection, _policy: Policy, _today: str) -> Iterator[Finding]:
    rows = db.execute(
        "SELECT handle, id FROM accounts a WHERE state = 'active' AND NOT EXISTS (SELECT 1 FROM credentials c WHERE c.account = a.id) ORDER BY handle"
    )
    for account, id_ in rows:
        yield Finding(
            code="no-credential", severity="info", subject=account, message="no credential of it is known", key=f"no-credential:{id_}",
            command=f"govern credential add {account} --kind password",
        )  # fmt: skip


def _cases(db: sqlite3.Connection, _policy: Policy, today: str) -> Iterator[Finding]:
    rows = db.execute(
        "SELECT c.id, c.state, c.cut_at, p.handle, (SELECT count(*) FROM items i WHERE i.case_id = c.id AND i.state = 'open'),"
        " (SELECT min(i.due) FROM items i WHERE i.case_id = c.id AND i.state = 'open')"
        " FROM cases c JOIN people p ON p.id = c.person WHERE c.state <> 'closed' ORDER BY c.cut_at"
    )
    for id_, case_state, cut_at, person, left, due in rows:
        if case_state == "open":
            yield _cut_to_make(id_, cut_at, person or "a former person", today)
            continue
        where = f"has {left} open item{'s' * (left > 1)}" if left else "is ready to be closed"
        yield Finding(
            code="case-open", severity="critical" if (due or "9")[:10] < today else "warning", subject=person or "a former person",
            message=f"the case of {person or 'a former person'} {where}", due=(due or "")[:10], key=f"case:{id_}",
            command=f"govern offboard {'show' if left else 'close'} {id_[:8]}",
        )  # fmt: skip


def _cut_to_make(case: str, cut_at: str | None, person: str, today: str) -> Finding:
    """The cut that a case waits for; until its day nothing is to be done."""
    if cut_at is None:
        return Finding(
            code="case-open", severity="info", subject=person, message=f"the embargoed case of {person} waits for whoever makes its cut",
            key=f"case:{case}", command=f"govern offboard cut {case[:8]}",
        )  # fmt: skip
    day = cut_at[:10]
    return Finding(
        code="case-open", severity="critical" if day < today else "warning" if day == today else "info", subject=person,
        message=f"the cut of {person} was planned for {cut_at} and is not made" if day < today else f"the cut of {person} is planned for {cut_at}",
        due=day, key=f"case:{case}", command="govern offboard run-due" if day <= today else f"govern offboard show {case[:8]}",
    )  # fmt: skip


def _embargo_broken(db: sqlite3.Connection, person: str) -> Iterator[Finding]:
    """Cases that were given, past every rule of their opening, to somebody whom they are about."""
    rows = db.execute(
        "SELECT c.id, p.handle, c.person, json_group_array(w.key) FROM cases c JOIN people p ON p.id = c.person"
        " JOIN epochs e ON e.compartment = c.compartment JOIN epoch_wraps w ON w.epoch = e.id WHERE c.state = 'open' AND c.person <> ?"
        " GROUP BY c.id ORDER BY c.entry",
        (person,),
    ).fetchall()
    for id_, who, subject, given in rows:
        if not theirs(db, subject) & set(json.loads(given)):
            continue
        yield Finding(
            code="embargo-broken", severity="critical", subject=who or "a former person", key=f"embargo:{id_}",
            message="somebody has sealed their embargoed case to them, or to a service of theirs: they can read it",
            command=f"govern offboard cut {id_[:8]}", why="make the cut before they act",
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
    _void, _proposed, _sole_admin, _erased, _known_by_former, rotations, _custodians, _cases, others_unknown, past_grace, overdue, unruled,
    shared_login, _holders, _openers, weak, handovers.findings, copies.findings, backup_codes.findings, emergencies.findings, _grants, _bare,
    drills.findings, *inventory_findings.QUESTIONS,
)  # fmt: skip
