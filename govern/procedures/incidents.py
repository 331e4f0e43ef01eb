"""Reports of what went wrong, and incidents worked through step by step. What may be done is judged with the fact; here it is prepared, and carried out."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govern.errors import NotFound, Refused, Usage
from govern.incidents.timing import number_of
from govern.procedures import together
from govern.register.queries import accounts, incidents, people, policies, rotations, work
from govern.register.queries.accounts import Account
from govern.register.queries.incidents import Incident, Report, Step
from govern.register.queries.people import Person
from govern.rotation.triggers import Trigger, due, later_by

if TYPE_CHECKING:
    from govern.policy.incident import Playbook
    from govern.register.transaction import Transaction


def report(
    tx: Transaction, *, account: str, kind: str, note: str, playbook: Playbook, on_behalf: str = ""
) -> Report:  # fmt: skip
    """Record what somebody has seen. Nothing needs a secret; anybody with keys may, also for somebody without."""
    db = tx.register
    found = accounts.find(db, account) if account else None
    whose = people.find(db, on_behalf).id if on_behalf else ""
    id_ = tx.new_id()
    by = later_by(tx.now, playbook.kinds[kind].answer_minutes * 60)
    tx.record(
        "incident.reported",
        {"report": id_, "kind": kind, "answer_by": by, "account": found.id if found else None, "on_behalf": whose or None},
        {"note": note} if note else None,
    )
    return incidents.report(db, id_)


def whom_to_call(db: sqlite3.Connection, account: str, now: str) -> list[tuple[Person, str]]:
    """Who has to hear of it, and why: whoever answers for the account (id, or empty), the deputy, admins; of those who are there."""
    there = work.staff(db, now)
    services = {row[0] for row in db.execute("SELECT DISTINCT person FROM services")}
    found: dict[str, str] = {}
    if account:
        of = accounts.by_id(db, account)
        found[of.custodian] = "responsible"
        if of.deputy:
            found.setdefault(of.deputy, "deputy")
    for person in sorted(there.admins):
        found.setdefault(person, "admin")
    return [(people.by_id(db, person), why) for person, why in found.items() if person in there.present - services]


def answer(tx: Transaction, text: str) -> Report:
    """Say that a report was looked at, where nothing has to be opened for it."""
    found = incidents.report(tx.register, text)
    tx.record("incident.answered", {"report": found.id, "account": found.account or None})
    return incidents.report(tx.register, found.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What was opened. `rotations`: (account, kind) of what is to be changed now; `under_way`: of what was being changed already; `others`: handles of
    accounts whose secrets somebody else has to begin to change."""

    incident: Incident
    rotations: tuple[tuple[str, str], ...] = ()
    under_way: tuple[tuple[str, str], ...] = ()
    others: tuple[str, ...] = ()


def open_(
    tx: Transaction, what: str, *, kind: str, lead: str, second: str, playbook: Playbook, drill: bool = False
) -> Opened:  # fmt: skip
    """Open an incident on an account (its handle) or of a report (its id begins so), and a rotation of every secret of the account and of its mailbox.

    `kind`: empty takes that of the report. A drill touches nothing: no rotation is opened.
    """
    db = tx.register
    reported, account = _what(db, what)
    chosen = kind or (reported.kind if reported else "")
    if not chosen:
        raise Usage("an incident has a kind", hint=f"--kind {'|'.join(playbook.kinds)}")
    first = people.find(db, lead).id if lead else tx.actor
    other = people.find(db, second).id if second else ""
    rule, id_ = playbook.kinds[chosen], tx.new_id()
    tx.record(
        "incident.opened",
        {
            "incident": id_, "kind": chosen, "lead": first, "second": other or None, "steps": [list(step) for step in rule.steps],
            "account": account.id if account else None, "report": reported.id if reported else None, "drill": True if drill else None,
        },
    )  # fmt: skip
    opened = incidents.by_id(db, id_)
    if drill or account is None or "rotate" not in dict(rule.steps):
        return Opened(incident=opened)
    return _rotate(tx, opened, account)


