"""Sealing a new secret as the candidate of an open rotation, before anybody sees it and before the platform is touched.

Recipients are those who may have it from now on: never somebody who is leaving or whose grant has ended, and recovery always.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, NamedTuple

from govern.errors import IntegrityError, Locked, NotFound, Refused, Usage
from govern.holdings.services import SERVED_KINDS
from govern.policy import platforms
from govern.policy.profile import Limits as Known
from govern.procedures import remembered, sealing
from govern.procedures.typed import is_weak
from govern.register.queries import rotations, serving
from govern.register.queries.rotatable import Rotatable
from govern.register.queries.rotations import Rotation, Staged
from govern.register.transaction import Transaction
from govern.rotation.kinds import FACTS, GENERATED
from govern.vault import fingerprint
from govern.vault.chance import ahead
from govern.vault.generate import LONGEST, SYMBOLS, Class, Limits, generate, generate_typeable
from govern.vault.keys import Recipient
from govern.vault.seal import Context
from govern.vault.secret import Secret

_CHANCE: Final = 32
"""Random bytes that a generated secret takes, about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A version that was staged. `reuses`: 0, or the version whose secret came back; `compared`: whether earlier secrets could be read;
    `weak`: it was typed in and is easily guessed, or is a short seed."""

    n: int
    origin: str
    reuses: int = 0
    compared: bool = True
    weak: bool = False


def stage(
    tx: Transaction,
    rotation: Rotation,
    given: Secret | None = None,
    *,
    typeable: bool = False,
    changed_at: str = "",
    in_force: bool = False,
    to: Sequence[Recipient] = (),
) -> Candidate:
    """Stage the next version of the rotation's credential: what was `given`, else one that is generated, else (kept elsewhere) the fact alone.

    `in_force`: the platform has it already; `to`: whom `need_recipients` has found already. Raises Refused where nobody could open it and for
    a weak one that the policy does not take, NotFound where a secret of this kind has to be given first, Malformed for a given one that is
    none of its kind, Usage for one of a credential that is kept elsewhere.
    """
    if given is not None:
        stored_here(rotation)
    db = tx.register
    before = rotations.versions(db, rotation.credential)
    n = before[0].n + 1 if before else 1
    body: dict[str, Any] = {
        "credential": rotation.credential, "version": n, "state": "candidate", "rotation": rotation.id, "changed_at": changed_at or None,
    }  # fmt: skip
    if rotation.kept_in or (given is None and rotation.kind in FACTS):
        tx.record("version.staged", {**body, "origin": "claimed"})
        return Candidate(n=n, origin="claimed")
    to = to or need_recipients(db, account=rotation.account, handle=rotation.handle, kind=rotation.kind, now=tx.now)
    made = make(tx, rotation, before, given, typeable=typeable, in_force=in_force)
    found = made.candidate
    tx.record(
        "version.staged",
        {
            **body, "origin": found.origin, "reuses": found.reuses or None, "weak": made.weak or None,
            **sealing.seal(tx, made.context, made.fields, to),
        },
    )  # fmt: skip
    return found


class Made(NamedTuple):
    """A candidate that is not sealed yet: for which context, with which fields, and whether it is weak."""

    candidate: Candidate
    context: Context
    fields: Mapping[str, Any]
    weak: bool


def make(
    tx: Transaction,
    rotation: Rotation,
    before: Sequence[Staged],
    given: Secret | None = None,
    *,
    typeable: bool = False,
    in_force: bool = False,
) -> Made:
    """The next version of the rotation's credential, held against those `before` (the newest first), as far as the actor can open them."""
    n = before[0].n + 1 if before else 1
    origin, secret, fields, weak = _new(tx, rotation, given, typeable, in_force=in_force)
    found = remembered.earlier(tx, rotation, before)
    marks, reuses = fingerprint.held_against(found.marks, secret, n, tx.workspace.random)
    fields = {**fields, fingerprint.FIELD: marks}
    return Made(Candidate(n=n, origin=origin, reuses=reuses or 0, compared=found.whole, weak=weak), _context(tx, rotation, n), fields, weak)


