"""Changing a secret by a connector: one rotation, step by step, each step committed before and after the platform is touched.

Every step is decided from what the ledger says of the rotation, so that going on after a crash is the same as going on without one. What the
connector is given was opened with the actor's own key, and is recorded first (`secret.revealed`, purpose `probe`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from govern.connectors.protocol import Applied, Connector, Helper, Origin, Outcome, Probe, Target, Verified
from govern.errors import Failed, GovernError, Locked, Refused
from govern.procedures import candidates, sealing, showing
from govern.procedures import rotation as steps
from govern.procedures.rotation import Confirmed
from govern.register.alone import alone
from govern.register.queries import accounts, connecting, rotations
from govern.register.queries.rotations import Rotation
from govern.rotation.kinds import label
from govern.rotation.machine import State
from govern.rotation.probing import MOST_REFUSALS, Answer, Ask, Enough, InForce, Nowhere, Silent, Unchanged, conclude
from govern.rotation.triggers import later_by
from govern.vault.secret import Secret

if TYPE_CHECKING:
    from govern.connectors.load import Found
    from govern.register.transaction import Transaction
    from govern.register.workspace import Workspace

T = TypeVar("T")

MOST_CHANGES: Final = 3
"""How often a change is tried in one run."""
_STEPS: Final = 24
_OTHERS_TURN: Final = 120
"""Seconds for which a rotation is left to another machine that was at it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a platform is changed: the connector, what makes one for a target, and the credential (id) that helps it, if any."""

    found: Found
    connect: Callable[[Target], Connector]
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """How far a rotation came. `confirmed`: where it is done now; `why`: what it waits for, or empty; `retry_at`: UTC, where the platform says."""

    rotation: Rotation
    confirmed: Confirmed | None = None
    why: str = ""
    retry_at: str = ""
    survives: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Run:
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


def carry_on(workspace: Workspace, rotation: str, way: Way, clock: Callable[[], str]) -> Carried:
    """Bring a rotation (id) as far as the platform lets it: to done, or to where it has to wait. A finished one stays as it is.

    Raises Refused, Locked, NotFound or Usage where it can't be begun; what the platform does wrong comes back as `why`.
    """
    with alone(workspace.home / "changing.lock", "changing a secret on its platform"):
        run = _Run(workspace=workspace, id=rotation, way=way, clock=clock)
        found = run.rotation
        if not found.open:
            return Carried(rotation=found)
        wait = _wait(run, found)
        if wait:
            return Carried(rotation=found, why="the platform asked to be left alone", retry_at=wait)
        try:
            run.connector = way.connect(_target(run, found))
            for _ in range(_STEPS):
                carried = _step(run, run.rotation)
                if carried is not None:
                    return carried
            raise Failed("this rotation does not come to an end", code="defect")
        except _Silence as error:
            return Carried(rotation=run.rotation, why=error.message)
        finally:
            if run.connector is not None and not run.finished:
                with suppress(GovernError):
                    _asked(run.connector.finish)


class _Silence(Failed):
    """The platform, or the connector, did not do its part; nothing follows from that about any secret."""


def _asked(call: Callable[[], T]) -> T:
    """What the connector answers. Whatever it raises besides our own refusals is silence, told without its words: they may quote a secret."""
    try:
        return call()
    except Failed as error:
        raise _Silence(error.message, hint=error.hint) from None
    except GovernError:
        raise
    except Exception as error:
        raise _Silence(f"the connector broke down ({type(error).__name__})") from None


def _wait(run: _Run, found: Rotation) -> str:
    """Until when the platform wants no more questions; Refused while another machine is at this rotation."""
    db, now = run.workspace.view(), run.clock()
    other = connecting.last_of_another(db, found.id, run.workspace.keys.id.hex())
    if other and later_by(other, _OTHERS_TURN) > now:
        raise Refused(
            f"another machine is changing the {found.kind} of {found.handle}", rule="one-at-a-time", hint="see: govern rotation list --open"
        )
    return connecting.wait_until(db, found.account, now)


def _target(run: _Run, found: Rotation) -> Target:
    """Whom and what the connector is for. Refused for what it can't change, or what the actor may not."""
    capabilities = run.way.found.make.capabilities
    hint = f"govern rotate {found.handle} --kind {found.kind} --connector guided"
    if found.platform not in capabilities.platforms or found.kind not in capabilities.kinds:
        what = f"the {found.kind} of an account on {found.platform}"
        raise Refused(f"the connector {run.way.found.name} can't change {what}", rule="connector-kind", hint=hint)
    if found.kept_in:
        raise Refused(f"the {found.kind} of {found.handle} is kept in {found.place}, not here", rule="kept-elsewhere", hint=hint)
    with run.workspace.transaction(run.clock()) as tx:
        account = accounts.by_id(tx.register, found.account)
        showing.must_hold(tx.register, account, tx.actor, found.kind, tx.now)
        helper = _helper(tx, run.way.by) if run.way.by else None
        old_label = connecting.issued_under(tx.register, found.credential)
    return Target(
        handle=account.handle, url=account.url, login=account.login, kind=found.kind, label=label(found.id), old_label=old_label,
        helper=helper,
    )  # fmt: skip


