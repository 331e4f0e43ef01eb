"""What somebody new will hold and still lacks, whether the ledger shows an item of their case done, and by which entry. Reads the register alone.

What a platform offers is no fact of the ledger: it is told from outside, and nothing that is judged hangs on it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from govern.errors import Refused
from govern.holdings import documents
from govern.holdings.spokespersons import SILENT
from govern.offboarding.items import Item, ItemKind
from govern.offboarding.joining import Arriving, Planned
from govern.offboarding.kinds import Scope
from govern.policy.house_rules import TRAINING
from govern.register.queries import gate


class Proof(NamedTuple):
    """Which entry of the ledger ended it, and who signed that (id)."""

    by: str
    entry: int


def arriving(
    db: sqlite3.Connection, person: str, accounts: Iterable[str], *, at: str, native: Collection[str] = (), by_hand: bool = False
) -> Arriving:
    """What there is to know of the person (id) who will work with these accounts (ids; those that are retired are left out) at this time (UTC).

    `native`: those of them whose platform gives people roles of their own.
    """
    chosen = json.dumps(sorted(accounts))
    mail = db.execute("SELECT mail FROM people WHERE id = ?", (person,)).fetchone()
    return Arriving(
        accounts=tuple(
            Planned(id_, handle, id_ in native, bool(role), bool(granted), bool(handed), bool(publishes))
            for id_, handle, role, granted, handed, publishes in db.execute(
                _ACCOUNTS, {"chosen": chosen, "person": person, "silent": json.dumps(SILENT)}
            )
        ),
        documents=lacking(db, person, chosen, at=at),
        trainings=untrained(db, person, chosen, at=at),
        keys=_has_keys(db, person),
        by_hand=by_hand,
        mail=bool(mail and mail[0]),
    )


_ACCOUNTS: Final = """
SELECT a.id, a.handle,
  EXISTS (SELECT 1 FROM entitlements t WHERE t.account = a.id AND t.person = :person AND t.ended_at IS NULL),
  EXISTS (SELECT 1 FROM grants g WHERE g.account = a.id AND g.person = :person AND g.ended_at IS NULL),
  EXISTS (SELECT 1 FROM credentials c JOIN exposures e ON e.credential = c.id AND e.person = :person AND e.basis = 'handed-over' WHERE c.account = a.id),
  a.platform NOT IN (SELECT value FROM json_each(:silent)) AND EXISTS (SELECT 1 FROM spokespersons)
    AND NOT EXISTS (SELECT 1 FROM spokespersons s WHERE s.account = a.id AND s.person = :person AND s.ended_at IS NULL)
FROM accounts a WHERE a.state = 'active' AND a.id IN (SELECT value FROM json_each(:chosen)) ORDER BY a.handle
"""

_DOCUMENTS: Final = """
SELECT d.id FROM documents d JOIN document_versions v ON v.document = d.id
  AND v.place = (SELECT max(o.place) FROM document_versions o WHERE o.document = d.id)
WHERE v.audience = 'everybody' OR (v.audience = 'holders' AND :chosen <> '[]')
  OR EXISTS (SELECT 1 FROM audiences u WHERE u.document = d.id AND u.version = v.version AND u.person = :person)
  OR EXISTS (SELECT 1 FROM asked q JOIN accounts a ON a.tier = q.tier WHERE q.what = d.name AND q.days = 0 AND a.state = 'active'
    AND a.id IN (SELECT value FROM json_each(:chosen)))
ORDER BY d.name
"""


def lacking(db: sqlite3.Connection, person: str, chosen: str, *, at: str) -> tuple[str, ...]:
    """Ids of published documents that are for the person, or for holders of these accounts (ids as JSON), and that they have not acknowledged."""
    asked = [document for (document,) in db.execute(_DOCUMENTS, {"chosen": chosen, "person": person})]
    return tuple(document for document in asked if not _acknowledged(db, person, document, at))


def untrained(db: sqlite3.Connection, person: str, chosen: str, *, at: str) -> tuple[str, ...]:
    """Subjects that tiers of these accounts (ids as JSON) ask for a training in, which the person has not had in time."""
    rows = db.execute(
        "SELECT q.what, min(q.days) FROM asked q JOIN accounts a ON a.tier = q.tier WHERE q.days > 0 AND a.state = 'active'"
        " AND a.id IN (SELECT value FROM json_each(?)) GROUP BY q.what ORDER BY q.what",
        (chosen,),
    ).fetchall()
    subjects = [(what.removeprefix(TRAINING), days) for what, days in rows]
    return tuple(subject for subject, days in subjects if not _trained(db, person, subject, days, at))


def unanswered(db: sqlite3.Connection, case: str, person: str, at: str) -> list[tuple[ItemKind, str]]:
    """Documents and trainings that the person lacks, as far as the case is about accounts that ask for them, and that no item of it is about."""
    if is_leaving(db, person):
        return []
    listed = set(db.execute("SELECT kind, about FROM items WHERE case_id = ? AND about IS NOT NULL", (case,)))
    chosen = json.dumps(sorted(accounts_of(db, case)))
    wanted = [(ItemKind.ACKNOWLEDGE, one) for one in lacking(db, person, chosen, at=at)]
    wanted += [(ItemKind.TRAINING, one) for one in untrained(db, person, chosen, at=at)]
    return [one for one in wanted if one not in listed]


def accounts_of(db: sqlite3.Connection, case: str) -> frozenset[str]:
    """Accounts (ids) that the case is about by now."""
    from govern.register.queries import scopes

    return scopes.of_case(db, case).accounts


def still_asked(db: sqlite3.Connection, person: str, item: Item, scope: Scope, *, at: str) -> Refused | None:
    """Why a document or training can't be told not to apply to this person: it is asked of them by now. None where it is not, or where they leave."""
    if is_leaving(db, person):
        return None
    chosen = json.dumps(sorted(scope.accounts))
    asked = lacking(db, person, chosen, at=at) if item.kind is ItemKind.ACKNOWLEDGE else untrained(db, person, chosen, at=at)
    if item.about not in asked:
        return None
    what, control = ("document", "PL-4") if item.kind is ItemKind.ACKNOWLEDGE else ("training", "AT-3")
    return Refused(
        f"this {what} is asked of them, so it applies", rule="still-asked", control=control,
        hint="see to it, or give it up: govern onboard waive CASE ITEM --reason TEXT",
    )  # fmt: skip


