"""Trainings that people had: recorded by somebody else, with what shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.errors import Usage
from govern.fields import handle as is_handle
from govern.holdings.dates import past_day
from govern.procedures.settling import after_joining
from govern.register.queries import documents, people
from govern.register.queries.documents import Training

if TYPE_CHECKING:
    from govern.register.transaction import Transaction


def add(tx: Transaction, person: str, *, subject: str, on: str, evidence: str = "") -> tuple[Training, bool]:
    """Record that this person was trained in the subject that day; whether it is new. `evidence`: SHA-256 hex of what shows it, or empty."""
    if not is_handle(subject):
        raise Usage(f"{subject[:80]!r} is no name of a subject", hint="lower-case letters, digits and . _ -, such as social-media")
    who = people.find(tx.register, person)
    past_day(on, "--on", tx.now)
    for one in documents.trainings(tx.register, person=who.id):
        if (one.subject, one.on) == (subject, on):
            return one, False
    made = tx.new_id()
    tx.record("training.recorded", {"training": made, "person": who.id, "subject": subject, "on": on, "evidence": evidence or None})
    after_joining(tx, who.id)
    return next(one for one in documents.trainings(tx.register, person=who.id) if one.id == made), True
