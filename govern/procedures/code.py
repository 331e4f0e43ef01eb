"""Giving a one-time code to one who holds the account, or to a holder who asks by phone. A code is not the seed: nobody knows the seed by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from govern.errors import Refused
from govern.procedures import showing
from govern.procedures.overdue import may_be_shown
from govern.register.queries import accounts, people, versions

if TYPE_CHECKING:
    from govern.register.transaction import Transaction
    from govern.vault.otp import Otp


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The seed whose code may be shown behind the transaction; `recipient` is a handle or empty."""

    account: str
    version: int
    recipient: str
    otp: Otp


def show_code(tx: Transaction, account: str, reason: str, recipient: str, *, credential: str = "") -> Shown:
    """Open the seed and record that a code of it was shown. A recipient has to hold the account's codes, and not be leaving."""
    from govern.vault.otp import code, from_fields

    found = accounts.find(tx.register, account)
    version = versions.the(tx.register, found.id, found.handle, "totp", credential)
    showing.must_hold(tx.register, found, tx.actor, "totp", tx.now)
    person = people.find(tx.register, recipient) if recipient else None
    if person is not None:
        if person.status == "former":
            raise Refused(
                f"{person.handle} has left, and is given nothing", rule="leaver", control="PS-4", hint=f"govern who {found.handle}"
            )
        showing.must_hold(tx.register, found, person.id, "totp", tx.now)
    may_be_shown(tx.register, found, tx.now, person.id if person else tx.actor)
    otp = from_fields(showing.opened(tx, version))
    code(otp, 0)  # a seed that gives no code is refused while nothing is recorded yet
    tx.record(
        "code.shown",
        {"credential": version.credential, "version": version.n, "recipient": person.id if person else None},
        {"reason": reason},
    )
    return Shown(account=found.handle, version=version.n, recipient=person.handle if person else "", otp=otp)