def unmet(db: sqlite3.Connection, person: str, item: Item, *, at: str) -> Refused | None:
    """Why the ledger says that an item of this person's case is not done; None where it is, or where it can't tell."""
    if item.kind in (ItemKind.HAND_OUT, ItemKind.ADDRESS) or shows(db, person, item, at=at):
        return None
    control, hint = _ENDS[item.kind]
    return Refused(f"the ledger does not show this done: {item.kind}", rule="not-yet", control=control, hint=hint)


_ENDS: Final = {
    ItemKind.ACKNOWLEDGE: (
        "PL-4",
        "they sign: govern document ack NAME; or on paper: govern document sheet NAME --person PERSON --out FILE",
    ),
    ItemKind.TRAINING: ("AT-3", "train them, then: govern training add PERSON --subject NAME --on DATE"),
    ItemKind.ENROL_KEY: ("IA-5", "govern person invite PERSON; without keys: govern onboard not-applicable CASE ITEM --reason TEXT"),
    ItemKind.NATIVE_ROLE: ("AC-2", "give them a role there, then: govern entitlement add ACCOUNT PERSON --role ROLE"),
    ItemKind.GRANT: ("AC-2", "govern grant ACCOUNT PERSON"),
    ItemKind.HAND_OVER: ("IA-5", "govern handover ACCOUNT PERSON"),
    ItemKind.SPOKESPERSON: ("AC-22", "govern spokesperson add ACCOUNT PERSON --trained-on DATE"),
}
"""Kind -> the control that asks for it, and what ends it."""


def shows(db: sqlite3.Connection, person: str, item: Item, *, at: str) -> bool:
    """Whether the ledger shows it done at this time (UTC)."""
    match item.kind:
        case ItemKind.ACKNOWLEDGE:
            return _acknowledged(db, person, item.about, at)
        case ItemKind.TRAINING:
            days = db.execute("SELECT min(days) FROM asked WHERE what = ?", (f"{TRAINING}{item.about}",)).fetchone()[0]
            return _trained(db, person, item.about, days, at)
        case _:
            return ended_by(db, person, item) is not None


_BY: Final = {
    ItemKind.ACKNOWLEDGE: "SELECT recorder, entry FROM acknowledgements WHERE person = :person AND document = :about AND counts ORDER BY entry DESC",
    ItemKind.TRAINING: "SELECT recorder, entry FROM trainings WHERE person = :person AND subject = :about ORDER BY on_day DESC, entry DESC",
    ItemKind.ENROL_KEY: "SELECT e.actor, k.entry FROM keys k JOIN entries e ON e.idx = k.entry WHERE k.person = :person"
    " AND k.state = 'active' ORDER BY k.entry",
    ItemKind.NATIVE_ROLE: "SELECT recorder, entry FROM entitlements WHERE account = :account AND person = :person AND ended_at IS NULL ORDER BY entry",
    ItemKind.GRANT: "SELECT giver, entry FROM grants WHERE account = :account AND person = :person AND ended_at IS NULL ORDER BY entry",
    ItemKind.HAND_OVER: "SELECT n.actor, e.entry FROM credentials c JOIN exposures e ON e.credential = c.id AND e.person = :person"
    " AND e.basis = 'handed-over' JOIN entries n ON n.idx = e.entry WHERE c.account = :account ORDER BY e.entry",
    ItemKind.SPOKESPERSON: "SELECT namer, entry FROM spokespersons WHERE account = :account AND person = :person AND ended_at IS NULL ORDER BY entry",
}  # fmt: skip


def ended_by(db: sqlite3.Connection, person: str, item: Item) -> Proof | None:
    """Which entry did what an item of a joiner's case asks for; None where none did, and for every other item."""
    query = _BY.get(item.kind)
    row = db.execute(f"{query} LIMIT 1", {"person": person, "account": item.account, "about": item.about}).fetchone() if query else None
    return None if row is None else Proof(str(row[0] or ""), int(row[1]))


def _acknowledged(db: sqlite3.Connection, person: str, document: str, at: str) -> bool:
    """As for a grant: the version in force, or one before it until the deadline."""
    place = gate.acknowledged(db, document, person)
    last = documents.lapses(gate.publications(db, document), place)
    return bool(place) and not "" < last < at[:10]


def _trained(db: sqlite3.Connection, person: str, subject: str, days: int | None, at: str) -> bool:
    row = db.execute("SELECT max(on_day) FROM trainings WHERE person = ? AND subject = ?", (person, subject)).fetchone()
    return bool(row[0]) and (not days or documents.trained_until(row[0], days) >= at[:10])


def _has_keys(db: sqlite3.Connection, person: str) -> bool:
    return db.execute("SELECT 1 FROM keys WHERE person = ? AND state = 'active'", (person,)).fetchone() is not None


def is_leaving(db: sqlite3.Connection, person: str) -> bool:
    """Whether they leave, or have left."""
    return db.execute("SELECT 1 FROM people WHERE id = ? AND (leaving OR left_on IS NOT NULL)", (person,)).fetchone() is not None
