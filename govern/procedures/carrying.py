"""What is not lost with the tail that a fork gives up: whatever it took from somebody, who could know what by then, and what there was to know.

It is read from the register of whoever restores, which stays in their state folder, and recorded anew behind the proposal, in its transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from govern.procedures import keys, sealing
from govern.procedures.carrying_accounts import carry_accounts
from govern.procedures.carrying_beside import carry_beside
from govern.procedures.carrying_copies import carry_codes, carry_copies
from govern.register.queries import rotations
from govern.rotation.triggers import Trigger

if TYPE_CHECKING:
    from govern.register.transaction import Transaction

_PART: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What the new history says again and does not have whole. `lost`: (account handle, kind) of secrets that were sealed in the tail alone;
    `cases`: handles of those whose departure was opened in it, and is to be opened again."""

    lost: tuple[tuple[str, str], ...] = ()
    cases: tuple[str, ...] = ()


def carry(tx: Transaction, old: sqlite3.Connection, proposal: str) -> Carried:
    """Record again whatever the tail took from somebody, who could know what by then, and what there was to be known."""
    _people(tx, old)
    lost = carry_accounts(tx, old)
    carry_beside(tx, old)
    new = tx.register
    active = {row[0] for row in new.execute("SELECT id FROM keys WHERE state = 'active'")}
    for cause, ids in _by_cause(old, active):
        keys.revoke(tx, ids, cause, spare_last=True)
    for id_ in _gone(old, new, "services", "id", "ended IS NULL"):
        tx.record("service.withdrawn", {"authority": id_})
    roles = set(old.execute("SELECT person, role FROM roles"))
    for person, role in new.execute("SELECT person, role FROM roles WHERE role <> 'service' ORDER BY person, role").fetchall():
        if (person, role) not in roles:
            tx.record("role.withdrawn", {"person": person, "role": role})
    for id_ in _gone(old, new, "grants", "id", "ended_at IS NULL"):
        person, account = new.execute("SELECT person, account FROM grants WHERE id = ?", (id_,)).fetchone()
        tx.record("grant.ended", {"grants": [id_], "cause": "revoked"})
        if not new.execute("SELECT 1 FROM accounts WHERE id = ? AND ? IN (custodian, deputy)", (account, person)).fetchone():
            sealing.end_wraps(tx, person, [account])
    carry_copies(tx, old, _newest(new))
    carry_codes(tx, old, proposal)
    rows = sorted(_exposures(old, new))
    parts = [rows[start : start + _PART] for start in range(0, len(rows), _PART)]
    for number, part in enumerate(parts, start=1):
        body = {"proposal": proposal, "part": number, "of": len(parts), "exposures": [list(row) for row in part]}
        tx.record("exposures.carried", body)
    _rotate(tx, old)
    return Carried(lost=tuple(lost), cases=tuple(_open_cases(tx, old)))


def _open_cases(tx: Transaction, old: sqlite3.Connection) -> list[str]:
    """Handles of those whose departure was opened in the tail and is not closed, as far as this member reads them."""
    there = {row[0] for row in tx.register.execute("SELECT id FROM cases")}
    rows = old.execute(
        "SELECT c.id, p.handle FROM cases c JOIN people p ON p.id = c.person WHERE c.state <> 'closed' AND c.kind <> 'joiner' AND c.person <> ?"
        " ORDER BY c.entry",
        (tx.actor,),
    )
    return [str(handle or "a former person") for id_, handle in rows if id_ not in there]


def _people(tx: Transaction, old: sqlite3.Connection) -> None:
    there = {row[0]: row[1:] for row in tx.register.execute("SELECT id, leaving, left_on FROM people")}
    rows = old.execute("SELECT id, handle, name, mail, department, locale, agency, external, leaving, last_day, left_on FROM people")
    for id_, handle, name, mail, department, locale, agency, external, leaving, last_day, left_on in rows:
        if id_ not in there:
            told = {"handle": handle, "name": name, "mail": mail, "department": department, "locale": locale, "agency": agency}
            tx.record("person.added", {"person": id_, "external": bool(external) or None, "left": left_on}, told)
        elif left_on and not there[id_][1]:
            tx.record("person.left", {"person": id_, "on": left_on})
        if leaving and not there.get(id_, (0,))[0]:
            tx.record("person.leaving", {"person": id_, "last_day": last_day})


def _by_cause(old: sqlite3.Connection, active: set[str]) -> Iterator[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for key, cause in old.execute("SELECT key, cause FROM revocations ORDER BY entry"):
        if key in active:
            found.setdefault(cause, []).append(key)
    yield from found.items()


def _gone(old: sqlite3.Connection, new: sqlite3.Connection, table: str, column: str, standing: str) -> list[str]:
    """Ids that stand in the new register and had ended in the old."""
    stood = {row[0] for row in old.execute(f"SELECT {column} FROM {table} WHERE {standing}")}  # noqa: S608  names are ours
    return [row[0] for row in new.execute(f"SELECT {column} FROM {table} WHERE {standing} ORDER BY entry") if row[0] not in stood]  # noqa: S608


def _newest(db: sqlite3.Connection) -> dict[str, int]:
    return dict(db.execute("SELECT credential, max(n) FROM versions GROUP BY credential"))


def _exposures(old: sqlite3.Connection, new: sqlite3.Connection) -> set[tuple[str, str, int, str, str]]:
    """Of a version that the new history lacks, whoever knew it counts as knowing the newest that there is: more people than knew, never fewer."""
    newest = _newest(new)
    have = set(new.execute("SELECT person, credential, n, basis FROM exposures"))
    found: dict[tuple[str, str, int, str], str] = {}
    for person, credential, n, basis, since in old.execute("SELECT person, credential, n, basis, since FROM exposures"):
        if credential in newest and len(person) == 32:
            row = (person, credential, min(n, newest[credential]), basis)
            if row not in have:
                found[row] = min(found.get(row, since), since)
    return {(*row, since if len(since) == 20 else f"{since[:10]}T00:00:00Z") for row, since in found.items()}


def _rotate(tx: Transaction, old: sqlite3.Connection) -> None:
    """What was changed in the tail is to be changed again: the secret that is left works no more, or was never the newest, or there is none."""
    newest = _newest(tx.register)
    sealed = {row[0] for row in tx.register.execute("SELECT DISTINCT credential FROM versions WHERE manifest IS NOT NULL")}
    kept = {row[0] for row in tx.register.execute("SELECT id FROM credentials WHERE kept_in IS NOT NULL")}
    for credential, n in sorted(_newest(old).items()):
        changed = n > newest.get(credential, n) or credential not in sealed | kept
        if credential in newest and changed and rotations.open_of(tx.register, credential) is None:
            body = {"rotation": tx.new_id(), "credential": credential, "trigger": Trigger.MANUAL.value, "due": tx.now}
            tx.record("rotation.opened", body)
