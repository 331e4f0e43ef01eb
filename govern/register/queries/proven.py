"""Whether the ledger shows an item of a departure done, or can't tell; and which rotation ended a version. Reads the register alone."""

from __future__ import annotations

import json
import sqlite3
from typing import Final, assert_never

from govern.errors import Refused
from govern.offboarding.items import Item, ItemKind
from govern.offboarding.joining import ASKED
from govern.offboarding.kinds import WHOLE, Scope
from govern.register.queries import joining, ties_beside
from govern.register.queries.ties import another_admin, not_openable, unattended


def unmet(db: sqlite3.Connection, person: str, item: Item, scope: Scope = WHOLE, *, at: str) -> Refused | None:
    """Why the ledger says at this time (UTC) that an item of this person's case is not done; None where it is, or where it can't tell (copies
    in places)."""

    def there(query: str, *values: object) -> bool:
        return db.execute(query, values).fetchone() is not None

    match item.kind:
        case ItemKind.ROTATE:
            return _not_rotated(db, person, item, scope)
        case ItemKind.END_GRANT:
            whose = "account = ?1" if scope.rules.of_accounts else "account = ?1 AND person = ?2"
            left = there(f"SELECT 1 FROM grants WHERE {whose} AND ended_at IS NULL AND ?2 <> ''", item.account, person)  # noqa: S608
            hint = "govern revoke ACCOUNT PERSON"
        case ItemKind.CUSTODY:
            left = there("SELECT 1 FROM accounts WHERE id = ? AND custodian = ? AND state = 'active'", item.account, person)
            hint = "make somebody else responsible: govern account custody ACCOUNT PERSON"
        case ItemKind.DEPUTY:
            left = there("SELECT 1 FROM accounts WHERE id = ? AND deputy = ? AND state = 'active'", item.account, person)
            hint = "name another deputy: govern account edit ACCOUNT --deputy PERSON, or --clear deputy"
        case ItemKind.SUCCESSOR_ADMIN:
            left = not another_admin(db, person, at)
            hint = "before the cut: govern person role PERSON admin; after it: govern vault recover --sheet FILE… --handle PERSON"
        case ItemKind.RECOVERY_SHEET:
            left = there("SELECT 1 FROM keys WHERE id = ? AND state = 'recovery'", item.about)
            hint = "govern recovery replace, then a second person approves it: govern proposal approve ID"
        case ItemKind.SOLE_HOLDER:
            this = json.dumps([item.account])
            left = bool(unattended(db, this, person) or not_openable(db, this, person))
            left = left and there("SELECT 1 FROM accounts WHERE id = ? AND state = 'active'", item.account)
            hint = "name a successor: govern account custody ACCOUNT PERSON, then rotate what only recovery can open"
        case ItemKind.WITHDRAW_ROLE:
            left = there("SELECT 1 FROM roles WHERE person = ? AND role = ?", person, item.about)
            hint = "govern person role PERSON ROLE --withdraw"
        case ItemKind.REVOKE_KEY:
            left = there("SELECT 1 FROM keys WHERE id = ? AND state = 'active'", item.about)
            hint = f"govern key revoke {item.about[:8]} --cause departure"
        case ItemKind.RETIRE:
            opens = (
                "SELECT 1 FROM credentials c JOIN wraps w ON w.credential = c.id AND w.ended IS NULL JOIN keys k ON k.id = w.key AND k.person IS NOT NULL"
                " WHERE c.account = ?"
            )
            left = there("SELECT 1 FROM accounts WHERE id = ? AND state = 'active'", item.account) or there(opens, item.account)
            hint = "govern account retire ACCOUNT --returned"
        case ItemKind.CLEAN_PLACE | ItemKind.DESTROY_COPIES | ItemKind.HAND_BACK | ItemKind.TAKEN_OVER:
            return None
        case (
            ItemKind.NATIVE_ADMIN
            | ItemKind.ENTITLEMENT
            | ItemKind.PROMPTS
            | ItemKind.RECOVERY_CHANNEL
            | ItemKind.SESSION
            | ItemKind.APP
            | ItemKind.DEVICE
        ):
            return ties_beside.unmet(db, person if scope.rules.of_the_person else "", item)  # of a lost machine everybody may tell
        case (
            ItemKind.HAND_OUT | ItemKind.ACKNOWLEDGE | ItemKind.TRAINING | ItemKind.ADDRESS | ItemKind.ENROL_KEY | ItemKind.NATIVE_ROLE
            | ItemKind.GRANT | ItemKind.HAND_OVER | ItemKind.SPOKESPERSON
        ):  # fmt: skip
            return joining.unmet(db, person, item, at=at)
        case _:
            assert_never(item.kind)
    return Refused(f"the ledger does not show this done: {item.kind}", rule="not-yet", control="PS-4", hint=hint) if left else None


