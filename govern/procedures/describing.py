"""Saying what an account is for and how it is protected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from govern.errors import Usage
from govern.procedures.selecting import in_use
from govern.register.queries import in_order

if TYPE_CHECKING:
    from govern.register.queries.accounts import Account
    from govern.register.queries.in_order import Description
    from govern.register.transaction import Transaction


def describe(tx: Transaction, selector: str, wanted: Description) -> list[tuple[Account, tuple[str, ...]]]:
    """Record what is otherwise than before, on all accounts of the selector or none; returns each with the names of what has changed."""
    given: dict[str, Any] = {name: value for name, value in wanted._asdict().items() if value not in (None, "")}
    if not given:
        raise Usage("what is said of the account is missing", hint="for example --second-factor totp")
    done = []
    for account in in_use(tx.register, selector):
        now = in_order.description(tx.register, account.id)._asdict()
        changed = {name: value for name, value in given.items() if now[name] != value}
        purpose = changed.pop("purpose", None)
        if changed or purpose:
            tx.record("account.described", {"account": account.id, **changed}, {"purpose": purpose} if purpose else None)
        done.append((account, (*changed, *(("purpose",) if purpose else ()))))
    return done
