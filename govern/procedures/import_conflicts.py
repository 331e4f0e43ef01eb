"""A login whose secret differs from ours, and somebody says that the file's is the one that works.

That is a change made elsewhere: a rotation, opened and confirmed at once, of the lowest grade (claimed). The earlier secret stays as the
previous version, and whoever knew it knows it still in the ledger's eyes until then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from govern.errors import Locked, Malformed
from govern.importers.login import Login
from govern.procedures import remembered
from govern.procedures.import_ import Asked, Conflict, Result, walk
from govern.procedures.import_record import fields_of, text_of
from govern.procedures.sealing import Stored, open_fields, recipients, seal
from govern.procedures.typed import brought
from govern.register.queries import imports, rotations
from govern.vault import fingerprint, otp
from govern.vault.seal import Context
from govern.vault.secret import Secret

if TYPE_CHECKING:
    from govern.register.transaction import Transaction
    from govern.register.workspace import Workspace


def obstacles(workspace: Workspace, conflict: Conflict) -> dict[str, str]:
    """Kind -> why `take_theirs` would leave its secret as it is, for those where it would."""
    db, key = workspace.view(), workspace.keys.id.hex()
    stored = imports.credentials(db, conflict.account)
    busy = imports.with_open_rotation(db, [each.id for each in stored])
    found = {}
    for kind in conflict.kinds:
        held = [each for each in stored if each.kind == kind and each.manifest]
        if len(held) > 1:
            found[kind] = f"there are {len(held)} of them here"
        elif any(each.id in busy for each in held):
            found[kind] = "a rotation of it is under way: govern rotation list --open"
        elif not all(imports.opens(db, each, key) for each in held):
            found[kind] = f"it is not sealed to your key: govern who {conflict.handle}"
    return found


def take_theirs(workspace: Workspace, asked: Asked, conflicts: Sequence[Conflict], now: str) -> Result:
    """Change the differing secrets of these logins to the file's, then (in a transaction that can read them) take in what else they bring.

    A credential with a rotation under way, one of several of its kind, and one that this member can't open stay as they are, and their
    logins among the conflicts.
    """
    logins = tuple(conflict.found for conflict in conflicts)
    with workspace.transaction(now) as tx:
        for conflict in conflicts:
            _change(tx, conflict)
    with workspace.transaction(now) as tx:
        return walk(tx, replace(asked, logins=logins), None)


def _change(tx: Transaction, conflict: Conflict) -> None:
    stored = imports.credentials(tx.register, conflict.account)
    busy = imports.with_open_rotation(tx.register, [each.id for each in stored])
    for kind in conflict.kinds:
        value = _value(conflict.found[0], kind)
        held = [each for each in stored if each.kind == kind and each.manifest]
        if value is not None and len(held) == 1 and held[0].id not in busy:
            _rotate(tx, conflict, held[0], value)


def _value(login: Login, kind: str) -> Secret | otp.Otp | None:
    if kind == "password" or not login.totp:
        return login.password
    try:
        return otp.parse(login.totp[0])
    except Malformed:
        return login.totp[0]  # kept as it is, as in an import


def _is_weak(tx: Transaction, conflict: Conflict, value: Secret | otp.Otp) -> bool:
    """A seed below 128 bits, or a password that is easily guessed."""
    if isinstance(value, otp.Otp):
        return value.weak
    login, where = conflict.found
    return value == login.password and brought(tx.register)(value, conflict.handle, where.platform, login.username, where.url)


def _rotate(tx: Transaction, conflict: Conflict, held: imports.Held, value: Secret | otp.Otp) -> None:
    current = Stored(conflict.account, held.id, held.kind, held.n, bytes.fromhex(held.manifest))
    try:
        open_fields(tx, current)
    except Locked:
        return
    earlier = remembered.earlier(tx, current, rotations.versions(tx.register, held.id)).marks
    n, rotation = imports.last_version(tx.register, held.id) + 1, tx.new_id()
    tx.record("rotation.opened", {"rotation": rotation, "credential": held.id, "trigger": "manual"})
    marks = fingerprint.remember(earlier, text_of(value), n, tx.workspace.random)
    context = Context(tx.workspace.vault, bytes.fromhex(conflict.account), bytes.fromhex(held.id), held.kind, n)
    sealed = seal(tx, context, fields_of(value, marks), recipients(tx.register, conflict.account, kind=held.kind))
    tx.record(
        "version.staged",
        {
            "credential": held.id, "version": n, "state": "candidate", "origin": "imported", "rotation": rotation, "others_unknown": True,
            "reuses": fingerprint.reused(earlier, text_of(value)), "weak": _is_weak(tx, conflict, value) or None, **sealed,
        },
    )  # fmt: skip
    tx.record("rotation.confirmed", {"rotation": rotation, "version": n, "grade": "claimed"})