def _helper(tx: Transaction, credential: str) -> Helper:
    """The credential that helps, opened and recorded."""
    helping = rotations.of_credential(tx.register, credential)
    account = accounts.by_id(tx.register, helping.account)
    showing.must_hold(tx.register, account, tx.actor, helping.kind, tx.now)
    secret = _open(tx, credential, helping.kind, helping.current)
    return Helper(login=account.login or account.handle, kind=helping.kind, secret=secret)


def _open(tx: Transaction, credential: str, kind: str, n: int) -> Secret:
    """One version, recorded as used by a program before it leaves this transaction."""
    fields = sealing.open_fields(tx, sealing.stored(tx.register, credential, n))
    secret = showing.value(kind, fields)
    tx.record("secret.revealed", {"credential": credential, "version": n, "purpose": "probe"})
    return secret


# --- one step ----------------------------------------------------------------------------------------------------------------------------


def _step(run: _Run, found: Rotation) -> Carried | None:
    """Do what comes next; where that ends the run, how it ended."""
    match found.state:
        case State.DONE | State.ABORTED:
            return Carried(rotation=found)
        case State.PLANNED | State.REJECTED if run.origin is Origin.ISSUED:
            return _issue(run, found)
        case State.PLANNED | State.REJECTED:
            with run.workspace.transaction(run.clock()) as tx:
                candidates.stage(tx, rotations.by_id(tx.register, run.id))
            return None
        case State.STAGED if not found.shown:
            return _change(run, found, connecting.current(run.workspace.view(), found.credential))
        case State.STAGED | State.LOST:
            # Somebody may have typed it in there already, or something was changed since: look before anything is changed.
            with run.workspace.transaction(run.clock()) as tx:
                _take_in_hand(tx, run, found.candidate)
            return None
        case State.UNKNOWN:
            return _find_out(run, found)
        case State.APPLIED | State.VERIFIED if run.taken != found.candidate:
            # An earlier run saw it taken. That may be days ago: look again before anything else ends.
            probe = _ask(run, found, found.candidate)
            silent = probe.answer is Answer.INCONCLUSIVE
            return _waits(run, f"the platform gives no answer: {probe.why}", probe.retry_after) if silent else None
        case State.APPLIED:
            return _prove(run, found)
        case State.VERIFIED:
            return _complete(run, found)


def _take_in_hand(tx: Transaction, run: _Run, candidate: int) -> None:
    """Record that from here on a program may touch the platform, and which: what was found out before counts no more."""
    way = run.way
    tx.record(
        "rotation.connected",
        {
            "rotation": run.id, "connector": way.found.name, "distribution": way.found.distribution, "release": way.found.release,
            "version": candidate or None, "by": way.by or None,
        },
    )  # fmt: skip
    run.silent.clear()


