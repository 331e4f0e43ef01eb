"""One run of one rotation by a connector: what it is given, what it has asked and been answered, and how each of that is recorded.

Knows how to open, ask and record; what comes next is decided in `govern.procedures.connected`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from govern.connectors import address
from govern.connectors.protocol import Connector, Helper, Origin, Probe, Target, Verified
from govern.errors import Failed, GovernError, Refused
from govern.procedures import sealing, servers, showing
from govern.procedures.exchange import Exchange
from govern.procedures.rotation import Confirmed
from govern.register.queries import accounts, connecting, rotatable, rotations
from govern.register.queries.rotatable import Rotatable
from govern.register.queries.rotations import Rotation
from govern.rotation.kinds import label
from govern.rotation.probing import Answer
from govern.rotation.triggers import later_by
from govern.vault.secret import Secret

if TYPE_CHECKING:
    from govern.connectors.load import Found
    from govern.register.queries.accounts import Account
    from govern.register.transaction import Transaction
    from govern.register.workspace import Workspace

T = TypeVar("T")

HELPERS: Final = ("api-token", "app-password", "password")
"""Kinds of another account's credentials that help, the best first."""


def nobody(_found: Rotation) -> Secret | None:
    """Nobody who could type a code in."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a platform is changed: the connector, what makes one for a target, and the credential (id) that helps it, if any.

    `server`: the server as a person has typed it, who says by that that it is the account's own; empty where nobody did. `close` ends the
    connections that were opened for it, once the run is over.
    """

    found: Found
    connect: Callable[[Target], Connector]
    by: str = ""
    server: str = ""
    close: Callable[[], None] = lambda: None
    code: Callable[[Rotation], Secret | None] = nobody
    """Asks for a code that the platform has mailed, where it does that; None where nobody has it now."""
    anew: bool = False
    """Whether a code that an earlier run had mailed counts no more: the platform is to mail another one."""


