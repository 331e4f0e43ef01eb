"""Showing one backup code out of a sealed set: recorded as spent before anybody sees it, so that no two people are shown the same one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from govern.errors import NotFound, Refused
from govern.procedures import showing
from govern.procedures.overdue import may_be_shown
from govern.register.queries import accounts, backup_codes, people, versions

if TYPE_CHECKING:
    from govern.register.transaction import Transaction
    from govern.vault.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """The code that was recorded. `ordinal` counts from 1; `left`: how many unused ones there are now; `recipient`: a handle or empty."""

    account: str
    version: int
    ordinal: int
    left: int
    recipient: str
    code: Secret


def spend(tx: Transaction, account: str, reason: str, recipient: str, *, credential: str = "") -> Spent:
    """Record the first unused code of the current set as spent. A recipient has to hold the account's codes, and to stay.

    Raises NotFound where none is left, Refused, Locked, IntegrityError, all before recording.
    """
    from govern.vault.backup_codes import codes

    found = accounts.find(tx.register, account)
    version = versions.the(tx.register, found.id, found.handle, "backup-codes", credential)
    showing.must_hold(tx.register, found, tx.actor, "backup-codes", tx.now)
    person = people.find(tx.register, recipient) if recipient else None
    if person is not None:
        if person.status != "active":
            raise Refused(
                f"{person.handle} {'has left' if person.status == 'former' else 'is leaving'}, and is given nothing", rule="leaver",
                control="PS-4", hint=f"govern who {found.handle}",
            )  # fmt: skip
        showing.must_hold(tx.register, found, person.id, "backup-codes", tx.now)
    may_be_shown(tx.register, found, tx.now, person.id if person else tx.actor)
    sealed = codes(showing.opened(tx, version))
    unused = sorted(set(range(1, len(sealed) + 1)) - backup_codes.spent(tx.register, version.credential, version.n))
    if not unused:
        raise NotFound(
            f"every backup code of {found.handle} is spent", hint=f"get new ones there: govern rotate {found.handle} --kind backup-codes"
        )
    tx.record(
        "code.spent",
        {
            "credential": version.credential, "version": version.n, "ordinal": unused[0], "left": len(unused) - 1,
            "recipient": person.id if person else None,
        },
        {"reason": reason},
    )  # fmt: skip
    return Spent(
        account=found.handle, version=version.n, ordinal=unused[0], left=len(unused) - 1, recipient=person.handle if person else "",
        code=sealed[unused[0] - 1],
    )  # fmt: skip
