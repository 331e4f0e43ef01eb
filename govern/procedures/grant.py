"""Allowing a person to hold accounts: the grants, and for somebody with keys every live secret of theirs sealed to those keys."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govern.errors import Locked, NotFound, Usage
from govern.holdings import grants
from govern.holdings.handing_over import NOT_HANDED
from govern.procedures.overdue import may_grant
from govern.procedures.settling import after_joining
from govern.register.queries import accounts, gate, holdings, people, policies, ties, versions
from govern.register.queries.accounts import Account
from govern.register.queries.people import Person

if TYPE_CHECKING:
    from govern.register.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What `govern grant` was asked for. An empty selector goes with `like`: everything that this other person holds."""

    selector: str
    person: str
    like: str
    asked: grants.Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would be recorded. `unchanged`: handles of accounts that the person holds just so already."""

    person: Person
    issues: tuple[grants.Issue, ...]
    unchanged: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """One recorded grant. `sealed`: the person has keys and can open it; else `waiting` names the kinds to hand over.

    `places`: where secrets are kept elsewhere that the person is not known to have; `absent`: kinds asked for that the account does not have.
    """

    account: str
    until: str
    kinds: tuple[str, ...]
    sealed: bool
    waiting: tuple[str, ...]
    places: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    is_empty: bool = False
    """Nothing of the account is known yet: no credential, here or elsewhere."""


def tiers(db: sqlite3.Connection, request: Request) -> set[str]:
    """The tiers concerned, so that a reason can be asked for before anything is locked."""
    return {account.tier for account, _ in _wanted(db, request)}


def plan(db: sqlite3.Connection, request: Request, *, actor: str, now: str) -> Plan:
    """Hold the request against the policy; raises NotFound, Usage or Refused, naming the first account that stands in the way."""
    person = people.find(db, request.person)
    wanted = _wanted(db, request)
    rules = policies.policy(db)
    receiver = grants.Receiver(id=person.id, handle=person.handle, status=person.status)
    held: dict[str, list[grants.Held]] = {}
    for grant in holdings.of_accounts(db, [account.id for account, _ in wanted]):
        held.setdefault(grant.account, []).append(grants.Held(grant=grant.id, person=grant.person, until=grant.until, kinds=grant.kinds))
    issues, unchanged = [], []
    for account, kinds in wanted:
        target = grants.Target(
            id=account.id, handle=account.handle, tier=account.tier, custodian=account.custodian, active=account.state == "active",
            held=tuple(held.get(account.id, ())),
        )  # fmt: skip
        asked = request.asked if request.asked.kinds else request.asked._replace(kinds=kinds)
        found = grants.issue(rules, target, receiver, asked, actor=actor, now=now)
        if found is None:
            unchanged.append(account.handle)
        else:
            if not (found.emergency or found.founding or found.replaces):
                may_grant(db, rules, account, now[:10])
            gate.must_hold(db, account.id, person.id, now[:10])
            issues.append(found)
    return Plan(person=person, issues=tuple(issues), unchanged=tuple(unchanged))


def grant(tx: Transaction, request: Request) -> tuple[Plan, list[Granted]]:
    """Record the grants, and seal; all of them or none. Raises Locked where the actor can't open what is to be sealed."""
    planned = plan(tx.register, request, actor=tx.actor, now=tx.now)
    personal = {"reason": request.asked.reason}
    for issue in planned.issues:
        if issue.replaces:
            tx.record("grant.ended", {"grants": [issue.replaces], "cause": issue.ended})
        tx.record("grant.issued", issue.body(tx.new_id()), personal)
    if planned.person.keyholder:
        _seal(tx, planned)
    after_joining(tx, planned.person.id)
    return planned, told(tx.register, planned)


def told(db: sqlite3.Connection, planned: Plan) -> list[Granted]:
    """The plan as it is reported; for somebody without keys with what is to be handed over."""
    keyholder = planned.person.keyholder
    current = [one for one in versions.current(db, [issue.account for issue in planned.issues]) if one.kind not in NOT_HANDED]
    seen = holdings.seen(db, planned.person.id)
    known = {(one.credential, one.version) for one in ties.known(db, planned.person.id)}
    return [
        Granted(
            account=issue.handle, until=issue.until, kinds=issue.kinds, sealed=keyholder,
            waiting=tuple(
                version.kind for version in current
                if not keyholder and version.account == issue.account and version.manifest and (not issue.kinds or version.kind in issue.kinds)
                and (version.credential, version.n) not in seen
            ),
            places=tuple(dict.fromkeys(
                version.place for version in current
                if version.account == issue.account and not version.manifest and version.place
                and (not issue.kinds or version.kind in issue.kinds) and (version.credential, version.n) not in known
            )),
            absent=tuple(
                kind for kind in issue.kinds if kind not in {version.kind for version in current if version.account == issue.account}
            ),
            is_empty=all(version.account != issue.account for version in current),
        )
        for issue in planned.issues
    ]  # fmt: skip


def _seal(tx: Transaction, planned: Plan) -> None:
    from govern.procedures.sealing import Stored, add_wraps
    from govern.vault.keys import Recipient

    keys = [
        Recipient(bytes.fromhex(key), public)
        for key, public in tx.register.execute(
            "SELECT id, seal FROM keys WHERE person = ? AND state = 'active' ORDER BY id", (planned.person.id,)
        )
    ]
    kinds = {issue.account: issue.kinds for issue in planned.issues}
    stored = [
        Stored(version.account, version.credential, version.kind, version.n, bytes.fromhex(version.manifest))
        for version in versions.live(tx.register, list(kinds))
        if version.manifest and (not kinds[version.account] or version.kind in kinds[version.account])
    ]
    try:
        add_wraps(tx, stored, keys)
    except Locked as error:
        if error.code != "no-wrap":
            raise
        raise Locked(
            f"you can't open all of this, so you can't seal it to {planned.person.handle}",
            code="no-wrap",
            hint=f"the responsible person can grant it: {_responsible(tx.register, planned.issues)}",
        ) from error


def _responsible(db: sqlite3.Connection, issues: Sequence[grants.Issue]) -> str:
    names = people.handles(db)
    found = {names.get(accounts.by_id(db, issue.account).custodian, "") for issue in issues}
    return ", ".join(sorted(found - {""}))


def _wanted(db: sqlite3.Connection, request: Request) -> list[tuple[Account, tuple[str, ...]]]:
    """The accounts asked for, each with the kinds that the person to be followed holds of it (empty: all)."""
    if not request.like:
        if not request.selector:
            raise Usage("which account is granted is missing", hint="govern grant ACCOUNT PERSON")
        return [(account, ()) for account in accounts.select(db, request.selector)]
    other = people.find(db, request.like)
    held = {grant.account: grant.kinds for grant in holdings.of_person(db, other.id)}
    chosen = accounts.select(db, request.selector) if request.selector else [accounts.by_id(db, id_) for id_ in held]
    found = [(account, held[account.id]) for account in chosen if account.id in held and account.state == "active"]
    if not found:
        what = f"{request.selector!r}" if request.selector else "any account"
        raise NotFound(f"{other.handle} does not hold {what}", hint=f"govern holds {other.handle}")
    return found
