"""What is open for whom: hand-overs due, rotations under way, items of departures, places to clean, drills. Reads the register alone.

Nothing of a departure is told to the one who leaves before its cut, and nothing of an embargoed one in anybody's list but the reader's own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from govern.holdings.findings import Finding
from govern.holdings.handing_over import due_by
from govern.offboarding.case import CaseState
from govern.offboarding.items import ItemKind, ItemState
from govern.offboarding.whose import Staff, whose
from govern.offboarding.wording import Say, Told, as_written, command, secret, sentence
from govern.policy.rules import Policy
from govern.register.queries import (
    cases,
    copies,
    drills,
    emergencies,
    handovers,
    joining,
    machines,
    people,
    proven,
    reviews,
    rotations,
    scopes,
)


class Work(NamedTuple):
    """One thing to do. `what` is its code; `of` are the ids of those whose it is; the rest is text, empty where there is none.

    `subject` is the person concerned (handle), `due` a UTC time or day, `id` a rotation's or item's.
    """

    what: str
    of: frozenset[str]
    why: str
    command: str
    account: str = ""
    kind: str = ""
    subject: str = ""
    due: str = ""
    id: str = ""
    case: str = ""


def staff(db: sqlite3.Connection, now: str) -> Staff:
    """Who is there, and which roles they have at this time (UTC)."""
    present = {row[0] for row in db.execute("SELECT id FROM people WHERE NOT leaving AND left_on IS NULL")}
    roles: dict[str, set[str]] = {"admin": set(), "hr": set()}
    for person, role in db.execute("SELECT person, role FROM roles WHERE role IN ('admin', 'hr') AND (until IS NULL OR until > ?)", (now,)):
        roles[role].add(person)
    admins = roles["admin"] & present
    return Staff(present=present, admins=admins, runs=admins | roles["hr"] & present)


def work(db: sqlite3.Connection, policy: Policy, now: str, *, reader: str, person: str = "", say: Say = as_written) -> list[Work]:
    """What is open for a person (id), or for everybody, as the reader (id) may see it, with reasons in their language; what is due first.

    What concerns a departure is left out of the list of the very person who leaves, before its cut, whoever reads it.
    """
    there = staff(db, now)
    found = [
        *_handovers(db, policy, there, now, say),
        *_rotations(db, there, say),
        *_copies(db, there, say),
        *_emergencies(db, policy, there, now, say),
        *_drill(db, policy, there, now, say),
        *_silent(db, policy, there, now, say),
        *_reviews(db, there, say),
        *_acknowledgements(db, policy, there, now, say),
    ]
    found += _cases(db, there, found, now, say, reader=reader, person=person)
    chosen = [one for one in found if not person or person in one.of]
    return sorted(chosen, key=lambda one: (not one.due, one.due, one.account, one.what))


def _answering(there: Staff, *ids: str) -> frozenset[str]:
    """Custodian and deputy, as far as they are there; else the admins."""
    return frozenset(there.present & set(ids)) or frozenset(there.admins)


def _handovers(db: sqlite3.Connection, policy: Policy, there: Staff, now: str, say: Say) -> Iterator[Work]:
    for one in handovers.due(db, now[:10]):
        lacks = say("{person} does not have the new one") if one.rotated else say("{person} may have it and does not yet")
        yield Work(
            what="hand-over", of=_answering(there, one.custodian, one.deputy), why=lacks.format(person=one.person_handle), command=one.command,
            account=one.handle, kind=one.kind, subject=one.person_handle, due=one.by(policy), id=one.credential,
        )  # fmt: skip


def _rotations(db: sqlite3.Connection, there: Staff, say: Say) -> Iterator[Work]:
    answers = {id_: (custodian, deputy) for id_, custodian, deputy in db.execute(
        "SELECT a.id, a.custodian, a.deputy FROM rotations r CROSS JOIN credentials c ON c.id = r.credential"  # in this order: the open ones are few
        " CROSS JOIN accounts a ON a.id = c.account WHERE r.ended_at IS NULL"
    )}  # fmt: skip
    for one in rotations.rotations(db, only_open=True):
        yield Work(
            what="rotation", of=_answering(there, *answers.get(one.account, ())),
            why=f"{secret(one.kind, say)}: {say(one.trigger, 'trigger')}, {say(one.state.value, 'rotation state')}",
            command=f"govern rotate {one.handle} --kind {one.kind}", account=one.handle, kind=one.kind, due=one.due, id=one.id,
        )  # fmt: skip


def _copies(db: sqlite3.Connection, there: Staff, say: Say) -> Iterator[Work]:
    """Messages to take back, and envelopes to print anew or to destroy; what was opened and still works is a rotation's business."""
    found = copies.copies(db)
    for copy in copies.messages(found):
        yield Work(
            what="clean-place", of=_answering(there, copy.custodian, copy.deputy),
            why=say("its {credential} was sent to {place}").format(credential=secret(copy.kind, say), place=copy.name),
            command=copy.clean, account=copy.handle, kind=copy.kind, id=copy.place,
        )  # fmt: skip
    for copy in copies.envelopes(found):
        if copies.is_stale(copy) and (copy.changing or not copy.works):
            yield Work(
                what="envelope", of=_answering(there, copy.custodian, copy.deputy),
                why=say("{place}: print anew, destroy the old").format(place=copy.name),
                command=copies.renewal(copy), account=copy.handle, kind=copy.kind, id=copy.place,
            )  # fmt: skip


