"""What has to be true before a secret may be shown, and what of an opened version there is to show.

Everything here happens before the commit: what can fail, fails while nothing is recorded and nothing has left the process.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from govern.errors import Malformed, Refused
from govern.holdings import grants
from govern.register.queries import holdings, people, policies, serving
from govern.register.queries.accounts import Account
from govern.register.queries.versions import Version
from govern.vault.secret import Secret

if TYPE_CHECKING:
    from govern.register.transaction import Transaction


def must_hold(db: sqlite3.Connection, account: Account, person: str, kind: str, now: str) -> None:
    """Refuse (AC-3) whoever neither answers for the account nor has a grant on this kind that has not run out, and every service to which it is
    not entrusted. `person` is an id."""
    if person in (account.custodian, account.deputy):
        return
    if serving.serves(db, person, account.id, kind, now):
        return
    own = [grant for grant in holdings.of_accounts(db, [account.id]) if grant.person == person]
    names = people.handles(db)
    who = names.get(person, "this person")
    hint = f"the responsible person, {names.get(account.custodian, 'an admin')}, grants it: govern grant {account.handle} {who}"
    held = [grants.Held(grant=grant.id, person=grant.person, until=grant.until, kinds=grant.kinds) for grant in own]
    if not held:
        raise Refused(f"{who} does not hold {account.handle}", rule="holder", control="AC-3", hint=hint)
    if not any(grant.covers(kind) for grant in held):
        raise Refused(f"{who} holds {account.handle}, but not its {kind}", rule="holder", control="AC-3", hint=hint)
    if not any(grant.runs(now) for grant in held):
        raise Refused(f"the grant of {who} on {account.handle} ended on {held[0].until[:10]}", rule="grant-over", control="AC-2", hint=hint)


def need_reason(db: sqlite3.Connection, account: Account, reason: str, what: str) -> None:
    """Refuse (AC-2) where the account's tier asks for a reason and there is none."""
    target = grants.Target(id=account.id, handle=account.handle, tier=account.tier, custodian=account.custodian, active=True, held=())
    grants.need_reason(policies.policy(db), target, reason, what)


def opened(tx: Transaction, version: Version) -> dict[str, Any]:
    """The fields of a sealed version, opened with the actor's own wrap. Locked without one, IntegrityError for anything altered."""
    from govern.procedures.sealing import Stored, open_fields

    return open_fields(tx, Stored(version.account, version.credential, version.kind, version.n, bytes.fromhex(version.manifest)))


def value(kind: str, fields: Mapping[str, Any]) -> Secret:
    """The secret itself. A seed with settings of its own comes as its otpauth:// address, since without them it gives wrong codes."""
    if kind == "totp":
        from govern.vault.otp import Otp, from_fields

        try:
            otp = from_fields(fields)
        except Malformed:
            if "otp" in fields or not isinstance(fields.get("secret"), str):
                raise
            return Secret(fields["secret"])  # imported as its file had it: no code can be made of it, and nothing is lost
        plain = Otp(secret=otp.secret, issuer=otp.issuer, name=otp.name, weak=otp.weak)
        return otp.secret if otp == plain else address(fields)
    secret = fields.get("secret")
    if isinstance(secret, str):
        return Secret(secret)
    if isinstance(secret, list) and all(isinstance(line, str) for line in secret):
        return Secret("\n".join(secret))
    raise Malformed(f"a sealed {kind} without a secret in it")


def address(fields: Mapping[str, Any]) -> Secret:
    """The otpauth:// address of a sealed seed: what the camera of a phone reads."""
    from govern.vault.otp import from_fields, uri

    return uri(from_fields(fields))
