"""Which server a connector speaks to, and who has said that it is the account's own where that is in doubt.

The same doubt is judged in every replay (`govern.register.projection.connecting`). Here it stands before the first byte is sent, and counts besides
who a case is about that the actor reads.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from govern.connectors import address
from govern.errors import Refused
from govern.register.queries import accounts, cases, people, servers

if TYPE_CHECKING:
    from govern.connectors.address import Address
    from govern.register.queries.accounts import Account
    from govern.register.queries.rotations import Rotation


def why_in_doubt(db: sqlite3.Connection, found: Rotation, *, reader: str) -> tuple[Address, str] | None:
    """The address of the account of a rotation, and in words why nobody may send anything there yet; None where nothing is in doubt."""
    account = accounts.by_id(db, found.account)
    where = address.read(account.url, account.handle)
    subjects = frozenset(one.person for one in cases.cases(db, reader=reader) if one.state != "closed" and not one.joins)
    doubt = servers.doubt(db, account=account.id, rotation=found.id, server=where.server, subjects=subjects)
    if doubt is None:
        return None
    if doubt.setter:
        return where, f"its url was set by {people.handles(db).get(doubt.setter, doubt.setter)}"
    return where, f"it was changed at {doubt.before} before"


def must_be_known(db: sqlite3.Connection, found: Rotation, account: Account, *, reader: str, named: str) -> bool:
    """Whether a person has named the server of the account now, by `named`. Refused where they named another, and where it is in doubt and they
    named none, or are no one to say so."""
    where = address.read(account.url, account.handle)
    if named and where.is_named(named):
        doubt = why_in_doubt(db, found, reader=reader)
        if doubt is not None and not servers.may_confirm(db, found.id, reader):
            raise Refused(
                f"{account.handle} is at {where.server}: {doubt[1]}, and whoever leaves can't be the one to confirm it", rule="server-confirmed",
                control="AC-5", hint="ask another who answers for it, or an admin",
            )  # fmt: skip
        return True
    if named:
        raise Refused(
            f"{account.handle} is at {where.server}, not at {named[:100]}", rule="server-confirmed", control="AC-4",
            hint=f"--server {where.named}, if that is its own; else: govern account edit {account.handle} --url https://…",
        )  # fmt: skip
    doubt = why_in_doubt(db, found, reader=reader)
    if doubt is not None:
        raise Refused(
            f"nothing is sent to {where.server} for {account.handle} before somebody has confirmed it: {doubt[1]}", rule="server-confirmed",
            control="AC-4", hint=f"--server {where.named}, if that is its own; else: govern account edit {account.handle} --url https://…",
        )  # fmt: skip
    return False
