"""By which connector an account is changed, and which credential helps it: found from what was typed, or from what the ledger says."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from govern.connectors import address
from govern.connectors.http import Http
from govern.connectors.load import find, that_can
from govern.errors import NotFound, Refused
from govern.procedures.connecting import HELPERS, Way, must_change
from govern.register.queries import accounts, policies, rotatable

if TYPE_CHECKING:
    from govern.connectors.load import Found
    from govern.connectors.protocol import Connector, Target
    from govern.register.queries.rotatable import Rotatable


def way(db: sqlite3.Connection, name: str, *, account: str, by: str = "", server: str = "", monotonic: Callable[[], float]) -> Way:
    """The connector `name` for an account (id), helped by the account whose handle is `by`, else by one of its own credentials, if it needs one.

    `server`: the one that a person named, if any did.
    """
    found = find(name, policies.policy(db))
    if by:
        helper = _of(db, accounts.find(db, by).id, HELPERS)
        if helper is None:
            raise NotFound(f"{by} has no api-token, app-password or password here", hint=f"govern credential list {by}")
        return _over(found, monotonic, by=helper.credential, server=server)
    own = _of(db, account, found.make.capabilities.own_helpers)
    return _over(found, monotonic, by=own.credential if own else "", server=server)


def again(db: sqlite3.Connection, name: str, by: str, *, server: str = "", monotonic: Callable[[], float]) -> Way:
    """The way that a rotation was begun with; `by` is the id of the credential that helped."""
    found = find(name, policies.policy(db))
    return _over(found, monotonic, by=by, server=server)


ANY: Final = "any"
"""In place of a connector's name: for each credential the one that the policy names and that can change it."""


def connectors(db: sqlite3.Connection, name: str, wanted: Sequence[Rotatable]) -> tuple[dict[str, str], list[tuple[Rotatable, Refused]]]:
    """Credential -> the connector that changes it, and those that the connector `name` can't change, with the reason.

    With `any`, those that no connector can change are in neither: they are led by hand. Refused for one that the policy does not name.
    """
    rules = policies.policy(db)
    if name == ANY:
        by = {one.credential: "" if one.kept_in else that_can(one.platform, one.kind, rules) for one in wanted}
        return {credential: connector for credential, connector in by.items() if connector}, []
    found = find(name, rules)
    refused = []
    for one in wanted:
        try:
            must_change(found, one)
        except Refused as error:
            refused.append((one, error))
    beyond = {one.credential for one, _ in refused}
    return {one.credential: name for one in wanted if one.credential not in beyond}, refused


def _of(db: sqlite3.Connection, account: str, kinds: tuple[str, ...]) -> Rotatable | None:
    """The first credential of these kinds that is sealed here and has a version that counts."""
    have = [one for one in rotatable.of_account(db, account) if one.current and not one.kept_in]
    return next((one for kind in kinds for one in have if one.kind == kind), None)


def _over(found: Found, monotonic: Callable[[], float], *, by: str, server: str) -> Way:
    opened: list[Http] = []

    def connect(target: Target) -> Connector:
        opened.append(Http(address.read(target.url, target.handle), monotonic))
        return found.make(target, opened[-1])

    def close() -> None:
        while opened:
            opened.pop().close()

    return Way(found=found, connect=connect, by=by, server=server, close=close)