def _hold(tx: Transaction, run: _Run, found: Rotation, *versions: int) -> None:
    """Open these versions, each once in a run, and record that they are used."""
    for n in versions:
        if n and n not in run.secrets:
            run.secrets[n] = _open(tx, found.credential, found.kind, n)


def _change(run: _Run, found: Rotation, old: int) -> Carried | None:
    """Set out to change it from the `old` version to the candidate, and say on the way out no more than what the platform said."""
    if run.changes == MOST_CHANGES:
        return _waits(run, "the platform does not take what it is given")
    if not run.changes:
        _asked(run.platform.prepare)
    run.changes += 1
    new = found.candidate
    with run.workspace.transaction(run.clock()) as tx:
        if old and old not in connecting.tryable(tx.register, found.credential, found.id, tx.workspace.keys.id.hex())[1]:
            if not run.way.by:
                raise Locked(
                    f"the present {found.kind} of {found.handle} is not sealed to your key", code="no-wrap", hint="ask whoever holds it"
                )
            old = 0
        held = dict(run.secrets)
        try:
            _hold(tx, run, found, old, new)
            _take_in_hand(tx, run, new)
        except BaseException:
            run.secrets = held
            raise
    applied = _asked(lambda: run.platform.apply(run.secrets.get(old), run.secrets[new]))
    return _changed(run, found, old, applied)


def _issue(run: _Run, found: Rotation) -> Carried | None:
    """Have the platform make the new secret, and seal it before anything else happens.

    Until it is sealed it is nowhere but in the answer. Where that is lost, what was made lies there under the rotation's label, and is
    cleared away by `prepare` before another is made.
    """
    if run.changes == MOST_CHANGES:
        return _waits(run, "the platform issues nothing that works")
    _asked(run.platform.prepare)
    run.changes += 1
    old = connecting.current(run.workspace.view(), found.credential)
    with run.workspace.transaction(run.clock()) as tx:
        opened = connecting.tryable(tx.register, found.credential, found.id, tx.workspace.keys.id.hex())[1]
        _hold(tx, run, found, old if old in opened else 0)
        _take_in_hand(tx, run, found.candidate)
    applied = _asked(lambda: run.platform.apply(run.secrets.get(old), None))
    if applied.outcome is Outcome.UNCERTAIN and not applied.retry_after:
        return None
    if applied.outcome is not Outcome.DONE or applied.issued is None:
        return _waits(run, f"the platform issues none: {applied.why}", applied.retry_after)
    with run.workspace.transaction(run.clock()) as tx:
        new = candidates.stage(tx, rotations.by_id(tx.register, run.id), applied.issued).n
        _take_in_hand(tx, run, new)
    run.secrets[new] = applied.issued
    return None


def _changed(run: _Run, found: Rotation, old: int, applied: Applied) -> Carried | None:
    match applied.outcome:
        case Outcome.DONE:
            return None
        case Outcome.WRONG if old:
            _record_probe(run, old, Probe(answer=Answer.INVALID))
            return None
        case Outcome.WRONG:
            return _waits(run, f"the platform says {applied.why}")
        case Outcome.REFUSED:
            with run.workspace.transaction(run.clock()) as tx:
                steps.reject(tx, rotations.by_id(tx.register, run.id))
            return _waits(run, f"the platform refuses it: {applied.why}") if run.changes == MOST_CHANGES else None
        case Outcome.UNCERTAIN if applied.retry_after:
            _record_probe(run, found.candidate, Probe(answer=Answer.INCONCLUSIVE, retry_after=applied.retry_after))
            return _waits(run, f"the platform says {applied.why}", applied.retry_after)
        case Outcome.UNCERTAIN:
            return None  # look which of the two it has