@dataclass(slots=True, kw_only=True)
class Run:
    """One run of one rotation: what it has opened, asked and been answered."""

    workspace: Workspace
    id: str
    way: Way
    clock: Callable[[], str]
    connector: Connector | None = None
    secrets: dict[int, Secret] = field(default_factory=dict)
    silent: dict[int, Probe] = field(default_factory=dict)
    refused: int = 0
    changes: int = 0
    verified: Verified | None = None
    taken: int = 0
    """The version that the platform took in this very run."""
    finished: bool = False
    server: str = ""
    """Where it speaks to; `confirmed`: whether a person named that server."""
    confirmed: bool = False
    mailed: bool = False
    """Whether the platform has mailed a code in this very run."""

    @property
    def rotation(self) -> Rotation:
        return rotations.by_id(self.workspace.view(), self.id)

    @property
    def platform(self) -> Connector:
        assert self.connector is not None  # noqa: S101  made before the first step
        return self.connector

    @property
    def origin(self) -> Origin:
        return self.way.found.make.capabilities.kinds[self.rotation.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """How far a rotation came. `confirmed`: where it is done now; `why`: what it waits for, or empty; `retry_at`: UTC, where the platform says;
    `stopped`: it was told to come to a stop."""

    rotation: Rotation
    confirmed: Confirmed | None = None
    why: str = ""
    retry_at: str = ""
    survives: tuple[str, ...] = ()
    stopped: bool = False
    cleared: bool = False
    """It was given up before, and what it left on the platform is gone now."""

    @property
    def unfinished(self) -> bool:
        return self.rotation.open or bool(self.why)


class Silence(Failed):
    """The platform, or the connector, did not do its part; nothing follows from that about any secret."""


NAME: Final = 120
"""Characters of what a platform calls something, as far as they are kept and told: whoever signs in there may have chosen it."""


def brief(name: str) -> str:
    """What a platform calls something: not too long, and text that can be written."""
    name = name.encode(errors="replace").decode()
    return name if len(name) <= NAME else f"{name[: NAME - 1]}…"


async def asked(call: Callable[[], T]) -> T:
    """What the connector answers, awaited outside of any transaction. Whatever it raises besides our own refusals is silence, told without its
    words: they may quote a secret."""
    try:
        answer: T = await Exchange(call)
    except Failed as error:
        raise Silence(error.message, hint=error.hint) from None
    except GovernError:
        raise
    except Exception as error:
        raise Silence(f"the connector broke down ({type(error).__name__})") from None
    return answer


def must_change(connector: Found, found: Rotation | Rotatable) -> None:
    """Refuse what this connector can't change."""
    capabilities = connector.make.capabilities
    hint = f"govern rotate {found.handle} --kind {found.kind} --connector guided"
    if found.platform not in capabilities.platforms or found.kind not in capabilities.kinds:
        what = f"the {found.kind} of an account on {found.platform}"
        raise Refused(f"the connector {connector.name} can't change {what}", rule="connector-kind", hint=hint)
    if found.kept_in:
        raise Refused(f"the {found.kind} of {found.handle} is kept in {found.place}, not here", rule="kept-elsewhere", hint=hint)


def target_of(run: Run, found: Rotation) -> Target:
    """Whom and what the connector is for. Refused for what it can't change, or what the actor may not."""
    must_change(run.way.found, found)
    with run.workspace.transaction(run.clock()) as tx:
        account = accounts.by_id(tx.register, found.account)
        showing.must_hold(tx.register, account, tx.actor, found.kind, tx.now)
        run.server = address.read(account.url, account.handle).server
        run.confirmed = servers.must_be_known(tx.register, found, account, reader=tx.actor, named=run.way.server)
        helper = helping(tx, run.way.by, account) if run.way.by else None
        old_label = connecting.issued_under(tx.register, found.credential)
    return Target(
        handle=account.handle, url=account.url, login=account.login, kind=found.kind, label=label(found.id), old_label=old_label,
        helper=helper,
    )  # fmt: skip


def helping(tx: Transaction, credential: str, helped: Account) -> Helper:
    """The credential that helps, opened and recorded. Refused where it is not of the very server that it is sent to: whoever may edit the url of the
    account that is helped, or names the helper in the ledger, must not choose where somebody else's secret goes."""
    helping = rotatable.of_credential(tx.register, credential)
    account = accounts.by_id(tx.register, helping.account)
    if helping.kind not in HELPERS or account.platform != helped.platform or not _same_server(account, helped):
        raise Refused(
            f"{account.handle} is not on the server of {helped.handle}, so its {helping.kind} is not sent there",
            rule="helper-server",
            control="AC-4",
            hint=f"compare the urls: govern account show {account.handle}, govern account show {helped.handle}",
        )
    showing.must_hold(tx.register, account, tx.actor, helping.kind, tx.now)
    secret = opened(tx, credential, helping.kind, helping.current)
    return Helper(login=account.login or account.handle, kind=helping.kind, secret=secret)


def _same_server(one: Account, other: Account) -> bool:
    return one.id == other.id or address.read(one.url, one.handle)[:3] == address.read(other.url, other.handle)[:3]


def opened(tx: Transaction, credential: str, kind: str, n: int) -> Secret:
    """One version, recorded as used by a program before it leaves this transaction."""
    fields = sealing.open_fields(tx, sealing.stored(tx.register, credential, n))
    secret = showing.value(kind, fields)
    tx.record("secret.revealed", {"credential": credential, "version": n, "purpose": "probe"})
    return secret


def take_in_hand(tx: Transaction, run: Run, candidate: int, *, awaits: str = "") -> None:
    """Record that from here on a program may touch the platform, and which: what was found out before counts no more.

    `awaits`: that it will not, until somebody types in what the platform has mailed.
    """
    way = run.way
    tx.record(
        "rotation.connected",
        {
            "rotation": run.id, "connector": way.found.name, "distribution": way.found.distribution, "release": way.found.release,
            "version": candidate or None, "by": way.by or None, "server": run.server, "confirmed": run.confirmed or None,
            "awaits": awaits or None,
        },
    )  # fmt: skip
    run.silent.clear()


def clear(tx: Transaction, run: Run) -> None:
    """Record that the connector has taken away what a rotation that was given up left on the platform."""
    tx.record(
        "rotation.cleared",
        {
            "rotation": run.id, "connector": run.way.found.name, "by": run.way.by or None, "server": run.server,
            "confirmed": run.confirmed or None,
        },
    )  # fmt: skip


def hold(tx: Transaction, run: Run, found: Rotation, *versions: int) -> None:
    """Open these versions, each once in a run, and record that they are used."""
    for n in versions:
        if n and n not in run.secrets:
            run.secrets[n] = opened(tx, found.credential, found.kind, n)


async def ask(run: Run, found: Rotation, n: int) -> Probe:
    """Try one version, and record what the platform said to it."""
    if n not in run.secrets:
        with run.workspace.transaction(run.clock()) as tx:
            hold(tx, run, found, n)
    probe = await asked(lambda: run.platform.probe(run.secrets[n]))
    record_probe(run, n, probe)
    return probe


def record_probe(run: Run, n: int, probe: Probe) -> None:
    if probe.answer is Answer.INVALID:
        run.refused += 1
    if probe.answer is Answer.VALID:
        run.taken = n
    if probe.answer is Answer.INCONCLUSIVE:
        run.silent[n] = probe
    else:
        run.silent.pop(n, None)
    now = run.clock()
    retry_at = later_by(now, probe.retry_after) if probe.retry_after else None
    with run.workspace.transaction(now) as tx:
        tx.record("rotation.probed", {"rotation": run.id, "version": n, "answer": probe.answer.value, "retry_at": retry_at})


def waits(run: Run, why: str, retry_after: int = 0) -> Carried:
    """What the run waits for, and for how many seconds where the platform says."""
    return Carried(rotation=run.rotation, why=why, retry_at=later_by(run.clock(), retry_after) if retry_after else "")
