"""What a ledger is judged to say: the columns that any later program has to find again in a ledger of format 1."""

from __future__ import annotations

import sqlite3
from typing import Any

QUESTIONS = {
    "entries": "SELECT idx, id, type, actor, key, at FROM entries ORDER BY idx",
    "findings": "SELECT entry, code, signer FROM findings ORDER BY entry, code",
    "people": "SELECT id, handle, name, mail, external, leaving, left_on FROM people ORDER BY id",
    "keys": "SELECT id, person, state FROM keys ORDER BY id",
    "roles": "SELECT person, role, until FROM roles ORDER BY person, role",
    "accounts": "SELECT id, handle, platform, tier, custodian, login, state FROM accounts ORDER BY id",
    "grants": "SELECT id, account, person, giver, since, until, ended_at, cause, reason FROM grants ORDER BY id",
    "versions": "SELECT credential, n, state, origin, manifest, setter, current_at, ended_at FROM versions ORDER BY credential, n",
    "wraps": "SELECT credential, n, key, added, ended FROM wraps ORDER BY credential, n, key",
    "exposures": "SELECT person, credential, n, basis, strength, since, entry FROM exposures ORDER BY person, credential, n, basis",
    "rotations": "SELECT id, credential, trigger, state, candidate, grade, confirmer FROM rotations ORDER BY id",
    "cases": "SELECT id, person, kind, state, cut_at, opener FROM cases ORDER BY id",
}


def judgement(db: sqlite3.Connection) -> dict[str, list[list[Any]]]:
    return {name: [list(row) for row in db.execute(query)] for name, query in QUESTIONS.items()}
