"""Giving a secret to a holder without keys, by way of the one who answers for the account: both know it from the recorded fact on."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govern.errors import Refused, Usage
from govern.holdings import grants
from govern.holdings.handing_over import NOT_HANDED
from govern.procedures import copies, showing
from govern.procedures.overdue import may_be_shown
from govern.procedures.settling import after_joining
from govern.register.queries import accounts, holdings, people, versions
from govern.vocabulary import VIAS

if TYPE_CHECKING:
    from govern.register.transaction import Transaction
    from govern.vault.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """The very version that was recorded; `scan` is what a phone's camera should read of it; `waiting`: kinds that are still to be given."""

    account: str
    person: str
    kind: str
    version: int
    via: str
    secret: Secret
    scan: Secret
    waiting: tuple[str, ...]
    place: str = ""
    """The chat that it goes to, which is to be cleaned; empty for any other way."""


def hand_over(tx: Transaction, account: str, person: str, kind: str, via: str, reason: str, *, credential: str = "") -> HandedOver:
    """Open the current version and record who is given it. Raises NotFound, Refused, Locked, IntegrityError, all before recording."""
    if via not in VIAS:
        raise Usage(f"there is no way {via[:40]!r} to hand over", hint=f"--via {', '.join(VIAS)}")
    found = accounts.find(tx.register, account)
    if kind == "backup-codes":
        raise Refused(
            f"{kind} of {found.handle} are not handed over whole: each opens the account once",
            rule="single-use",
            control="IA-5",
            hint=f"one at a time: govern credential use-code {found.handle} --for PERSON",
        )
    receiver = people.find(tx.register, person)
    version = versions.the(tx.register, found.id, found.handle, kind, credential)
    if receiver.status != "active":
        raise Refused(
            f"{receiver.handle} {'has left' if receiver.status == 'former' else 'is leaving'}, and is given nothing", rule="leaver", control="PS-4",
            hint=f"govern who {found.handle}",
        )  # fmt: skip
    if receiver.keyholder:
        raise Refused(
            f"{receiver.handle} has keys: what they hold is sealed to them",
            rule="has-keys",
            hint=f"they type: govern reveal {found.handle}",
        )
    showing.must_hold(tx.register, found, receiver.id, kind, tx.now)
    may_be_shown(tx.register, found, tx.now, receiver.id)
    fields = showing.opened(tx, version)
    secret = showing.value(kind, fields)
    tx.record(
        "secret.handed_over",
        {"credential": version.credential, "version": version.n, "person": receiver.id, "via": via},
        {"reason": reason},
    )
    after_joining(tx, receiver.id)
    chat = copies.sent(tx, receiver.id, version).name if via == "messenger" else ""
    return HandedOver(
        account=found.handle, person=receiver.handle, kind=kind, version=version.n, via=via, secret=secret,
        scan=showing.address(fields) if kind == "totp" else secret, waiting=waiting(tx.register, found.id, receiver.id),
        place=chat,
    )  # fmt: skip


def waiting(db: sqlite3.Connection, account: str, person: str) -> tuple[str, ...]:
    """The kinds of an account (id) that a person (id) holds without having been given the current version."""
    held = [
        grants.Held(grant="", person=person, until="", kinds=grant.kinds)
        for grant in holdings.of_accounts(db, [account])
        if grant.person == person
    ]
    seen = holdings.seen(db, person)
    return tuple(
        version.kind
        for version in versions.current(db, [account])
        if version.manifest
        and version.kind not in NOT_HANDED
        and (version.credential, version.n) not in seen
        and any(grant.covers(version.kind) for grant in held)
    )