def _reviews(db: sqlite3.Connection, there: Staff, say: Say) -> Iterator[Work]:
    """Lines of reviews to decide on, and roles that these have ended and that somebody has to remove on the platform."""
    for one in reviews.waiting(db):
        yield Work(
            what="review", of=frozenset(there.present & {one.reviewer}) or frozenset(there.admins),
            why=say("permissions to decide on: {n}").format(n=one.lines), command=f"govern review show {one.review[:8]}", due=one.due, id=one.review,
        )  # fmt: skip
    for role in reviews.removals(db):
        yield Work(
            what="remove-role", of=_answering(there, role.custodian, role.deputy), account=role.handle, subject=role.person, id=role.id,
            why=say("{person} is {role} there: remove it on the platform").format(person=role.person, role=role.role),
            command=f"govern platform show {role.platform}",
        )  # fmt: skip


def _acknowledgements(db: sqlite3.Connection, policy: Policy, there: Staff, now: str, say: Say) -> Iterator[Work]:
    """What people with keys have yet to sign, and as soon as reminders begin to be trained in; what those without have, for HR, else for admins."""
    from govern.register.queries import signing

    sheets: dict[str, list[signing.Owed]] = {}
    for one in [*signing.documents_owed(db), *signing.trainings_owed(db, policy, now[:10])]:
        if one.document and not one.keyholder:
            sheets.setdefault(one.document, []).append(one)
            continue
        is_theirs = one.keyholder and one.person in there.present
        text = say("“{document}” is to be read and acknowledged") if one.document else say("the training “{document}” is to be taken")
        yield Work(
            what="acknowledge" if one.document else "training",
            of=frozenset({one.person}) if is_theirs else frozenset(signing.hr(db, now)) or frozenset(there.admins),
            why=text.format(document=one.what), subject=one.handle, due=one.day, id=one.document or one.person,
            command=f"govern document ack {one.what}" if one.document else f"govern training add {one.handle} --subject {one.what} --on DATE",
        )  # fmt: skip
    for document, some in sheets.items():
        yield Work(
            what="acknowledge", of=frozenset(signing.hr(db, now)) or frozenset(there.admins), due=min(one.day for one in some), id=document,
            why=say("“{document}” is to be signed on paper; people: {n}").format(document=some[0].what, n=len(some)),
            command=f"govern document outstanding {some[0].what}",
        )  # fmt: skip


def _emergencies(db: sqlite3.Connection, policy: Policy, there: Staff, now: str, say: Say) -> Iterator[Work]:
    """For every admin: what was given in an emergency, and what has to change once that is over."""
    for one in emergencies.running(db, now):
        yield Work(
            what="emergency", of=frozenset(there.admins),
            why=say("{giver} gave it to {person}").format(giver=one.giver, person=one.person),
            command=f"govern who {one.account}",
            account=one.account, subject=one.person, due=one.until, id=one.grant,
        )  # fmt: skip
    for late in emergencies.owed(db, now):
        if not late.changing:
            yield Work(
                what="emergency", of=frozenset(there.admins),
                why=say("it is over, and {person} knows the {credential}").format(person=late.person_handle, credential=secret(late.kind, say)),
                command=late.command, account=late.handle, kind=late.kind, subject=late.person_handle,
                due=due_by(policy, late.tier, late.over), id=late.credential,
            )  # fmt: skip


