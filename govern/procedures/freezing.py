"""Freezing an account, or everything, and ending that: one fact each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govern.errors import NotFound, Refused
from govern.procedures import incidents as procedure
from govern.register.queries import accounts, incidents, people, work
from govern.register.queries.incidents import Freeze, Step
from govern.rotation.triggers import later

if TYPE_CHECKING:
    from govern.policy.incident import Playbook
    from govern.register.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """The freeze; `added`: ids of those who were named so that an admin can act; `step`: the step of the open incident that it ended."""

    freeze: Freeze
    added: tuple[str, ...] = ()
    step: Step | None = None


def freeze(tx: Transaction, account: str, *, everything: bool = False, allow: Sequence[str] = (), playbook: Playbook) -> Frozen:
    """Pause grants and reveals of an account (handle), or of all, but for the named, whoever answers for it, and one admin at least.

    Of an open incident on the account the step `freeze` ends with it.
    """
    db = tx.register
    found = None if everything else accounts.find(db, account)
    named = {people.find(db, one).id for one in allow}
    open_ = incidents.open_of(db, found.id) if found else None
    if open_:
        named |= {person for person in (open_.lead, open_.second) if person}
    staff = work.staff(db, tx.now)
    keys = {row[0] for row in db.execute("SELECT person FROM keys WHERE state = 'active'")}
    admins = staff.admins & keys
    added: set[str] = set()
    if not (named | ({found.custodian} if found else set())) & admins:
        added = {tx.actor} if tx.actor in admins else set(admins)
    id_ = tx.new_id()
    tx.record(
        "freeze.begun",
        {
            "freeze": id_, "look_again": later(tx.now, playbook.look_again_days)[:10], "allowed": sorted(named | added),
            "account": found.id if found else None, "incident": open_.id if open_ else None,
        },
    )  # fmt: skip
    made = next(one for one in incidents.freezes(db) if one.id == id_)
    step = None
    if open_ and any(one.name == "freeze" and one.state == "open" for one in incidents.steps(db, open_.id)):
        step = procedure.end_step(tx, open_, "freeze")
    return Frozen(freeze=made, added=tuple(sorted(added)), step=step)


def thaw(tx: Transaction, account: str, *, everything: bool = False) -> Freeze:
    """End the freeze of an account (handle), or that of everything."""
    db = tx.register
    found = None if everything else accounts.find(db, account)
    held = incidents.freezes(db, account=found.id if found else "")
    if not held:
        if found and incidents.freezes(db, account=""):
            raise Refused(
                f"{found.handle} is frozen with everything else", rule="one-freeze", control="IR-4", hint="govern incident thaw --all"
            )
        raise NotFound(f"{found.handle if found else 'everything'} is not frozen", hint="govern incident list")
    tx.record("freeze.ended", {"freeze": held[0].id})
    return held[0]
