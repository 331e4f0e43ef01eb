"""Revoking keys: their wraps end, whoever is left reads on under new epochs, and what a lost machine could open is to be changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from govern.errors import Refused
from govern.procedures import epochs, sealing
from govern.register.queries import policies
from govern.rotation.triggers import Trigger, due

if TYPE_CHECKING:
    from govern.register.transaction import Transaction

CAUSES: Final = ("lost", "departure", "compromise", "replaced")
_IN_OTHER_HANDS: Final = ("lost", "compromise")


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """What ended and what it opened. `keys`: revoked (hex ids); `kept`: the last admin's, which recovery alone revokes.

    `changing`: (account handle, kind) of secrets that the keys could open and whose rotation was open already.
    """

    keys: tuple[str, ...]
    kept: tuple[str, ...]
    wraps: int
    epochs: int
    rotations: int
    changing: tuple[tuple[str, str], ...]


def not_this_machine(tx: Transaction, keys: Sequence[str], handle: str) -> None:
    """Refuse to end the very key that would have to sign its own end, or a revocation of nothing."""
    if not keys:
        raise Refused(f"{handle} has no keys", rule="key-state", hint="govern key list")
    if tx.workspace.keys.id.hex() in keys:
        raise Refused(
            "the key of this machine is revoked from another one",
            rule="this-machine",
            control="AC-5",
            hint="on your other machine, or by another admin: govern key revoke",
        )


def revoke(tx: Transaction, keys: Sequence[str], cause: str, *, spare_last: bool = False) -> Revoked:
    """Revoke these keys (hex ids): first the keys and new epochs, so that nothing that follows is for them, then their wraps.

    `spare_last`: leave the last admin's key where it is instead of refusing. Where a machine is lost or in other hands, a rotation is
    opened, due now, for every live secret that it could open.
    """
    gone: list[str] = []
    kept: list[str] = []
    for key in keys:
        try:
            tx.record("key.revoked", {"key": key, "cause": cause})
            gone.append(key)
        except Refused as refused:
            if not spare_last or refused.rule != "last-admin-key":
                raise
            kept.append(key)
    started = epochs.renew(tx, gone)
    opened, changing = _in_other_hands(tx, gone) if cause in _IN_OTHER_HANDS else (0, ())
    wraps = tx.register.execute(
        "SELECT w.credential, w.n, w.key, v.manifest FROM wraps w JOIN versions v ON v.credential = w.credential AND v.n = w.n"
        " WHERE w.ended IS NULL AND w.key IN (SELECT value FROM json_each(?)) ORDER BY w.credential, w.n, w.key",
        (json.dumps(gone),),
    ).fetchall()
    ended = sealing.end_each(tx, wraps)
    return Revoked(keys=tuple(gone), kept=tuple(kept), wraps=ended, epochs=started, rotations=opened, changing=changing)


def _in_other_hands(tx: Transaction, keys: Sequence[str]) -> tuple[int, tuple[tuple[str, str], ...]]:
    """Open a rotation, due now, of each live secret of an account in use that is sealed to one of the keys."""
    rows = tx.register.execute(
        """
        SELECT DISTINCT c.id, a.tier, a.handle, c.kind, k.person, EXISTS (SELECT 1 FROM rotations r WHERE r.credential = c.id AND r.ended_at IS NULL)
        FROM wraps w JOIN versions v ON v.credential = w.credential AND v.n = w.n AND v.ended_at IS NULL
        JOIN credentials c ON c.id = w.credential JOIN accounts a ON a.id = c.account AND a.state = 'active' JOIN keys k ON k.id = w.key
        WHERE w.ended IS NULL AND w.key IN (SELECT value FROM json_each(?)) ORDER BY a.handle, c.kind, c.id
        """,
        (json.dumps(list(keys)),),
    ).fetchall()
    rules, opened, changing, seen = policies.policy(tx.register), 0, [], set()
    for credential, tier, handle, kind, person, is_open in rows:
        if credential in seen:
            continue
        seen.add(credential)
        if is_open:
            changing.append((handle, kind))
            continue
        by = due(rules, Trigger.COMPROMISE, tier, tx.now)
        body = {"rotation": tx.new_id(), "credential": credential, "trigger": Trigger.COMPROMISE.value, "person": person, "due": by}
        tx.record("rotation.opened", body)
        opened += 1
    return opened, tuple(changing)
