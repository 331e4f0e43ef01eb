"""Showing a secret to one who holds it: the fact first. What comes back may be shown only behind the transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from govern.procedures import showing
from govern.procedures.overdue import may_reveal
from govern.register.queries import accounts, policies, versions

if TYPE_CHECKING:
    from govern.register.transaction import Transaction
    from govern.vault.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Revealed:
    """The very version that was recorded, and its secret. `rotation`: the id of one that is open, so that another may work by now."""

    account: str
    kind: str
    version: int
    secret: Secret
    rotation: str


def reveal(tx: Transaction, account: str, kind: str, reason: str, *, credential: str = "") -> Revealed:
    """Open the current version and record that the actor saw it; `credential` begins an id, where there are several of the kind.

    Raises NotFound, Refused, Locked, IntegrityError, all before recording.
    """
    found = accounts.find(tx.register, account)
    version = versions.the(tx.register, found.id, found.handle, kind, credential)
    showing.must_hold(tx.register, found, tx.actor, kind, tx.now)
    may_reveal(tx.register, policies.policy(tx.register), found, tx.actor, tx.now)
    showing.need_reason(tx.register, found, reason, "a reveal")
    secret = showing.value(kind, showing.opened(tx, version))
    tx.record(
        "secret.revealed", {"credential": version.credential, "version": version.n, "purpose": "reveal"}, {"reason": reason}
    )  # fmt: skip
    rotation = versions.open_rotation(tx.register, version.credential)
    return Revealed(account=found.handle, kind=kind, version=version.n, secret=secret, rotation=rotation)
