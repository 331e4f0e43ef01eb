"""Questions about accounts: by handle, by selector; lists with how many hold and how many could know."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from govern.errors import NotFound, Usage
from govern.holdings.near import near_matches
from govern.shell import quoted


class Account(NamedTuple):
    """One account as the register has it. `custodian` and `deputy` are person ids or empty."""

    id: str
    handle: str
    platform: str
    login: str
    url: str
    title: str
    tier: str
    custodian: str
    deputy: str
    department: str
    client: str
    prompts_reach: str
    state: str


_COLUMNS = "id, handle, platform, login, url, title, tier, custodian, deputy, department, client, prompts_reach, state"


def _account(row: tuple[object, ...]) -> Account:
    names = (name.strip() for name in _COLUMNS.split(","))
    return Account(**{name: str(value or "") for name, value in zip(names, row, strict=True)})


def find(db: sqlite3.Connection, handle: str) -> Account:
    """The account of this handle; NotFound names near ones."""
    row = db.execute(f"SELECT {_COLUMNS} FROM accounts WHERE handle = ?", (handle.casefold(),)).fetchone()  # noqa: S608
    if row is not None:
        return _account(row)
    noun, _, value = handle.partition(":")
    if noun in _SELECTORS and value:
        raise NotFound(
            f"there is no account {handle!r}",
            hint=f"one account is named here; those that it selects: govern account list {quoted(handle)}",
        )
    known = [name for (name,) in db.execute("SELECT handle FROM accounts LIMIT 20000")]
    near = near_matches(handle.casefold(), known, n=3)
    raise NotFound(f"there is no account {handle!r}", hint=f"did you mean {', '.join(near)}?" if near else "govern account list")


def by_id(db: sqlite3.Connection, id_: str) -> Account:
    row = db.execute(f"SELECT {_COLUMNS} FROM accounts WHERE id = ?", (id_,)).fetchone()  # noqa: S608
    if row is None:
        raise NotFound(f"there is no account of id {id_}")
    return _account(row)


_SELECTORS = {
    "platform": "platform = lower(?)",
    "department": "department = ? COLLATE NOCASE",
    "client": "client = ? COLLATE NOCASE",
    "tag": "id IN (SELECT account FROM tags WHERE tag = ? COLLATE NOCASE)",
}


def condition(selector: str) -> tuple[str, str]:
    """The SQL condition on `accounts` of a selector that is no handle, and its one value; Usage for what selects nothing."""
    noun, _, value = selector.partition(":")
    if noun not in _SELECTORS or not value:
        raise Usage(f"{selector!r} selects nothing", hint="a handle, or platform:…, department:…, client:…, tag:…")
    return _SELECTORS[noun], value


def select(db: sqlite3.Connection, selector: str) -> list[Account]:
    """Active accounts of `platform:x`, `department:x`, `client:x`, `tag:x`, or the one of a handle; NotFound where there is none."""
    if ":" not in selector:
        return [find(db, selector)]
    where, value = condition(selector)
    rows = db.execute(f"SELECT {_COLUMNS} FROM accounts WHERE state = 'active' AND {where} ORDER BY handle", (value,))  # noqa: S608
    found = [_account(row) for row in rows]
    if not found:
        raise nothing(selector)
    return found


def nothing(selector: str) -> NotFound:
    noun, _, value = selector.partition(":")
    return NotFound(f"no account has {noun} {value!r}", hint="govern account list")


def every(db: sqlite3.Connection) -> list[Account]:
    return [_account(row) for row in db.execute(f"SELECT {_COLUMNS} FROM accounts ORDER BY handle")]  # noqa: S608


def handle_taken(db: sqlite3.Connection, handle: str) -> bool:
    return db.execute("SELECT 1 FROM accounts WHERE handle = ?", (handle,)).fetchone() is not None