def make_new(tx: Transaction, started: Sequence[Rotation], newest: Mapping[str, int], *, typeable: bool = False) -> list[Made]:
    """The same of many that are generated, opening nothing: no random secret comes back, and what was there before is carried on by the
    confirmation (`govern.procedures.remembered`). `newest`: credential -> number of its newest version, where there is one."""
    random, made = ahead(tx.workspace.random, _CHANCE * len(started)), []
    for rotation in started:
        n = newest.get(rotation.credential, 0) + 1
        secret = _generated(rotation, typeable, random)
        made.append(Made(Candidate(n=n, origin="generated"), _context(tx, rotation, n), {"secret": secret}, weak=False))
    return made


def _context(tx: Transaction, rotation: Rotation, n: int) -> Context:
    return Context(tx.workspace.vault, bytes.fromhex(rotation.account), bytes.fromhex(rotation.credential), rotation.kind, n)


def stored_here(found: Rotation | Rotatable) -> None:
    """Refuse a secret that was given for a credential that is kept elsewhere: it would be dropped, and told as stored. Raises Usage."""
    if found.kept_in:
        raise Usage(
            f"the {found.kind} of {found.handle} is kept in {found.place}: the secret stays there",
            hint="without --stdin, and with nothing piped in: only that it changed is recorded here",
        )


def need_recipients(db: sqlite3.Connection, *, account: str, handle: str, kind: str, now: str) -> list[Recipient]:
    """Those whom a new version of this kind of the account (id) is sealed to, services to which it is entrusted as well; Refused where only
    recovery, or a service, could open it."""
    found = recipients(db, account, kind, now)
    served = served_to(db, account, kind, now)
    if len(found) < 2:
        raise Refused(
            f"nobody who stays could open a new {kind} of {handle}, only recovery",
            rule="no-recipient",
            control="PS-4 e",
            hint=f"make somebody with keys responsible: govern account custody {handle} PERSON",
        )
    return found + served


def served_to(db: sqlite3.Connection, account: str, kind: str, now: str) -> list[Recipient]:
    """The keys of the services to which this kind of the account (id) is entrusted."""
    return _served(db, serving.of_account(db, account, now) if kind in SERVED_KINDS else [])


def _served(db: sqlite3.Connection, services: Sequence[str]) -> list[Recipient]:
    """The keys of these services (person ids)."""
    if not services:
        return []
    rows = db.execute(
        "SELECT id, seal FROM keys WHERE state = 'active' AND person IN (SELECT value FROM json_each(?)) ORDER BY id",
        (json.dumps(services),),
    )
    return [Recipient(bytes.fromhex(key), public) for key, public in rows]


def recipients(db: sqlite3.Connection, account: str, kind: str, now: str) -> list[Recipient]:
    """Recovery's key, and those of everybody who answers for the account or holds this kind of it, and neither leaves nor has run out of time."""
    rows = db.execute(
        """
        SELECT k.id, k.seal FROM keys k LEFT JOIN people p ON p.id = k.person
        WHERE k.state = 'recovery' OR (k.state = 'active' AND NOT p.leaving AND p.left_on IS NULL AND k.person IN (
          SELECT custodian FROM accounts WHERE id = :account UNION SELECT deputy FROM accounts WHERE id = :account
          UNION SELECT person FROM grants WHERE account = :account AND ended_at IS NULL AND (until IS NULL OR until > :now)
            AND (kinds IS NULL OR EXISTS (SELECT 1 FROM json_each(kinds) WHERE value = :kind))))
        ORDER BY k.id
        """,
        {"account": account, "kind": kind, "now": now},
    )
    return [Recipient(bytes.fromhex(key), public) for key, public in rows]


