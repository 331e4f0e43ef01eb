"""Adding people, changing what is known of them, giving and withdrawing roles."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import NamedTuple

from govern.errors import Refused, Usage
from govern.holdings.likeness import Alike
from govern.holdings.names import check_handle, free, slug
from govern.holdings.proposals import TWO_PERSON_ROLES, Act
from govern.notices.letter import mailbox
from govern.procedures import epochs
from govern.procedures.proposals import propose
from govern.procedures.settling import after_joining
from govern.register.queries import people
from govern.register.queries.proposals import Proposal, is_second_needed
from govern.register.transaction import Transaction


class NewPerson(NamedTuple):
    """What is said of somebody who is added. `left` is a date for former staff."""

    name: str
    mail: str = ""
    handle: str = ""
    department: str = ""
    locale: str = ""
    agency: str = ""
    left: str = ""


def add(tx: Transaction, new: NewPerson) -> people.Person:
    """Add a person without keys; a handle that is taken is refused, a missing one is made from the name."""
    db = tx.register
    if new.handle and people.handle_taken(db, check_handle(new.handle)):
        raise Refused(f"the handle {new.handle} is taken", rule="handle-taken", hint="choose another with --handle")
    handle = new.handle or free(slug(new.name), lambda wanted: people.handle_taken(db, wanted))
    person = tx.new_id()
    tx.record(
        "person.added",
        {"person": person, "external": True if new.agency else None, "left": new.left or None},
        {
            "handle": handle, "name": new.name, "mail": new.mail, "department": new.department, "locale": new.locale, "agency": new.agency,
        },
    )  # fmt: skip
    return people.by_id(db, person)


def edit(tx: Transaction, text: str, fields: Mapping[str, str]) -> people.Person:
    """Change what is kept of a person: `name`, `mail`, `department`, `locale`. Nothing is recorded where all of it is so already; Usage for no field, and for
    a mail address that is none."""
    found = people.find(tx.register, text)
    if not fields:
        raise Usage(f"nothing of {found.handle} was given to change", hint="--name, --mail, --department or --locale")
    if "mail" in fields and mailbox(fields["mail"]) is None:
        raise Usage("--mail: that is no mail address", hint="write it as anna@acme.example")
    changed = {
        field: value for field, value in fields.items() if getattr(found, field) != value or (field == "mail" and _of_another(tx, found.id))
    }
    if changed:
        tx.record("person.edited", {"person": found.id}, changed)
        after_joining(tx, found.id)
    return people.by_id(tx.register, found.id)


def _of_another(tx: Transaction, person: str) -> bool:
    """Whether somebody else has said where reminders reach them: to say it oneself is another thing, also where it is the same address."""
    row = tx.register.execute("SELECT mail_by FROM people WHERE id = ?", (person,)).fetchone()
    return row[0] not in (None, tx.actor)


def alike(db: sqlite3.Connection, name: str, mail: str) -> list[str]:
    """Handles of people who may be the same person: the same mail address, or a name written nearly like this one."""
    near = Alike()
    same = []
    for person in people.people(db):
        near.add(person.name, person.handle)
        if mail and person.mail.casefold() == mail.casefold():
            same.append(person.handle)
    return list(dict.fromkeys([*same, *near.near(name)]))


def give_role(tx: Transaction, person: str, role: str, until: str | None, *, reason: str = "") -> Proposal | None:
    """Give a person (id) a role, or, where that takes two persons, propose it: then the proposal.

    Where the role reads the cases, the person's keys are given the key to them.
    """
    if until is not None and until <= tx.now:
        raise Refused(f"the role would have ended on {until[:10]} already", rule="role-until", hint="name a later date")
    if role in TWO_PERSON_ROLES and is_second_needed(tx.register, Act.ROLE):
        return propose(tx, Act.ROLE, {"person": person, "role": role, "until": until}, reason)
    tx.record("role.given", {"person": person, "role": role, "until": until})
    epochs.share_cases(tx, person)
    return None


def withdraw_role(tx: Transaction, person: str, role: str) -> None:
    """Withdraw it; whoever then reads the cases by no other role reads none that come after."""
    tx.record("role.withdrawn", {"person": person, "role": role})
    epochs.end_cases(tx, person)
