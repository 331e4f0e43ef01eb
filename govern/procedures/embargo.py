"""An embargoed departure: a compartment for one case, sealed to those who are named for it, and opened to all readers of cases at its cut.

Nothing but the start of the compartment and `case.opened` is written before the cut: entries in `base` would tell of whom it is, and items
would by their number, which everybody could compare with what each person holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from govern.errors import Refused
from govern.procedures import epochs
from govern.register.queries import keys as queries
from govern.register.queries import people
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
    recipients = [
        Recipient(bytes.fromhex(key), seal) for person, key, seal in queries.entitled_keys(tx.register, tx.now) if person in named
    ]
    recipients += unattended(tx)
    row = tx.register.execute("SELECT id, seal FROM keys WHERE state = 'recovery'").fetchone()
    recipients.append(Recipient(bytes.fromhex(row[0]), row[1]))
    compartment = tx.workspace.random(16)
    epoch = epochs.begin(tx, compartment, recipients)
    tx.record("case.opened", {"case": compartment.hex(), **body}, under=(compartment, epoch))
    return compartment.hex()


def unattended(_tx: Transaction) -> list[Recipient]:
    """Keys of services that make cuts when their time has come, and so have to read of them before."""
    return []


def unseal(tx: Transaction, case: Case) -> int:
    """Wrap the key of the case to everybody who reads cases, but never to whom it is about; how many keys were given it."""
    entitled = queries.entitled_keys(tx.register, tx.now)
    recipients = [Recipient(bytes.fromhex(key), seal) for person, key, seal in entitled if person != case.person]
    return epochs.share(tx, bytes.fromhex(case.compartment), recipients)


def _is_first(tx: Transaction, subject: str) -> None:
    row = tx.register.execute("SELECT id FROM cases WHERE person = ? AND state <> 'closed' ORDER BY entry", (subject,)).fetchone()
    if row is not None:
        raise Refused("this person has an open case", rule="one-open-case", hint=f"govern offboard show {row[0][:8]}")


def _reader(tx: Transaction, handle: str, subject: str) -> str:
    """Id of somebody who may be named."""
    person = people.find(tx.register, handle)
    if person.id == subject:
        raise Refused(
            f"{person.handle} is whom the case is about", rule="embargo-subject", control="AC-5", hint="name somebody else, or nobody"
        )
    if all(person.id != entitled for entitled, _, _ in queries.entitled_keys(tx.register, tx.now)):
        raise Refused(
            f"{person.handle} does not read cases: no role for it, no keys, or leaving", rule="embargo-reader", control="AC-3",
            hint="name an admin, HR or an auditor who has keys: govern person list",
        )  # fmt: skip
    return person.id
