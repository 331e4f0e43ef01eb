"""Accounts, credentials and places that are only in the tail which a fork gives up: they exist outside, and so does whoever knows their secrets.

They are recorded anew under the ids that they had, so that what people know of them has something to be known of. A secret that was sealed in
the tail is gone with it: its credential has one version that nobody can open, and a rotation that is due now.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from govern.holdings.exposures import OTHERS_UNKNOWN
from govern.procedures import sealing

if TYPE_CHECKING:
    from govern.register.transaction import Transaction

_ACCOUNT: Final = ("handle", "platform", "tier", "custodian", "deputy", "department", "client", "prompts_reach")
_PERSONAL: Final = ("login", "url", "title")
_ONE_FACT: Final = 200
"""Accounts named in one `place.holds`."""


def carry_accounts(tx: Transaction, old: sqlite3.Connection) -> list[tuple[str, str]]:
    """Record what the new history lacks; (account handle, kind) of each credential whose sealed secret is gone with the tail."""
    _places(tx, old)
    _accounts(tx, old)
    _answers(tx, old)
    lost = _credentials(tx, old)
    _holdings(tx, old)
    return lost


def _missing(old: sqlite3.Connection, new: sqlite3.Connection, table: str, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    there = {row[0] for row in new.execute(f"SELECT id FROM {table}")}  # noqa: S608  names are ours
    for row in old.execute(f"SELECT id, {', '.join(columns)} FROM {table} ORDER BY entry").fetchall():  # noqa: S608
        if row[0] not in there:
            yield dict(zip(("id", *columns), row, strict=True))


def _places(tx: Transaction, old: sqlite3.Connection) -> None:
    for place in _missing(old, tx.register, "places", ("kind", "name")):
        tx.record("place.added", {"place": place["id"], "kind": place["kind"]}, {"name": place["name"]})
        members = old.execute("SELECT person, since, until FROM place_people WHERE place = ? ORDER BY entry", (place["id"],)).fetchall()
        for person, since, until in members:
            if person != tx.actor or until is None:  # nobody says of themselves that they are gone from somewhere
                tx.record("place.member", {"place": place["id"], "person": person, "since": since, "until": until})


def _accounts(tx: Transaction, old: sqlite3.Connection) -> None:
    for found in _missing(old, tx.register, "accounts", (*_ACCOUNT, *_PERSONAL, "state")):
        body: dict[str, Any] = {"account": found["id"], **{name: found[name] for name in _ACCOUNT}}
        for name, table, column in (("tags", "tags", "tag"), ("depends_on", "depends", "needs")):
            values = [row[0] for row in old.execute(f"SELECT {column} FROM {table} WHERE account = ?", (found["id"],))]  # noqa: S608
            body[name] = sorted(values) or None
        tx.record("account.added", body, {name: found[name] for name in _PERSONAL})
        if found["state"] == "retired":
            tx.record("account.retired", {"account": found["id"]})


def _answers(tx: Transaction, old: sqlite3.Connection) -> None:
    """Whoever answered for an account no more by the old head does so no more, nor opens it where nothing else lets them."""
    before = dict(_who_answers(tx.register))
    for account, (custodian, deputy) in _who_answers(old):
        had = before[account]
        if had[0] != custodian:
            tx.record("account.custody", {"account": account, "custodian": custodian})
        if had[1] != deputy:
            tx.record("account.edited", {"account": account, "deputy": deputy, "cleared": None if deputy else ["deputy"]})
        for person in {one for one in had if one} - {custodian, deputy}:
            query = "SELECT 1 FROM grants WHERE account = ? AND person = ? AND ended_at IS NULL"
            if old.execute(query, (account, person)).fetchone() is None:
                sealing.end_wraps(tx, person, [account])


def _who_answers(db: sqlite3.Connection) -> list[tuple[str, tuple[str, str | None]]]:
    return [(row[0], (row[1], row[2])) for row in db.execute("SELECT id, custodian, deputy FROM accounts ORDER BY entry")]


def _credentials(tx: Transaction, old: sqlite3.Connection) -> list[tuple[str, str]]:
    lost: list[tuple[str, str]] = []
    handles: Mapping[str, str] = dict(tx.register.execute("SELECT id, handle FROM accounts").fetchall())
    for found in _missing(old, tx.register, "credentials", ("account", "kind", "kept_in")):
        body = {"credential": found["id"], "account": found["account"], "kind": found["kind"], "kept_in": found["kept_in"]}
        tx.record("credential.added", body)
        if old.execute("SELECT 1 FROM versions WHERE credential = ?", (found["id"],)).fetchone() is None:
            continue
        others = old.execute("SELECT 1 FROM exposures WHERE credential = ? AND person = ?", (found["id"], OTHERS_UNKNOWN)).fetchone()
        tx.record(
            "version.staged",
            {
                "credential": found["id"], "version": 1, "state": "current", "origin": "claimed",
                "others_unknown": True if others is not None else None,
            },
        )  # fmt: skip
        if not found["kept_in"]:
            lost.append((handles[found["account"]], found["kind"]))
    return lost


def _holdings(tx: Transaction, old: sqlite3.Connection) -> None:
    """Copies outside that the new history does not know of."""
    there = set(tx.register.execute("SELECT place, account FROM place_accounts WHERE cleaned_at IS NULL"))
    rows = old.execute("SELECT place, account FROM place_accounts WHERE cleaned_at IS NULL ORDER BY entry").fetchall()
    by_place: dict[str, list[str]] = {}
    for place, account in rows:
        if (place, account) not in there:
            by_place.setdefault(place, []).append(account)
    for place, accounts in by_place.items():
        for start in range(0, len(accounts), _ONE_FACT):
            tx.record("place.holds", {"place": place, "accounts": accounts[start : start + _ONE_FACT]})