def _cases(db: sqlite3.Connection, there: Staff, found: list[Work], now: str, say: Say, *, reader: str, person: str) -> Iterator[Work]:
    """The cut that a planned case waits for, then its open items. What the ledger shows as done and nobody has noted yet is nobody's work any more
    but to be noted, by those who run departures; of somebody new it is noted by itself.

    One that a listed rotation is about is that rotation's.
    """
    changing = {(one.account, one.kind) for one in found if one.what == "rotation"}
    names = people.handles(db)
    for case in cases.cases(db, reader=reader):
        if case.state is CaseState.CLOSED or (case.state is CaseState.OPEN and case.person == person):
            continue
        if case.embargoed and person != reader:
            continue
        subject = names.get(case.person) or say("a former person")
        if case.state is CaseState.OPEN and not case.joins:
            yield Work(
                what="cut", of=frozenset(there.runs) - {case.person},
                why=say("the cut of {person}").format(person=subject),
                command=f"govern offboard cut {case.id[:8]}",
                subject=subject, due=case.cut_at, case=case.id,
            )  # fmt: skip
            continue
        scope, done = scopes.of_case(db, case.id), list[str]()
        for entry in cases.items(db, case.id):
            item = entry.item
            if entry.state is not ItemState.OPEN or (item.kind is ItemKind.ROTATE and (entry.handle, entry.credential_kind) in changing):
                continue
            if case.joins and proven.can_tell(item.kind) and joining.shows(db, case.person, item, at=now):
                continue
            if not case.joins and proven.shows(db, case.id, case.person, item, scope, at=now):
                done.append(item.due)
                continue
            told = Told(
                kind=item.kind, person=subject, account=entry.handle, credential=entry.credential_kind, version=item.version, about=entry.about,
            )  # fmt: skip
            yield Work(
                what="case-item", of=whose(
                    item.kind, assignee=entry.assignee, answers=answers(db, item.account), subject=case.person, staff=there
                ),
                why=f"{subject}: {sentence(told, say)}", command=command(told, case.id[:8], entry.number), account=entry.handle,
                kind=entry.credential_kind, subject=subject, due=item.due, id=entry.id, case=case.id,
            )  # fmt: skip
        if done:
            yield Work(
                what="case-item", of=frozenset(there.runs) - {case.person}, why=f"{subject}: {say('items are done by now, or others came up')}",
                command=f"govern offboard refresh {case.id[:8]}", subject=subject, due=min(done), case=case.id,
            )  # fmt: skip


def answers(db: sqlite3.Connection, account: str) -> frozenset[str]:
    row = db.execute("SELECT custodian, coalesce(deputy, '') FROM accounts WHERE id = ?", (account,)).fetchone()
    return frozenset(row or ()) - {""}


def _drill(db: sqlite3.Connection, policy: Policy, there: Staff, now: str, say: Say) -> Iterator[Work]:
    for finding in drills.findings(db, policy, now[:10], say):
        yield _from(finding, frozenset(there.admins), "drill")


def _silent(db: sqlite3.Connection, policy: Policy, there: Staff, now: str, say: Say) -> Iterator[Work]:
    for one in machines.silent(db, policy, now[:10]):
        theirs = frozenset() if one.is_service else frozenset(there.present & {one.person})
        yield Work(
            what="stale-pin", of=theirs or frozenset(there.admins), subject=one.handle, due=one.due(policy), id=one.key,
            why=say("the machine with the key {key} has written nothing since {day}").format(key=one.key[:8], day=one.shown[:10]),
            command=one.command if theirs else one.otherwise,
        )  # fmt: skip


def _from(finding: Finding, of: frozenset[str], what: str) -> Work:
    return Work(what=what, of=of, why=finding.message, command=finding.command, due=finding.due)
