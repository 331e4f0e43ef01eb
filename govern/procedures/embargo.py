"""An embargoed departure: a compartment for one case, sealed to those who are named for it, and opened to all readers of cases at its cut.

Nothing but the start of the compartment and `case.opened` is written before the cut: entries in `base` would tell of whom it is, and items
would by their number, which everybody could compare with what each person holds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from govern.errors import Refused
from govern.holdings.services import Purpose
from govern.procedures import epochs
from govern.register import cut_order
from govern.register.queries import keys as queries
from govern.register.queries import people, services
from govern.vault.keys import Recipient

if TYPE_CHECKING:
    from govern.register.queries.cases import Case
    from govern.register.transaction import Transaction


def open_(tx: Transaction, body: dict[str, Any], readers: Sequence[str]) -> str:
    """Record `case.opened` under a fresh key in a fresh compartment, for the actor and these people (handles); the case's id.

    `body` is that of `case.opened` without the id, which is the compartment's. Raises Refused for a reader who may not be one.
    """
    subject = body["person"]
    _is_first(tx, subject)
    named = {tx.actor, *(_reader(tx, handle, subject) for handle in readers)}
    if body["cut_at"]:
        named.update(unattended(tx, named))
    recipients = [
        Recipient(bytes.fromhex(key), seal) for person, key, seal in queries.entitled_keys(tx.register, tx.now) if person in named
    ]
    row = tx.register.execute("SELECT id, seal FROM keys WHERE state = 'recovery'").fetchone()
    recipients.append(Recipient(bytes.fromhex(row[0]), row[1]))
    compartment = tx.workspace.random(16)
    epoch = epochs.begin(tx, compartment, recipients)
    tx.record("case.opened", {"case": compartment.hex(), **body, **_order(tx, compartment.hex(), body)}, under=(compartment, epoch))
    return compartment.hex()


def unattended(tx: Transaction, named: Collection[str]) -> list[str]:
    """Services (person ids) that are to make the cut when its time has come, and so read of it before: those which these people (ids) stand behind.

    Another's key for cuts may be in the hands of whoever made it. Nor does this ask of whom the case is: the store shows who was given
    a wrap, so that a service passed over for its maker's sake would tell of whom it is.
    """
    return services.made_by(tx.register, named, tx.now)


def _order(tx: Transaction, case: str, body: Mapping[str, Any]) -> dict[str, str]:
    """What lets a service tell, at the time of the cut and not before, that the person leaves."""
    if not body["cut_at"]:
        return {}
    last_day = body["last_day"] or ""
    return {"order": cut_order.sign(tx.workspace.keys, case=case, person=body["person"], start=body["cut_at"], last_day=last_day)}


def leaving(tx: Transaction, case: Case) -> None:
    """Record at the cut that the person leaves; a service says it by the order of the case's opener."""
    order = _told(tx.register, case) if services.is_service(tx.register, tx.actor) else None
    tx.record("person.leaving", {"person": case.person, "last_day": case.last_day or None, "order": order})


def attended_by(db: sqlite3.Connection, case: Case) -> list[str]:
    """Handles of the services that read an embargoed case, to make its cut."""
    rows = db.execute(
        "SELECT DISTINCT p.handle FROM epochs e JOIN epoch_wraps w ON w.epoch = e.id JOIN keys k ON k.id = w.key AND k.state = 'active'"
        " JOIN people p ON p.id = k.person WHERE e.compartment = ? AND p.id IN (SELECT person FROM services) ORDER BY p.handle",
        (case.compartment,),
    )
    return [str(row[0] or "a former service") for row in rows]


def ordered(db: sqlite3.Connection, case: Case, now: str) -> bool:
    """Whether a service could make the cut of this embargoed case now: whoever opened it is still somebody who may order it."""
    return bool(case.order) and cut_order.stands(db, person=case.person, last_day=case.last_day, order=_told(db, case), now=now)


def _told(db: sqlite3.Connection, case: Case) -> list[str]:
    key = db.execute("SELECT key FROM entries WHERE idx = ?", (case.entry,)).fetchone()[0]
    return [case.id, case.cut_planned, key, case.order]


def unseal(tx: Transaction, case: Case) -> int:
    """Wrap the key of the case to everybody who reads cases, but never to whom it is about; how many keys were given it."""
    never = queries.theirs(tx.register, case.person)
    entitled = queries.entitled_keys(tx.register, tx.now)
    recipients = [Recipient(bytes.fromhex(key), seal) for person, key, seal in entitled if key not in never]
    return epochs.share(tx, bytes.fromhex(case.compartment), recipients)


def _is_first(tx: Transaction, subject: str) -> None:
    row = tx.register.execute(
        "SELECT id FROM cases WHERE person = ? AND state <> 'closed' AND kind <> 'joiner' ORDER BY entry", (subject,)
    ).fetchone()
    if row is not None:
        raise Refused("this person has an open case", rule="one-open-case", hint=f"govern offboard show {row[0][:8]}")


def _reader(tx: Transaction, handle: str, subject: str) -> str:
    """Id of somebody who may be named."""
    person = people.find(tx.register, handle)
    if person.id == subject:
        raise Refused(
            f"{person.handle} is whom the case is about", rule="embargo-subject", control="AC-5", hint="name somebody else, or nobody"
        )
    if services.is_service(tx.register, person.id):
        _may_serve(tx, person, subject)
    if all(person.id != entitled for entitled, _, _ in queries.entitled_keys(tx.register, tx.now)):
        raise Refused(
            f"{person.handle} does not read cases: no role for it, no keys, or leaving", rule="embargo-reader", control="AC-3",
            hint="name an admin, HR or an auditor who has keys: govern person list",
        )  # fmt: skip
    return person.id


def _may_serve(tx: Transaction, service: people.Person, subject: str) -> None:
    """Refuse a service that could not make this cut, or whose key the subject has made."""
    if queries.theirs(tx.register, subject) & {key.id for key in queries.active(tx.register, service.id)}:
        raise Refused(
            f"the key of {service.handle} was made by whom the case is about", rule="embargo-subject", control="AC-5",
            hint="a service of your own: govern key add-service NAME --purpose run-due",
        )  # fmt: skip
    if not services.serves(tx.register, service.id, Purpose.RUN_DUE, tx.now, but=subject):
        raise Refused(
            f"{service.handle} is no service that could make this cut", rule="embargo-service", control="AC-6",
            hint=f"govern key add-service {service.handle} --purpose run-due",
        )  # fmt: skip
