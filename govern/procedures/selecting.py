"""Accounts of a selector to record something on: those in use, unless what is recorded is an end."""

from __future__ import annotations

import sqlite3

from govern.errors import Refused
from govern.register.queries import accounts
from govern.register.queries.accounts import Account


def in_use(db: sqlite3.Connection, selector: str, *, retired: bool = False) -> list[Account]:
    """The accounts, by handle; Refused for one that is retired unless `retired` allows it."""
    chosen = accounts.select(db, selector)
    for account in chosen:
        if account.state != "active" and not retired:
            raise Refused(f"{account.handle} is retired", rule="retired", hint="govern account list shows those in use")
    return chosen
