"""Retiring accounts: their grants end, and whoever only held them can open them no more. What is known stays known."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govern.errors import Refused
from govern.procedures.opening import close_to
from govern.procedures.sealing import end_each
from govern.register.queries import account_list, accounts, holdings, people
from govern.register.queries.accounts import Account
from govern.register.queries.holdings import Grant

if TYPE_CHECKING:
    from govern.register.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired:
    """One account. `holders`: handles of those whose grant ends; `needed_by`: handles of accounts that depend on it."""

    account: Account
    holders: tuple[str, ...]
    grants: tuple[Grant, ...]
    needed_by: tuple[str, ...]


def _close(tx: Transaction, account: str) -> None:
    """End every wrap of a person's key: what is left is recovery's."""
    rows = tx.register.execute(
        "SELECT w.credential, w.n, w.key, v.manifest FROM wraps w JOIN keys k ON k.id = w.key AND k.person IS NOT NULL"
        " JOIN versions v ON v.credential = w.credential AND v.n = w.n JOIN credentials c ON c.id = w.credential"
        " WHERE c.account = ? AND w.ended IS NULL",
        (account,),
    ).fetchall()
    end_each(tx, rows)


def plan(db: sqlite3.Connection, selector: str, *, returned: bool = False) -> list[Retired]:
    """What would end. Raises Refused for an account that is retired already (but where `returned` is to follow), or that has an open rotation."""
    chosen = accounts.select(db, selector)
    names = people.handles(db)
    held: dict[str, list[Grant]] = {}
    for grant in holdings.of_accounts(db, [account.id for account in chosen]):
        held.setdefault(grant.account, []).append(grant)
    found = []
    for account in chosen:
        if account.state != "active" and not returned:
            raise Refused(f"{account.handle} is retired already", rule="retired", hint=f"govern account show {account.handle}")
        if db.execute(
            "SELECT 1 FROM rotations r JOIN credentials c ON c.id = r.credential WHERE c.account = ? AND r.ended_at IS NULL", (account.id,)
        ).fetchone():
            raise Refused(
                f"{account.handle} has an open rotation", rule="rotation-open", hint="finish it first: govern rotation list --open"
            )  # fmt: skip
        grants = tuple(held.get(account.id, ()))
        found.append(
            Retired(
                account=account, holders=tuple(names.get(grant.person, grant.person) for grant in grants), grants=grants,
                needed_by=account_list.around(db, account.id).needed_by,
            )
        )  # fmt: skip
    return found


def retire(tx: Transaction, selector: str, *, returned: bool = False) -> list[Retired]:
    """Record it, all accounts or none. `returned`: they are another's now, so that whoever answers for them opens them no more either."""
    planned = plan(tx.register, selector, returned=returned)
    for one in planned:
        for start in range(0, len(one.grants), 1000):
            tx.record("grant.ended", {"grants": [grant.id for grant in one.grants[start : start + 1000]], "cause": "retired"})
        for person in sorted({grant.person for grant in one.grants}):
            close_to(tx, one.account.id, person)
        if one.account.state == "active":
            tx.record("account.retired", {"account": one.account.id})
        if returned:
            _close(tx, one.account.id)
            if tx.register.execute("SELECT returned_at FROM accounts WHERE id = ?", (one.account.id,)).fetchone()[0] is None:
                tx.record("account.returned", {"account": one.account.id})
    return planned
