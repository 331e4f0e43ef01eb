"""Adding a credential: its secret sealed here, or recorded as kept in a place outside; either way its version 1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from govern.errors import Malformed, Refused, Usage
from govern.procedures import sealing
from govern.procedures.holding import become_first_holder
from govern.procedures.typed import is_weak
from govern.register.queries import credentials, people
from govern.register.queries.accounts import Account
from govern.register.transaction import Transaction
from govern.vault import fingerprint, otp
from govern.vault.seal import Context
from govern.vault.secret import Secret

LONGEST_SECRET = 10_000
"""Characters; a sealed version stays below 64 KiB with it however it is spelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """`weak`: a seed below 128 bits, or a password that is easily guessed; `holder`: the actor became the account's first holder by it;
    `waiting`: handles of holders without keys."""

    credential: str
    weak: bool
    holder: bool
    waiting: tuple[str, ...] = ()


def typed_seed(secret: Secret) -> otp.Otp:
    """The seed that somebody typed or piped in; Usage where it is none."""
    try:
        seed = otp.parse(secret)
        otp.code(seed, 0)  # a seed that gives no code is refused while nothing is recorded yet
    except Malformed as error:
        raise Usage(
            error.message, code=error.code, hint="the seed in base32, or the otpauth:// address, that the platform shows beside its QR code"
        ) from None
    return seed


def fields_of(kind: str, secret: Secret, random: Callable[[int], bytes]) -> tuple[dict[str, Any], bool]:
    """What is sealed as version 1, and whether it is weak. Raises Usage for a seed that is none and a secret that is too long."""
    if len(secret.reveal()) > LONGEST_SECRET:
        raise Usage(f"a secret of more than {LONGEST_SECRET} characters")
    if kind != "totp":
        return {"secret": secret, fingerprint.FIELD: fingerprint.remember(None, secret, 1, random)}, False
    seed = typed_seed(secret)
    return {**otp.to_fields(seed), fingerprint.FIELD: fingerprint.remember(None, seed.secret, 1, random)}, seed.weak


def add_sealed(tx: Transaction, account: Account, kind: str, secret: Secret, *, changed_at: str | None = None) -> Added:
    """Seal a secret that the actor typed in, to everybody who holds or answers for the account. `changed_at`: UTC time, claimed."""
    _check_new(tx, account, kind)
    fields, weak = fields_of(kind, secret, tx.workspace.random)
    weak = weak or (kind == "password" and is_weak(tx.register, account.id, secret, in_force=True))
    holder = become_first_holder(tx, account.id)
    credential = tx.new_id()
    tx.record("credential.added", {"credential": credential, "account": account.id, "kind": kind})
    context = Context(tx.workspace.vault, bytes.fromhex(account.id), bytes.fromhex(credential), kind, 1)
    sealed = sealing.seal(tx, context, fields, sealing.recipients(tx.register, account.id, tx.actor, kind=kind))
    tx.record(
        "version.staged",
        {
            "credential": credential, "version": 1, "state": "current", "origin": "set", "changed_at": changed_at, "weak": weak or None,
            **sealed,
        },
    )  # fmt: skip
    return Added(credential=credential, weak=weak, holder=holder, waiting=_without_keys(tx, account.id, kind))


def add_kept(tx: Transaction, account: Account, kind: str, place: str, *, changed_at: str | None = None) -> Added:
    """Record that the secret is kept in a place (id): a version without a secret, so that who knows it can be told."""
    _check_new(tx, account, kind)
    holder = become_first_holder(tx, account.id)
    credential = tx.new_id()
    tx.record("credential.added", {"credential": credential, "account": account.id, "kind": kind, "kept_in": place})
    tx.record(
        "version.staged", {"credential": credential, "version": 1, "state": "current", "origin": "claimed", "changed_at": changed_at}
    )  # fmt: skip
    return Added(credential=credential, weak=False, holder=holder)


def _check_new(tx: Transaction, account: Account, kind: str) -> None:
    if account.state != "active":
        raise Refused(f"{account.handle} is retired", rule="retired", hint="govern account list shows those in use")
    if any(credential.kind == kind for credential in credentials.of_account(tx.register, account.id)):
        raise Refused(
            f"{account.handle} has a {kind} already", rule="one-per-kind", hint=f"to change it: govern rotate {account.handle} --kind {kind}"
        )  # fmt: skip


def _without_keys(tx: Transaction, account: str, kind: str) -> tuple[str, ...]:
    names = people.handles(tx.register)
    rows = tx.register.execute(
        "SELECT DISTINCT person FROM grants WHERE account = ? AND ended_at IS NULL"
        " AND (kinds IS NULL OR EXISTS (SELECT 1 FROM json_each(kinds) WHERE value = ?))"
        " AND person NOT IN (SELECT person FROM keys WHERE state = 'active' AND person IS NOT NULL) ORDER BY entry",
        (account, kind),
    )
    return tuple(names.get(person, person) for (person,) in rows)
