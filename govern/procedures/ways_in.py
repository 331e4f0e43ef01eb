"""Who and what else gets into an account on its platform, as a connector sees it, and ending one of these ways: recorded before it is ended.

A changed password leaves sessions, app passwords and connected apps alive on many platforms. What was set out for and not seen through is settled by the
next look: a way that the platform lists no longer is gone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeVar

from govern.connectors import address
from govern.connectors.load import BUILT_IN, find
from govern.connectors.protocol import Target
from govern.errors import GovernError, NotFound, Refused
from govern.procedures import connecting, showing
from govern.procedures.connected import changing
from govern.procedures.connecting import Silence, asked, brief
from govern.procedures.exchange import in_turn
from govern.register.queries import connecting as queries
from govern.register.queries import rotatable, servers, ways
from govern.vault.secret import Secret

if TYPE_CHECKING:
    import sqlite3

    from govern.connectors.protocol import Connector, Entrance
    from govern.policy.rules import Policy
    from govern.procedures.connecting import Way
    from govern.register.queries.accounts import Account
    from govern.register.transaction import Transaction
    from govern.register.workspace import Workspace

T = TypeVar("T")
_OURS = ("app-password", "api-token")
_REF: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class WayIn:
    """One way into the account. `ours`: the kind of the credential here whose present secret it is, or empty."""

    way: Entrance
    ours: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """One that was to be ended. `gone`: the platform lists it no longer; None where it gave no answer; `why`: what it said, or empty."""

    way: Entrance
    gone: bool | None
    why: str = ""


class _Sight:
    """One account at its platform for as long as one session lasts."""

    def __init__(self, workspace: Workspace, account: Account, way: Way, clock: Callable[[], str]) -> None:
        self.workspace, self.account, self.way, self.clock = workspace, account, way, clock
        self.platform: Connector
        self.secret = Secret("")

    def open(self) -> None:
        """Everything that is sent is opened, and recorded as used, first."""
        name, account = self.way.found.name, self.account
        capabilities = self.way.found.make.capabilities
        if not capabilities.lists_access or account.platform not in capabilities.platforms:
            raise Refused(
                f"the connector {name} lists nothing of an account on {account.platform}", rule="connector-kind",
                hint=f"look there: govern platform show {account.platform}",
            )  # fmt: skip
        self.server = address.read(account.url, account.handle).server
        with self.workspace.transaction(self.clock()) as tx:
            helper = None
            if servers.doubt(tx.register, account=account.id, rotation="", server=self.server) is not None:
                raise Refused(
                    f"nothing is sent to {self.server} for {account.handle} before somebody has confirmed it", rule="server-confirmed",
                    control="AC-4", hint=f"govern rotate {account.handle} --connector {name} --server HOST confirms it, and changes the password",
                )  # fmt: skip
            if self.way.by:
                helper = connecting.helping(tx, self.way.by, account)
                self.secret = helper.secret
            else:
                self.secret = self._own(tx)
        self.platform = self.way.connect(
            Target(handle=account.handle, url=account.url, login=account.login, kind="password", label="", helper=helper)
        )

    def _own(self, tx: Transaction) -> Secret:
        account = self.account
        one = next((o for o in rotatable.of_account(tx.register, account.id, "password") if o.current and not o.kept_in), None)
        if one is None:
            raise NotFound(f"{account.handle} has no password here to look with", hint="--by ACCOUNT whose credential may look")
        showing.must_hold(tx.register, account, tx.actor, "password", tx.now)
        return connecting.opened(tx, one.credential, "password", one.current)

    async def look(self) -> list[WayIn]:
        """What there is, and what of an earlier run has gone by now."""
        found = await asked(lambda: self.platform.list_access(self.secret))
        there = {(one.kind, _ref(one)) for one in found}
        with self.workspace.transaction(self.clock()) as tx:
            for one in ways.of_account(tx.register, self.account.id):
                if one.gone is None and one.ref:
                    tx.record("way.ended", {"way": one.id, "account": self.account.id, "gone": (one.kind, one.ref) not in there})
            ours = {(one.kind, queries.issued_under(tx.register, one.credential)) for one in _kept_here(tx.register, self.account.id)}
        return [WayIn(way=replace(one, name=brief(one.name)), ours=one.kind if _is_ours(one, ours) else "") for one in found]

    async def end(self, wanted: Sequence[Entrance]) -> list[Ended]:
        way = self.way
        with self.workspace.transaction(self.clock()) as tx:
            for one in wanted:
                tx.record(
                    "way.ending",
                    {
                        "way": tx.new_id(), "account": self.account.id, "kind": one.kind, "connector": way.found.name,
                        "distribution": way.found.distribution, "release": way.found.release, "server": self.server, "by": way.by or None,
                    },
                    {"name": one.name, "ref": _ref(one)},
                )  # fmt: skip
        said: dict[tuple[str, str], str] = {}
        for one in wanted:
            try:
                await asked(lambda one=one: self.platform.remove_access(self.secret, one))  # type: ignore[misc]
            except Silence as silence:
                said[one.kind, one.id] = silence.message
        try:
            left = {(one.way.kind, one.way.id) for one in await self.look()}
        except Silence as silence:
            return [Ended(way=one, gone=None, why=said.get((one.kind, one.id), silence.message)) for one in wanted]
        return [Ended(way=one, gone=(one.kind, one.id) not in left, why=said.get((one.kind, one.id), "")) for one in wanted]


def look(workspace: Workspace, account: Account, way: Way, clock: Callable[[], str]) -> list[WayIn]:
    """Every way into the account that its platform lists to the connector; what the connector is given is recorded first.

    Raises Refused where the actor may not, or the connector can't; Failed where the platform gives no answer.
    """
    return _within(workspace, account, way, clock, lambda sight: sight.look())


def end(
    workspace: Workspace, account: Account, way: Way, choose: Callable[[Sequence[WayIn]], Sequence[WayIn]], clock: Callable[[], str]
) -> list[Ended]:
    """End those that `choose` takes from what is there. Refused for the present secret of a credential here: that is what a rotation is for."""

    async def work(sight: _Sight) -> list[Ended]:
        chosen = choose(await sight.look())
        for one in chosen:
            if one.ours:
                raise Refused(
                    f"{one.way.name} is the present {one.ours} of {account.handle} here", rule="own-way",
                    hint=f"govern rotate {account.handle} --kind {one.ours} --connector {way.found.name} puts another in its place",
                )  # fmt: skip
        return await sight.end([one.way for one in chosen]) if chosen else []

    return _within(workspace, account, way, clock, work)


def _is_ours(one: Entrance, ours: set[tuple[str, str]]) -> bool:
    return one.own or (bool(one.name) and (one.kind, one.name) in ours)


def _ref(one: Entrance) -> str:
    """What it is recorded by: its id, where that is one that an entry takes; whoever signs in may choose it."""
    if 0 < len(one.id) <= _REF and one.id.isprintable():
        return one.id
    return f"sha256:{hashlib.sha256(one.id.encode(errors='backslashreplace')).hexdigest()}"


def unnamed(db: sqlite3.Connection, account: str) -> set[str]:
    """Kinds of which this vault keeps one of the account's that somebody typed in: what the platform calls it is not known here."""
    return {one.kind for one in _kept_here(db, account) if not queries.issued_under(db, one.credential)}


def _kept_here(db: sqlite3.Connection, account: str) -> list[rotatable.Rotatable]:
    return [one for kind in _OURS for one in rotatable.of_account(db, account, kind) if one.current and not one.kept_in]


def _within(workspace: Workspace, account: Account, way: Way, clock: Callable[[], str], work: Callable[[_Sight], Awaitable[T]]) -> T:
    async def steps() -> T:
        sight = _Sight(workspace, account, way, clock)
        sight.open()
        try:
            return await work(sight)
        finally:
            with suppress(GovernError):
                await asked(sight.platform.finish)
            way.close()

    with changing(workspace):
        return in_turn(steps())


def lister(platform: str, policy: Policy) -> str:
    """Name of a connector of our own that the policy names and that lists ways into accounts on this platform; empty where there is none."""
    for name in BUILT_IN:
        if name in policy.connectors.allowed:
            capabilities = find(name, policy).make.capabilities
            if platform in capabilities.platforms and capabilities.lists_access:
                return name
    return ""
