"""By which connector an account is changed, and which credential helps it: found from what was typed, or from what the ledger says."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING

from govern.connectors import address
from govern.connectors.http import Http
from govern.connectors.load import find
from govern.errors import NotFound
from govern.procedures.connecting import HELPERS, Way
from govern.register.queries import accounts, policies, rotations

if TYPE_CHECKING:
    from govern.connectors.load import Found
    from govern.connectors.protocol import Connector, Target
    from govern.register.queries.rotations import Rotatable


def way(db: sqlite3.Connection, name: str, *, account: str, by: str = "", monotonic: Callable[[], float]) -> Way:
    """The connector `name` for an account (id), helped by the account whose handle is `by`, else by one of its own credentials, if it needs one."""
    found = find(name, policies.policy(db))
    if by:
        helper = _of(db, accounts.find(db, by).id, HELPERS)
        if helper is None:
            raise NotFound(f"{by} has no api-token, app-password or password here", hint=f"govern credential list {by}")
        return Way(found=found, connect=_connect(found, monotonic), by=helper.credential)
    own = _of(db, account, found.make.capabilities.own_helpers)
    return Way(found=found, connect=_connect(found, monotonic), by=own.credential if own else "")


def again(db: sqlite3.Connection, name: str, by: str, *, monotonic: Callable[[], float]) -> Way:
    """The way that a rotation was begun with; `by` is the id of the credential that helped."""
    found = find(name, policies.policy(db))
    return Way(found=found, connect=_connect(found, monotonic), by=by)


def _of(db: sqlite3.Connection, account: str, kinds: tuple[str, ...]) -> Rotatable | None:
    """The first credential of these kinds that is sealed here and has a version that counts."""
    have = [one for one in rotations.of_account(db, account) if one.current and not one.kept_in]
    return next((one for kind in kinds for one in have if one.kind == kind), None)


def _connect(found: Found, monotonic: Callable[[], float]) -> Callable[[Target], Connector]:
    def connect(target: Target) -> Connector:
        return found.make(target, Http(address.read(target.url, target.handle), monotonic))

    return connect
