"""Ending what a person holds: their grants and the wraps to their keys. What they know stays known until a rotation is confirmed.

Whoever answers for an account (custodian, deputy) opens it by that, not by the grant: their wraps stay until custody has changed hands.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from govern.errors import NotFound
from govern.holdings import revoking
from govern.register.queries import accounts, exposures, holdings, people, policies, versions
from govern.register.queries.accounts import Account
from govern.register.queries.exposures import Known
from govern.register.queries.people import Person

if TYPE_CHECKING:
    from govern.register.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would end. `grants`: ids; `cut`: ids of the accounts whose wraps end; `warnings`: what to know before, nothing that blocks."""

    person: Person
    accounts: tuple[Account, ...]
    grants: tuple[str, ...]
    cut: tuple[str, ...]
    warnings: tuple[str, ...]
    still_knows: tuple[Known, ...]
    rotations: tuple[str, ...] = ()
    """Ids of the rotations that the end of an emergency grant has opened."""


def locks_out(db: sqlite3.Connection, account: str, handle: str, person: str) -> bool:
    """Whether nobody with keys could open something of the account (id, handle) once this person (id) holds it no more."""
    planned = plan(db, handle, people.by_id(db, person).handle)
    return any(not left for left in versions.openers(db, [account], without=(person, set(planned.cut))).values())


def plan(db: sqlite3.Connection, selector: str, person: str) -> Plan:
    """Raises NotFound where the person holds nothing of it and nothing of it is sealed to them."""
    who = people.find(db, person)
    chosen = accounts.select(db, selector)
    ids = [account.id for account in chosen]
    held = [grant for grant in holdings.of_accounts(db, ids) if grant.person == who.id]
    sealed = versions.sealed_to(db, who.id, ids)
    answers = {account.id for account in chosen if who.id in (account.custodian, account.deputy)}
    concerned = {grant.account for grant in held} | (sealed - answers)
    if not concerned:
        known = exposures.known(db, who.id, ids)
        raise NotFound(
            f"{who.handle} holds nothing of {selector}" + (", though they could know it" if known else ""),
            hint=f"govern holds {who.handle}",
        )
    ending = [account for account in chosen if account.id in concerned]
    cut = concerned & sealed - answers
    return Plan(
        person=who,
        accounts=tuple(ending),
        grants=tuple(grant.id for grant in held),
        cut=tuple(account.id for account in ending if account.id in cut),
        warnings=_warnings(db, who, ending, cut, answers),
        still_knows=tuple(exposures.known(db, who.id, [account.id for account in ending])),
    )


def revoke(tx: Transaction, selector: str, person: str, reason: str) -> Plan:
    """Record the end of the grants and of the wraps; returns what has ended and what is still known."""
    from govern.procedures.emergency import follow
    from govern.procedures.sealing import end_wraps

    planned = plan(tx.register, selector, person)
    for start in range(0, len(planned.grants), 1000):
        tx.record("grant.ended", {"grants": list(planned.grants[start : start + 1000]), "cause": "revoked"}, {"reason": reason})
    if planned.cut:
        end_wraps(tx, planned.person.id, planned.cut)
    return replace(planned, rotations=tuple(follow(tx, planned.person.id)))


def _warnings(db: sqlite3.Connection, who: Person, ending: list[Account], cut: set[str], answers: set[str]) -> tuple[str, ...]:
    rules = policies.policy(db)
    ids = [account.id for account in ending]
    stay: dict[str, set[str]] = {}
    for grant in holdings.of_accounts(db, ids):
        if grant.person != who.id:
            stay.setdefault(grant.account, set()).add(grant.person)
    locked = {key[0] for key, left in versions.openers(db, ids, without=(who.id, cut)).items() if not left}
    return tuple(
        warning
        for account in ending
        for warning in revoking.warnings(
            rules,
            handle=account.handle,
            tier=account.tier,
            person=who.handle,
            holders=len(stay.get(account.id, ())),
            answers=account.id in answers,
            only_recovery=account.id in locked,
        )
    )
