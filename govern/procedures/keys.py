"""Revoking keys: their wraps end, whoever is left reads on under new epochs, and what a lost machine could open is to be changed."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from govern.errors import Refused
from govern.procedures import epochs, sealing, together
from govern.register.queries import policies, versions
from govern.rotation.triggers import Trigger, due

if TYPE_CHECKING:
    from govern.register.queries.versions import Last
    from govern.register.transaction import Transaction

CAUSES: Final = ("lost", "departure", "compromise", "replaced")
_IN_OTHER_HANDS: Final = ("lost", "compromise")
_NAMED: Final = 5


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
    opened, due now, for every live secret that it could open; in any departure for what it alone could open. Such wraps stay. Where somebody only
    replaces a key, that is Refused: its owner can still seal it to others.
    """
    gone: list[str] = []
    kept: list[str] = []
    last = versions.only_for(tx.register, keys)
    if last and cause == "replaced" and not spare_last:
        raise _openable_by_none(last)
    last_of = [one for one in last if not one.changing]
    _begin_changes(tx, last_of, Trigger.COMPROMISE if cause in _IN_OTHER_HANDS else Trigger.MEMBERSHIP)
    for key in keys:
        try:
            tx.record("key.revoked", {"key": key, "cause": cause})
            gone.append(key)
        except Refused as refused:
            if not spare_last or refused.rule != "last-admin-key":
                raise
            kept.append(key)
    started = epochs.renew(tx, gone)
    begun = {one.credential for one in last_of}
    opened, changing = _in_other_hands(tx, gone, begun) if cause in _IN_OTHER_HANDS else (0, ())
    wraps = tx.register.execute(
        "SELECT w.credential, w.n, w.key, v.manifest FROM wraps w JOIN versions v ON v.credential = w.credential AND v.n = w.n"
        " WHERE w.ended IS NULL AND w.key IN (SELECT value FROM json_each(?)) ORDER BY w.credential, w.n, w.key",
        (json.dumps(gone),),
    ).fetchall()
    ended = sealing.end_each(tx, wraps)
    return Revoked(keys=tuple(gone), kept=tuple(kept), wraps=ended, epochs=started, rotations=opened + len(begun), changing=changing)


def _openable_by_none(last: Sequence[Last]) -> Refused:
    named = [f"the {one.kind} of {one.handle}" for one in last[:_NAMED]]
    more = f" and {len(last) - _NAMED} more" if len(last) > _NAMED else ""
    return Refused(
        f"nobody else could open {', '.join(named)}{more}", rule="no-secret-lost", control="CP-9",
        hint=f"whoever has that key seals it to others and to recovery first: govern credential reseal {last[0].handle}; where nobody has it: --cause lost",
    )  # fmt: skip


def _begin_changes(tx: Transaction, last: Sequence[Last], trigger: Trigger) -> None:
    """Open a rotation of each of these: what nobody can open any more is made anew on its platform."""
    rules = policies.policy(tx.register)
    together.open_rotations(tx, [(one.credential, due(rules, trigger, one.tier, tx.now) or "") for one in last], trigger)


def _in_other_hands(tx: Transaction, keys: Sequence[str], begun: Collection[str]) -> tuple[int, tuple[tuple[str, str], ...]]:
    """Open a rotation, due now, of each live secret of an account in use that is sealed to one of the keys, but for those `begun` already (ids)."""
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
        if credential in seen or credential in begun:
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
