"""A register whose rows no fact has made: somebody has written into the file. Looked at where something in it could not be read, never before.

Types of all columns, and what stands in the columns of cases and items. Whether a row says what the ledger says, only a rebuild tells
(`govern ledger verify --deep`).
"""

from __future__ import annotations

import sqlite3
from typing import Final

from govern.errors import IntegrityError
from govern.offboarding.case import CaseState
from govern.offboarding.items import ItemKind, ItemState
from govern.offboarding.kinds import CaseKind
from govern.register.queries.cases import ALTERED
from govern.register.schema import TABLES

_TIME: Final = "{0} NOT GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z'"
_DAY: Final = "{0} NOT GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]'"
_ID: Final = "length({0}) <> 32 OR {0} GLOB '*[^0-9a-f]*'"
_JSON: Final = "{0} IS NOT NULL AND NOT json_valid({0})"


def _among(words: type[CaseState] | type[CaseKind] | type[ItemState] | type[ItemKind]) -> str:
    return f"{{0}} NOT IN ({', '.join(repr(word.value) for word in words)})"


_TOLD: Final = {
    "cases": {
        **dict.fromkeys(("id", "person", "opener"), _ID),
        **dict.fromkeys(("cut_at", "opened_at", "closed_at", "cut_made_at"), _TIME),
        **dict.fromkeys(("kept", "keys", "accounts"), _JSON),
        "kind": _among(CaseKind),
        "state": _among(CaseState),
        **dict.fromkeys(("last_day", "starts_on"), _DAY),
    },
    "items": {
        **dict.fromkeys(("case_id", "id"), _ID),
        **dict.fromkeys(("due", "ended_at"), _TIME),
        "kind": _among(ItemKind),
        "state": _among(ItemState),
    },
}
"""Table -> column -> what must not be true of a value that is there."""

_NEVER_NULL: Final = {
    "cases": ("id", "person", "kind", "state", "opener", "opened_at"),
    "items": ("case_id", "id", "seq", "kind", "state", "due"),
}


def altered(db: sqlite3.Connection) -> IntegrityError | None:
    """What is said of the first column in which something stands that no fact has put there; None where there is none."""
    for table in TABLES:
        columns = [(name, type_.casefold()) for _, name, type_, *_ in db.execute(f"PRAGMA table_info({table})") if type_]
        for name, type_ in columns:
            wrong = [f"typeof({name}) NOT IN ('null', '{type_}')"]
            if name in _TOLD.get(table, {}):
                wrong.append(f"({_TOLD[table][name].format(name)})")
            if name in _NEVER_NULL.get(table, ()):
                wrong.append(f"{name} IS NULL")
            if db.execute(f"SELECT 1 FROM {table} WHERE {' OR '.join(wrong)} LIMIT 1").fetchone():  # noqa: S608  names are ours
                return IntegrityError(f"the register on this machine was altered: {table}.{name}", code="register", hint=ALTERED)
    return None
