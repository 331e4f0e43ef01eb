"""What ties a person to accounts beside secrets, and by what the ledger shows that it does no more. Grows with the person, not with the vault."""

from __future__ import annotations

import sqlite3
from typing import Final, NamedTuple

from govern.errors import Refused
from govern.offboarding.beside import KINDS, Tie
from govern.offboarding.items import Item, ItemKind
from govern.offboarding.kinds import Scope
from govern.register.queries import inventory
from govern.shell import quoted

_OTHER_ADMIN: Final = (
    "SELECT 1 FROM entitlements t JOIN people p ON p.id = t.person WHERE t.account = ? AND t.person <> ? AND t.admin = 1 AND t.ended_at IS NULL"
    " AND NOT p.leaving AND p.left_on IS NULL LIMIT 1"
)

_ADMIN_BY: Final = _OTHER_ADMIN.replace("SELECT 1", "SELECT t.recorder, t.entry").replace(
    "LIMIT 1", "ORDER BY t.recorder = ?, t.entry LIMIT 1"
)


class Proof(NamedTuple):
    """Which entry of the ledger ended it, and who signed that."""

    by: str
    grade: str
    entry: int


def of_person(db: sqlite3.Connection, person: str, *, lost: bool = False) -> tuple[Tie, ...]:
    """Everything of accounts in use, and the devices (`lost`: those that are lost alone), by kind and handle of the account."""
    there = {row[0] for row in db.execute("SELECT id FROM accounts WHERE state = 'active' AND id IN (SELECT account FROM entitlements"
        " WHERE person = ?1 UNION SELECT account FROM apps WHERE person = ?1)", (person,))}  # fmt: skip
    found = [
        Tie(kind=ItemKind.ENTITLEMENT, account=one.account, about=one.id, sole=one.admin and not _another_admin(db, one.account, person))
        for one in inventory.entitlements(db, person=person)
        if one.account in there
    ]
    found += [Tie(kind=ItemKind.PROMPTS, account=account) for account in inventory.reaching(db, person)]
    found += [
        Tie(kind=ItemKind.RECOVERY_CHANNEL, account=one.account, credential=one.credential, version=one.version)
        for one in inventory.channels(db, person=person)
    ]
    found += [
        Tie(kind=ItemKind.APP, account=one.account, about=one.id) for one in inventory.apps(db, person=person) if one.account in there
    ]
    theirs = [one for one in inventory.devices(db, person=person) if not lost or one.state == "lost"]
    in_use = dict(db.execute("SELECT handle, id FROM accounts WHERE state = 'active' AND id IN (SELECT d.account FROM device_accounts d"
        " JOIN devices t ON t.id = d.device WHERE t.person = ?)", (person,)))  # fmt: skip
    found += [
        Tie(kind=ItemKind.SESSION, account=in_use[handle], about=one.id) for one in theirs for handle in one.accounts if handle in in_use
    ]
    return (*found, *(Tie(kind=ItemKind.DEVICE, about=one.id) for one in theirs))


def unanswered(db: sqlite3.Connection, case: str, person: str, scope: Scope) -> list[Tie]:
    """What ties the person still, as far as the case is about it, and no item of it gave up: a role that was taken away and given again too; codes
    that go to their phone."""
    given_up = set(db.execute(
        "SELECT kind, coalesce(account, ''), coalesce(about, ''), coalesce(credential, ''), coalesce(n, 0) FROM items"
        " WHERE case_id = ? AND state IN ('waived', 'not-applicable')", (case,)
    ))  # fmt: skip
    return [
        tie
        for tie in of_person(db, person, lost=not scope.rules.of_the_person)
        if scope.takes(tie.kind, tie.account) and tie[:5] not in given_up
    ]


def _another_admin(db: sqlite3.Connection, account: str, person: str) -> bool:
    return db.execute(_OTHER_ADMIN, (account, person)).fetchone() is not None