def _not_rotated(db: sqlite3.Connection, person: str, item: Item, scope: Scope) -> Refused | None:
    row = db.execute("SELECT ended_at FROM versions WHERE credential = ? AND n = ?", (item.credential, item.version)).fetchone()
    if row is None or row[0] is None:
        return Refused(
            "a rotation item ends only by the rotation",
            rule="rotation-first",
            control="IA-5 i",
            hint="govern rotate ACCOUNT, then confirm it",
        )
    if ended_by(db, item.credential, item.version) is None or ended_by(db, item.credential, item.version, person, scope) is not None:
        return None
    if not scope.rules.of_the_person:
        return Refused(
            "it was changed with a key of the machine that is lost, which is no proof against whoever has it",
            rule="own-rotation",
            control="AC-5",
            hint="change it once more with another key: govern rotate ACCOUNT",
        )
    return Refused(
        "the one who leaves changed it themselves, which is no proof against them",
        rule="own-rotation",
        control="AC-5",
        hint="somebody else changes it once more: govern rotate ACCOUNT",
    )


def ended_by(db: sqlite3.Connection, credential: str, n: int, person: str = "", scope: Scope = WHOLE) -> tuple[str, str, int] | None:
    """Who confirmed the first rotation that leaves nothing of a version, with its grade and ledger index; None where none did.

    Rotations confirmed by the person whom a case of this scope is about are passed over or, of a machine that is lost, those signed with its keys.
    """
    row = db.execute(
        """
        SELECT r.confirmer, r.grade, r.ended_entry FROM versions v JOIN rotations r
          ON r.credential = v.credential AND r.state = 'done' AND r.candidate <> v.n AND r.ended_entry > v.entry
        LEFT JOIN entries e ON e.idx = r.ended_entry
        WHERE v.credential = ? AND v.n = ? AND v.ended_at IS NOT NULL AND r.confirmer <> ?
          AND (e.key IS NULL OR e.key NOT IN (SELECT value FROM json_each(?)))
        ORDER BY r.ended_entry LIMIT 1
        """,
        (credential, n, person if scope.rules.of_the_person else "", json.dumps(sorted(scope.keys))),
    ).fetchone()
    return None if row is None else (row[0], row[1], row[2])


def applies(db: sqlite3.Connection, person: str, item: Item, scope: Scope = WHOLE, *, at: str) -> Refused | None:
    """Why an item can't be told not to apply at this time (UTC): of a secret that works and that the person could know; of a document or training
    that somebody new is asked for. None where nothing speaks against it."""
    if item.kind in ASKED:
        return joining.still_asked(db, person, item, scope, at=at)
    if item.kind is not ItemKind.ROTATE or item.account in scope.kept:
        return None
    row = db.execute(
        "SELECT 1 FROM exposures e JOIN versions v ON v.credential = e.credential AND v.n = e.n AND v.ended_at IS NULL"
        " WHERE e.person = ? AND e.credential = ? AND e.n = ? LIMIT 1",
        (person, item.credential, item.version),
    ).fetchone()
    if row is None:
        return None
    return Refused(
        "the person could know a secret that still works, so it applies",
        rule="still-known",
        control="IA-5 i",
        hint="change it, or give it up: govern offboard waive CASE ITEM --reason TEXT",
    )


_TOLD: Final = frozenset({
    ItemKind.CLEAN_PLACE, ItemKind.DESTROY_COPIES, ItemKind.HAND_BACK, ItemKind.TAKEN_OVER, ItemKind.HAND_OUT, ItemKind.ADDRESS,
})  # fmt: skip
"""What people say is done; of a mail address the ledger shows nothing that would stay once somebody is forgotten."""


def can_tell(kind: ItemKind) -> bool:
    """Whether the ledger itself shows when an item of this kind is done."""
    return kind not in _TOLD


def shows(db: sqlite3.Connection, case: str, person: str, item: Item, scope: Scope, *, at: str) -> bool:
    """Whether the ledger shows at this time (UTC) that an item of this case (ids) is done."""
    return can_tell(item.kind) and too_early(db, case, item) is None and unmet(db, person, item, scope, at=at) is None


def too_early(db: sqlite3.Connection, case: str, item: Item) -> Refused | None:
    """Why an item of this case can't end yet: a client's account goes back, and is theirs alone, before it is retired here."""
    if item.kind is not ItemKind.RETIRE:
        return None
    row = db.execute(
        "SELECT 1 FROM items WHERE case_id = ? AND account = ? AND kind IN ('hand-back', 'taken-over') AND state = 'open'",
        (case, item.account),
    ).fetchone()
    if row is None:
        return None
    return Refused(
        "an account is handed back, and taken over, before it is retired", rule="hand-back-first", control="PS-7",
        hint="govern offboard show CASE",
    )  # fmt: skip