def _what(db: sqlite3.Connection, what: str) -> tuple[Report | None, Account | None]:
    """The account of this handle, else the report of this id and its account."""
    try:
        return None, accounts.find(db, what)
    except NotFound:
        try:
            reported = incidents.report(db, what)
        except (NotFound, Usage):
            reported = None
        if reported is None:
            raise
    return reported, accounts.by_id(db, reported.account) if reported.account else None


def _rotate(tx: Transaction, opened: Incident, account: Account) -> Opened:
    db, policy = tx.register, policies.policy(tx.register)
    found = incidents.concerned(db, account.id)
    begun = rotations.under_way(db, [credential for credential, *_ in found])
    mine = {one: _may_change(tx, one) for one in {of for _, _, of, _ in found}}
    wanted = [one for one in found if one[0] not in begun and mine[one[2]]]
    by = due(policy, Trigger.COMPROMISE, account.tier, tx.now) or ""
    together.open_rotations(tx, [(credential, by) for credential, *_ in wanted], Trigger.COMPROMISE)
    return Opened(
        incident=opened,
        rotations=tuple((handle, kind) for _, kind, _, handle in wanted),
        under_way=tuple((handle, kind) for credential, kind, _, handle in found if credential in begun),
        others=tuple(dict.fromkeys(handle for credential, _, of, handle in found if credential not in begun and not mine[of])),
    )


def _may_change(tx: Transaction, account: str) -> bool:
    one = accounts.by_id(tx.register, account)
    return tx.actor in (one.custodian, one.deputy) or tx.actor in work.staff(tx.register, tx.now).admins


def step_of(db: sqlite3.Connection, incident: Incident, text: str) -> Step:
    """The step of this name or number. NotFound, or Usage."""
    every = incidents.steps(db, incident.id)
    named = next((one for one in every if one.name == text.casefold()), None)
    return named or every[number_of(text, len(every)) - 1]


def end_step(
    tx: Transaction, incident: Incident, text: str, *, state: str = "done", evidence: str = "", note: str = ""
) -> Step:  # fmt: skip
    """Tick a step off, or skip it (`state`: done, skipped). `evidence`: SHA-256 hex; `note`: of a skipped one the reason."""
    step = step_of(tx.register, incident, text)
    if step.name == "freeze" and state == "done" and not incident.drill and not _is_frozen(tx.register, incident):
        raise Refused(
            "the account is not frozen", rule="not-frozen", control="IR-4", hint=f"govern incident freeze {incident.handle or '--all'}"
        )  # fmt: skip
    tx.record(
        "incident.step_ended",
        {"incident": incident.id, "step": step.name, "state": state, "evidence": evidence or None},
        {"note": note} if note else None,
    )
    return step_of(tx.register, incident, step.name)


def _is_frozen(db: sqlite3.Connection, incident: Incident) -> bool:
    return any(
        not one.account or one.account == incident.account
        for one in incidents.freezes(db, every=True)
        if one.at >= incident.at or not one.ended_at
    )


def join(tx: Transaction, incident: Incident, person: str) -> Incident:
    """Name the second person."""
    tx.record("incident.joined", {"incident": incident.id, "person": people.find(tx.register, person).id})
    return incidents.by_id(tx.register, incident.id)


def all_clear(tx: Transaction, incident: Incident) -> Incident:
    """The second person has looked, and all is clear."""
    tx.record("incident.cleared", {"incident": incident.id})
    return incidents.by_id(tx.register, incident.id)


def close(tx: Transaction, incident: Incident, lessons: str) -> Incident:
    """Close it with what was learned."""
    tx.record("incident.closed", {"incident": incident.id}, {"lessons": lessons} if lessons else None)
    return incidents.by_id(tx.register, incident.id)


def rotations_left(db: sqlite3.Connection, incident: Incident) -> Sequence[tuple[str, str]]:
    """(account, kind) of what is still to be changed for it."""
    if incident.drill or not incident.account:
        return ()
    found = incidents.concerned(db, incident.account)
    begun = rotations.under_way(db, [credential for credential, *_ in found])
    return [(handle, kind) for credential, kind, _, handle in found if credential in begun]
