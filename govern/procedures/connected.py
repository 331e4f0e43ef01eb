"""Changing a secret by a connector: one rotation, step by step, each step committed before and after the platform is touched.

Every step is decided from what the ledger says of the rotation, so that going on after a crash is the same as going on without one. What the
connector is given was opened with the actor's own key, and is recorded first (`secret.revealed`, purpose `probe`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from govern.connectors.protocol import Applied, Origin, Outcome, Probe, Verified
from govern.errors import Failed, GovernError, Locked, Refused
from govern.procedures import candidates, mailing
from govern.procedures import rotation as steps
from govern.procedures.connecting import (
    Carried,
    Run,
    Silence,
    Way,
    ask,
    asked,
    brief,
    clear,
    hold,
    record_probe,
    take_in_hand,
    target_of,
    waits,
)
from govern.procedures.exchange import in_turn
from govern.register.alone import alone
from govern.register.queries import connecting, rotations, servers
from govern.register.queries.rotations import Rotation
from govern.rotation.machine import State
from govern.rotation.probing import MOST_REFUSALS, Answer, Ask, Enough, InForce, Nowhere, Silent, Unchanged, conclude
from govern.rotation.triggers import later_by

if TYPE_CHECKING:
    from govern.register.workspace import Workspace

MOST_CHANGES: Final = 3
"""How often a change is tried in one run."""
_STEPS: Final = 24
_OTHERS_TURN: Final = 120
"""Seconds for which a rotation is left to another machine that was at it."""


def carry_on(workspace: Workspace, rotation: str, way: Way, clock: Callable[[], str]) -> Carried:
    """Bring a rotation (id) as far as the platform lets it: to done, or to where it has to wait. A finished one stays as it is.

    Raises Refused, Locked, NotFound or Usage where it can't be begun; what the platform does wrong comes back as `why`.
    """
    with changing(workspace):
        return in_turn(carry(workspace, rotation, way, clock))


def changing(workspace: Workspace) -> AbstractContextManager[None]:
    """Nobody else on this machine changes anything on a platform meanwhile; Refused where somebody does."""
    return alone(workspace.home / "changing.lock", "changing a secret on its platform")


async def carry(
    workspace: Workspace, rotation: str, way: Way, clock: Callable[[], str], stop: Callable[[], bool] = lambda: False
) -> Carried:
    """The same, for whoever holds `changing`: awaits every answer of the platform outside of any transaction, and ends early once `stop` says so."""
    run = Run(workspace=workspace, id=rotation, way=way, clock=clock)
    found = run.rotation
    left = not found.open and bool(connecting.left_behind(workspace.view(), found.id))
    if not found.open and not left:
        return Carried(rotation=found)
    wait = _wait(run, found)
    if wait:
        return Carried(rotation=found, why="the platform asked to be left alone", retry_at=wait)
    try:
        run.connector = way.connect(target_of(run, found))
        if left:
            return await _clear(run, found)
        if servers.last(workspace.view(), found.id) not in ("", run.server):
            with workspace.transaction(clock()) as tx:  # what another server has answered counts no more
                take_in_hand(tx, run, found.candidate)
        for _ in range(_STEPS):
            if stop():
                return Carried(rotation=run.rotation, why="interrupted", stopped=True)
            carried = await _step(run, run.rotation)
            if carried is not None:
                return carried
        raise Failed("this rotation does not come to an end", code="defect")
    except Silence as error:
        return Carried(rotation=run.rotation, why=error.message)
    except GeneratorExit:
        run.finished = True  # given up, as by a kill: nobody waits for an answer any more
        raise
    finally:
        if run.connector is not None and not run.finished:
            with suppress(GovernError):
                await asked(run.connector.finish)
        way.close()


def _wait(run: Run, found: Rotation) -> str:
    """Until when the platform wants no more questions; Refused while another machine is at this rotation."""
    db, now = run.workspace.view(), run.clock()
    other = connecting.last_of_another(db, found.id, run.workspace.keys.id.hex())
    if other and other <= now < later_by(other, _OTHERS_TURN):
        raise Refused(
            f"another machine is changing the {found.kind} of {found.handle}", rule="one-at-a-time", hint="see: govern rotation list --open"
        )
    return connecting.wait_until(db, found.account, now)


# --- one step ----------------------------------------------------------------------------------------------------------------------------


async def _step(run: Run, found: Rotation) -> Carried | None:
    """Do what comes next; where that ends the run, how it ended."""
    match found.state:
        case State.DONE | State.ABORTED:
            return Carried(rotation=found)
        case State.PLANNED | State.REJECTED if run.origin is Origin.ISSUED:
            return await _issue(run, found)
        case State.PLANNED | State.REJECTED:
            with run.workspace.transaction(run.clock()) as tx:
                candidates.stage(tx, rotations.by_id(tx.register, run.id))
            return None
        case State.STAGED if not found.shown and run.origin is not Origin.ISSUED:
            return await _change(run, found, connecting.current(run.workspace.view(), found.credential))
        case State.STAGED | State.LOST:
            # Somebody may have typed it in there already, the platform has issued it, or something was changed since: look before anything is changed.
            with run.workspace.transaction(run.clock()) as tx:
                take_in_hand(tx, run, found.candidate)
            return None
        case State.UNKNOWN if found.awaits and (run.mailed or not run.way.anew):
            came = await mailing.enter(run, found)
            return came if isinstance(came, Carried) else _changed(run, found, 0, came)
        case State.UNKNOWN:
            return await _find_out(run, found)
        case State.APPLIED | State.VERIFIED if run.taken != found.candidate:
            # An earlier run saw it taken. That may be days ago: look again before anything else ends.
            probe = await ask(run, found, found.candidate)
            silent = probe.answer is Answer.INCONCLUSIVE
            return waits(run, f"the platform gives no answer: {probe.why}", probe.retry_after) if silent else None
        case State.APPLIED:
            return await _prove(run, found)
        case State.VERIFIED:
            return await _complete(run, found)


async def _change(run: Run, found: Rotation, old: int) -> Carried | None:
    """Set out to change it from the `old` version to the candidate, and say on the way out no more than what the platform said."""
    if run.changes == MOST_CHANGES:
        return waits(run, "the platform does not take what it is given")
    if not run.changes:
        await asked(run.platform.prepare)
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
            hold(tx, run, found, old, new)
            take_in_hand(tx, run, new)
        except BaseException:
            run.secrets = held
            raise
    applied = await asked(lambda: run.platform.apply(run.secrets.get(old), run.secrets[new]))
    return _changed(run, found, old, applied)


async def _issue(run: Run, found: Rotation) -> Carried | None:
    """Have the platform make the new secret, and seal it before anything else happens.

    Until it is sealed it is nowhere but in the answer. Where that is lost, what was made lies there under the rotation's label, and is
    cleared away by `prepare` before another is made.
    """
    if run.changes == MOST_CHANGES:
        return waits(run, "the platform issues nothing that works")
    await asked(run.platform.prepare)
    run.changes += 1
    old = connecting.current(run.workspace.view(), found.credential)
    with run.workspace.transaction(run.clock()) as tx:
        opened = connecting.tryable(tx.register, found.credential, found.id, tx.workspace.keys.id.hex())[1]
        hold(tx, run, found, old if old in opened else 0)
        take_in_hand(tx, run, found.candidate)
    applied = await asked(lambda: run.platform.apply(run.secrets.get(old), None))
    if applied.outcome is Outcome.UNCERTAIN and not applied.retry_after:
        return None
    if applied.outcome is not Outcome.DONE or applied.issued is None:
        return waits(run, f"the platform issues none: {applied.why}", applied.retry_after)
    with run.workspace.transaction(run.clock()) as tx:
        new = candidates.stage(tx, rotations.by_id(tx.register, run.id), applied.issued).n
        take_in_hand(tx, run, new)
    run.secrets[new] = applied.issued
    return None


def _changed(run: Run, found: Rotation, old: int, applied: Applied) -> Carried | None:
    match applied.outcome:
        case Outcome.DONE:
            return None
        case Outcome.WRONG if old:
            record_probe(run, old, Probe(answer=Answer.INVALID))
            return None
        case Outcome.WRONG:
            return waits(run, f"the platform says {applied.why}")
        case Outcome.REFUSED:
            with run.workspace.transaction(run.clock()) as tx:
                steps.reject(tx, rotations.by_id(tx.register, run.id))
            return waits(run, f"the platform refuses it: {applied.why}") if run.changes == MOST_CHANGES else None
        case Outcome.CODE:
            mailing.keep(run, found)
            return None
        case Outcome.UNCERTAIN if applied.retry_after:
            record_probe(run, found.candidate, Probe(answer=Answer.INCONCLUSIVE, retry_after=applied.retry_after))
            return waits(run, f"the platform says {applied.why}", applied.retry_after)
        case Outcome.UNCERTAIN:
            return None  # look which of the two it has


async def _find_out(run: Run, found: Rotation) -> Carried | None:
    """Try what may be in force, one secret at a time."""
    db = run.workspace.view()
    if not connecting.in_hand(db, found.id).connector:
        with run.workspace.transaction(run.clock()) as tx:
            take_in_hand(tx, run, found.candidate)
    tries, others = connecting.tryable(db, found.credential, found.id, run.workspace.keys.id.hex())
    known = connecting.answers(db, found.id) | dict.fromkeys(run.silent, Answer.INCONCLUSIVE)
    match conclude(tries, others, known, refused=run.refused):
        case Ask(n=n):
            await ask(run, found, n)
            return None
        case InForce(n=n):
            await ask(run, found, n)
            return None
        case Unchanged() | Nowhere() if run.origin is Origin.ISSUED:
            with run.workspace.transaction(run.clock()) as tx:
                steps.reject(tx, rotations.by_id(tx.register, run.id))  # what was issued works no more: have another one
            return None
        case Unchanged(n=n):
            return await _change(run, found, n)
        case Silent(n=n):
            probe = run.silent[n]
            return waits(run, f"the platform gives no answer: {probe.why}", probe.retry_after)
        case Enough():
            return waits(run, f"the platform has refused {MOST_REFUSALS} secrets, and others are left to try")
        case Nowhere():
            with run.workspace.transaction(run.clock()) as tx:
                steps.lose(tx, rotations.by_id(tx.register, run.id))
            return waits(run, "no secret that is stored here works: ask the holders, then the platform's own recovery")


async def _prove(run: Run, found: Rotation) -> Carried | None:
    """The platform takes the candidate: see what that has ended, and that it refuses what was current."""
    old = connecting.current(run.workspace.view(), found.credential)
    opened = connecting.tryable(run.workspace.view(), found.credential, found.id, run.workspace.keys.id.hex())[1]
    await _verify(run, found, old if old in opened else 0)
    if old not in opened:
        return waits(run, "the one before is not sealed to your key, so nobody can see whether the platform refuses it")
    probe = await ask(run, found, old)
    match probe.answer:
        case Answer.INVALID:
            return None
        case Answer.INCONCLUSIVE:
            return waits(run, f"the platform gives no answer: {probe.why}", probe.retry_after)
        case Answer.VALID:
            return waits(run, "the platform takes the new one and still the one before")


async def _verify(run: Run, found: Rotation, old: int) -> Verified:
    if run.verified is None:
        if not {found.candidate, old} - {0} <= set(run.secrets):
            with run.workspace.transaction(run.clock()) as tx:
                hold(tx, run, found, found.candidate, old)
        seen = await asked(lambda: run.platform.verify(run.secrets[found.candidate], run.secrets.get(old)))
        run.verified = replace(seen, survives=tuple(map(brief, seen.survives)))
    return run.verified


async def _complete(run: Run, found: Rotation) -> Carried:
    """The platform takes the new one and refuses the old one: end our own session there, then let it count."""
    old = connecting.current(run.workspace.view(), found.credential)
    opened = connecting.tryable(run.workspace.view(), found.credential, found.id, run.workspace.keys.id.hex())[1]
    verified = await _verify(run, found, old if old in opened else 0)
    await asked(run.platform.finish)
    run.finished = True
    now = run.clock()
    with run.workspace.transaction(now) as tx:
        done = steps.confirm(
            tx, rotations.by_id(tx.register, run.id), grade="probed", sessions_cut=verified.sessions_cut,
            residual_until=later_by(now, verified.residual_seconds) if verified.residual_seconds else "",
        )  # fmt: skip
    return Carried(rotation=done.rotation, confirmed=done, survives=verified.survives)


async def _clear(run: Run, found: Rotation) -> Carried:
    """Have the platform forget what it issued for a rotation that was given up: nobody was told that secret, and it works."""
    await asked(run.platform.prepare)
    await asked(run.platform.finish)
    run.finished = True
    with run.workspace.transaction(run.clock()) as tx:
        clear(tx, run)
    return Carried(rotation=found, cleared=True)