def recipients_among(db: sqlite3.Connection, credentials: Sequence[str], now: str) -> dict[str, tuple[Recipient, ...]]:
    """Credential -> whom a new version of it is sealed to, as `need_recipients` says, where that is enough; those with the same share one tuple."""
    rows = db.execute(
        """
        SELECT x.value, a.id, c.kind, a.custodian, a.deputy, (
          SELECT group_concat(g.person) FROM grants g WHERE g.account = a.id AND g.ended_at IS NULL AND (g.until IS NULL OR g.until > :now)
            AND (g.kinds IS NULL OR EXISTS (SELECT 1 FROM json_each(g.kinds) WHERE value = c.kind)))
        FROM json_each(:credentials) x JOIN credentials c ON c.id = x.value JOIN accounts a ON a.id = c.account
        """,
        {"credentials": json.dumps(list(credentials)), "now": now},
    ).fetchall()
    theirs: dict[str, list[Recipient]] = {}
    """Person -> their active keys, of those who stay."""
    for person, key, public in db.execute(
        "SELECT k.person, k.id, k.seal FROM keys k JOIN people p ON p.id = k.person"
        " WHERE k.state = 'active' AND NOT p.leaving AND p.left_on IS NULL"
    ):
        theirs.setdefault(person, []).append(Recipient(bytes.fromhex(key), public))
    recovery = [Recipient(bytes.fromhex(key), public) for key, public in db.execute("SELECT id, seal FROM keys WHERE state = 'recovery'")]
    entrusted = {account: _served(db, people) for account, people in serving.by_account(db, now).items()}

    shared: dict[tuple[Recipient, ...], tuple[Recipient, ...]] = {}

    @cache
    def these(custodian: str, deputy: str | None, holders: str | None) -> tuple[Recipient, ...]:
        people = {custodian, deputy, *(holders or "").split(",")}
        found = [key for person in people for key in theirs.get(person or "", ())]
        to = tuple(sorted([*found, *recovery], key=lambda one: one.key)) if found else ()
        return shared.setdefault(to, to)

    @cache
    def served(to: tuple[Recipient, ...], account: str) -> tuple[Recipient, ...]:
        return (*to, *entrusted.get(account, ()))

    return {
        credential: served(to, account) if account in entrusted and kind in SERVED_KINDS else to
        for credential, account, kind, custodian, deputy, holders in rows
        if (to := these(custodian, deputy, holders))
    }


@cache
def limits(platform: str) -> Limits:
    """The platform's rules for a password, as far as known; ours for the rest."""
    try:
        return within(platforms.profile(platform).password)
    except NotFound:
        return Limits()


def within(known: Known) -> Limits:
    """What a profile states as rules for the generator; ours for what it does not state."""
    most = min(known.max, LONGEST) if known.max is not None else max(64, known.min or 0)
    return Limits(
        min=known.min if known.min is not None else min(8, most),
        max=most,
        allowed_symbols=SYMBOLS if known.symbols is None else known.symbols,
        required=frozenset({Class.LOWER, Class.UPPER, Class.DIGIT} | {Class(name) for name in known.needs}),
        max_consecutive=known.max_consecutive or 0,
    )


def _new(
    tx: Transaction, rotation: Rotation, given: Secret | None, typeable: bool, *, in_force: bool
) -> tuple[str, Secret, dict[str, Any], bool]:
    """Origin, the secret to compare, the fields to seal, and whether it is weak."""
    if given is None:
        secret = _generated(rotation, typeable, tx.workspace.random)
        return "generated", secret, {"secret": secret}, False
    if rotation.kind == "totp":
        from govern.procedures.credentials import typed_seed
        from govern.vault import otp

        seed = typed_seed(given)
        return "platform", seed.secret, otp.to_fields(seed), seed.weak
    if rotation.kind not in GENERATED:
        return "platform", given, {"secret": given}, False
    return "set", given, {"secret": given}, is_weak(tx.register, rotation.account, given, in_force=in_force)


def _generated(rotation: Rotation, typeable: bool, random: Callable[[int], bytes]) -> Secret:
    if rotation.kind not in GENERATED:
        raise NotFound(
            f"the platform issues a {rotation.kind}: there is none to store yet",
            hint=f"get a new one on the platform, then: govern rotate {rotation.handle} --kind {rotation.kind} --stdin",
        )
    make = generate_typeable if typeable else generate
    return make(limits(rotation.platform), random=random)


def same_as(tx: Transaction, rotation: Rotation, n: int, given: Secret) -> bool:
    """Whether the given secret is the very one of a version; False where the actor can't open that."""
    version = next((found for found in rotations.versions(tx.register, rotation.credential) if found.n == n and found.manifest), None)
    if version is None:
        return False
    try:
        fields = remembered.opened(tx, rotation, version)
    except (Locked, IntegrityError):
        return False
    if rotation.kind == "totp":
        from govern.vault import otp

        given = otp.parse(given).secret
    return Secret(remembered.text_of(fields)) == given