def _find_out(run: _Run, found: Rotation) -> Carried | None:
    """Try what may be in force, one secret at a time."""
    db = run.workspace.view()
    if not connecting.in_hand(db, found.id).connector:
        with run.workspace.transaction(run.clock()) as tx:
            _take_in_hand(tx, run, found.candidate)
    tries, others = connecting.tryable(db, found.credential, found.id, run.workspace.keys.id.hex())
    known = connecting.answers(db, found.id) | dict.fromkeys(run.silent, Answer.INCONCLUSIVE)
    match conclude(tries, others, known, refused=run.refused):
        case Ask(n=n):
            _ask(run, found, n)
            return None
        case InForce(n=n):
            _ask(run, found, n)
            return None
        case Unchanged() | Nowhere() if run.origin is Origin.ISSUED:
            with run.workspace.transaction(run.clock()) as tx:
                steps.reject(tx, rotations.by_id(tx.register, run.id))  # what was issued works no more: have another one
            return None
        case Unchanged(n=n):
            return _change(run, found, n)
        case Silent(n=n):
            probe = run.silent[n]
            return _waits(run, f"the platform gives no answer: {probe.why}", probe.retry_after)
        case Enough():
            return _waits(run, f"the platform has refused {MOST_REFUSALS} secrets, and others are left to try")
        case Nowhere():
            with run.workspace.transaction(run.clock()) as tx:
                steps.lose(tx, rotations.by_id(tx.register, run.id))
            return _waits(run, "no secret that is stored here works: ask the holders, then the platform's own recovery")


def _ask(run: _Run, found: Rotation, n: int) -> Probe:
    """Try one version, and record what the platform said to it."""
    if n not in run.secrets:
        with run.workspace.transaction(run.clock()) as tx:
            _hold(tx, run, found, n)
    probe = _asked(lambda: run.platform.probe(run.secrets[n]))
    _record_probe(run, n, probe)
    return probe


def _record_probe(run: _Run, n: int, probe: Probe) -> None:
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


def _prove(run: _Run, found: Rotation) -> Carried | None:
    """The platform takes the candidate: see what that has ended, and that it refuses what was current."""
    old = connecting.current(run.workspace.view(), found.credential)
    opened = connecting.tryable(run.workspace.view(), found.credential, found.id, run.workspace.keys.id.hex())[1]
    _verify(run, found, old if old in opened else 0)
    if old not in opened:
        return _waits(run, "the one before is not sealed to your key, so nobody can see whether the platform refuses it")
    probe = _ask(run, found, old)
    match probe.answer:
        case Answer.INVALID:
            return None
        case Answer.INCONCLUSIVE:
            return _waits(run, f"the platform gives no answer: {probe.why}", probe.retry_after)
        case Answer.VALID:
            return _waits(run, "the platform takes the new one and still the one before")


def _verify(run: _Run, found: Rotation, old: int) -> Verified:
    if run.verified is None:
        if not {found.candidate, old} - {0} <= set(run.secrets):
            with run.workspace.transaction(run.clock()) as tx:
                _hold(tx, run, found, found.candidate, old)
        run.verified = _asked(lambda: run.platform.verify(run.secrets[found.candidate], run.secrets.get(old)))
    return run.verified


def _complete(run: _Run, found: Rotation) -> Carried:
    """The platform takes the new one and refuses the old one: end our own session there, then let it count."""
    old = connecting.current(run.workspace.view(), found.credential)
    opened = connecting.tryable(run.workspace.view(), found.credential, found.id, run.workspace.keys.id.hex())[1]
    verified = _verify(run, found, old if old in opened else 0)
    _asked(run.platform.finish)
    run.finished = True
    now = run.clock()
    with run.workspace.transaction(now) as tx:
        done = steps.confirm(
            tx, rotations.by_id(tx.register, run.id), grade="probed", sessions_cut=verified.sessions_cut,
            residual_until=later_by(now, verified.residual_seconds) if verified.residual_seconds else "",
        )  # fmt: skip
    return Carried(rotation=done.rotation, confirmed=done, survives=verified.survives)


def _waits(run: _Run, why: str, retry_after: int = 0) -> Carried:
    return Carried(rotation=run.rotation, why=why, retry_at=later_by(run.clock(), retry_after) if retry_after else "")