def unmet(db: sqlite3.Connection, person: str, item: Item) -> Refused | None:
    """Why the ledger says that an item of these kinds is not done; None where it is."""

    def one(query: str, *values: object) -> tuple[object, ...]:
        return tuple(db.execute(query, values).fetchone() or ())

    handle = str((one("SELECT handle FROM accounts WHERE id = ?", item.account) or ("ACCOUNT",))[0])
    who = str((one("SELECT handle FROM people WHERE id = ?", person) or ("",))[0] or "PERSON")
    match item.kind:
        case ItemKind.NATIVE_ADMIN:
            left = not _another_admin(db, item.account, person)
            hint = f"make somebody else admin there, then: govern entitlement add {handle} PERSON --role ROLE --admin"
        case ItemKind.ENTITLEMENT:
            row = one("SELECT ended_at, role FROM entitlements WHERE id = ?", item.about)
            left = not row or row[0] is None
            hint = f"remove it there, then: govern entitlement end {handle} {who} --role {quoted(row[1] if row else 'ROLE')}"
        case ItemKind.PROMPTS:
            left = bool(one("SELECT 1 FROM accounts WHERE id = ? AND prompts_reach = ? AND state = 'active'", item.account, person))
            hint = f"change it there, then: govern account edit {handle} --prompts-reach PERSON"
        case ItemKind.RECOVERY_CHANNEL:
            left = bool(one(_REACHES, item.credential, item.version, person))
            kind = str((one("SELECT kind FROM credentials WHERE id = ?", item.credential) or ("recovery-email",))[0])
            hint = f"govern rotate {handle} --kind {kind}"
        case ItemKind.APP:
            row = one("SELECT ended_at, tool FROM apps WHERE id = ?", item.about)
            left = not row or row[0] is None
            hint = f"remove it there, then: govern app end {handle} {quoted(row[1] if row else 'TOOL')} --by {who}"
        case ItemKind.SESSION:
            left = bool(one(_SIGNED_IN, item.about, item.account))
            hint = f"sign it out there, then: govern device signed-in {item.about[:8]} --accounts {handle} --out"
        case ItemKind.DEVICE:
            left = one("SELECT state FROM devices WHERE id = ?", item.about) in ((), ("held",), ("lost",))
            hint = f"govern device return {item.about[:8]}, or --wiped"
        case _:
            raise AssertionError(item.kind)
    if left:
        return Refused(f"the ledger does not show this done: {item.kind}", rule="not-yet", control="PS-4", hint=hint)
    proof = ended_by(db, person, item)
    if proof is not None and proof.by == person:
        return Refused(
            "the one who leaves recorded it themselves, which is no proof against them", rule="own-end", control="AC-5",
            hint="somebody else looks there, and changes it once more or gives the item up: govern offboard waive CASE ITEM --reason TEXT",
        )  # fmt: skip
    return None


_REACHES: Final = (
    "SELECT 1 FROM channels t JOIN versions v ON v.credential = t.credential AND v.n = t.n AND v.ended_at IS NULL"
    " WHERE t.credential = ? AND t.n = ? AND t.person = ?"
)
_SIGNED_IN: Final = (
    "SELECT 1 FROM device_accounts d JOIN devices t ON t.id = d.device AND t.state IN ('held', 'lost') WHERE d.device = ? AND d.account = ?"
    " AND d.out_entry IS NULL"
)
_ENDED: Final = {
    ItemKind.ENTITLEMENT: "SELECT ender, ended_entry FROM entitlements WHERE id = ? AND ended_at IS NOT NULL",
    ItemKind.APP: "SELECT ender, ended_entry FROM apps WHERE id = ? AND ended_at IS NOT NULL",
    ItemKind.SESSION: "SELECT iif(d.out_entry IS NULL, t.ender, d.out_by), coalesce(d.out_entry, t.ended_entry) FROM device_accounts d"
    " JOIN devices t ON t.id = d.device WHERE d.device = ? AND d.account = ? AND (d.out_entry IS NOT NULL OR t.state IN ('returned', 'wiped'))",
    ItemKind.DEVICE: "SELECT ender, ended_entry FROM devices WHERE id = ? AND state IN ('returned', 'wiped')",
}


def ended_by(db: sqlite3.Connection, person: str, item: Item) -> Proof | None:
    """The entry by which it ended; None where it has not, or where no single entry says so."""
    query: str
    values: tuple[object, ...]
    match item.kind:
        case ItemKind.NATIVE_ADMIN:
            query, values = _ADMIN_BY, (item.account, person, person)
        case ItemKind.RECOVERY_CHANNEL:
            query, values = _CHANGED, (item.credential, item.version, person)
        case _ if item.kind in _ENDED:
            query = _ENDED[item.kind]
            values = (item.about, item.account) if item.kind is ItemKind.SESSION else (item.about,)
        case _:
            return None
    row = db.execute(query, values).fetchone()
    return None if row is None else Proof(by=row[0], grade=row[2] if len(row) > 2 else "one-person", entry=row[1])


_CHANGED: Final = """
SELECT by, entry, grade FROM (
  SELECT r.confirmer AS by, r.ended_entry AS entry, r.grade FROM versions v JOIN rotations r ON r.credential = v.credential AND r.state = 'done'
    AND r.candidate <> v.n AND r.ended_entry > v.entry WHERE v.credential = ?1 AND v.n = ?2 AND v.ended_at IS NOT NULL
  UNION ALL SELECT teller, entry, 'one-person' FROM channels WHERE credential = ?1 AND n = ?2 AND before IS NOT NULL
) ORDER BY by = ?3, entry LIMIT 1
"""
"""A rotation by which the address was replaced, or the correction by which it reaches somebody else; one by others than the person where there is one."""


def is_beside(item: Item) -> bool:
    return item.kind in KINDS
