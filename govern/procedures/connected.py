"""Changing a secret by a connector: one rotation, step by step, each step committed before and after the platform is touched.

Every step is decided from what the ledger says of the rotation, so that going on after a crash is the same as going on without one. What the
connector is given was opened with the actor's own key, and is recorded first (`secret.revealed`, purpose `probe`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING, Final

from govern.connectors.protocol import Origin
from govern.errors import Failed, GovernError, Refused
from govern.procedures import candidates, mailing
from govern.procedures.connected_changing import change, changed, issue
from govern.procedures.connected_proving import clear_up, complete, find_out, prove
from govern.procedures.connecting import (
    Carried,
    Run,
    Silence,
    Way,
    ask,
    asked,
    take_in_hand,
    target_of,
    waits,
)
from govern.procedures.exchange import in_turn
from govern.register.alone import alone
from govern.register.queries import connecting, rotations, servers
from govern.register.queries.rotations import Rotation
from govern.rotation.machine import State
from govern.rotation.probing import Answer
from govern.rotation.triggers import later_by

if TYPE_CHECKING:
    from govern.register.workspace import Workspace

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
            return await clear_up(run, found)
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
            return await issue(run, found)
        case State.PLANNED | State.REJECTED:
            with run.workspace.transaction(run.clock()) as tx:
                candidates.stage(tx, rotations.by_id(tx.register, run.id))
            return None
        case State.STAGED if not found.shown and run.origin is not Origin.ISSUED:
            return await change(run, found, connecting.current(run.workspace.view(), found.credential))
        case State.STAGED | State.LOST:
            # Somebody may have typed it in there already, the platform has issued it, or something was changed since: look before anything is changed.
            with run.workspace.transaction(run.clock()) as tx:
                take_in_hand(tx, run, found.candidate)
            return None
        case State.UNKNOWN if found.awaits and (run.mailed or not run.way.anew):
            came = await mailing.enter(run, found)
            return came if isinstance(came, Carried) else changed(run, found, 0, came)
        case State.UNKNOWN:
            return await find_out(run, found)
        case State.APPLIED | State.VERIFIED if run.taken != found.candidate:
            # An earlier run saw it taken. That may be days ago: look again before anything else ends.
            probe = await ask(run, found, found.candidate)
            silent = probe.answer is Answer.INCONCLUSIVE
            return waits(run, f"the platform gives no answer: {probe.why}", probe.retry_after) if silent else None
        case State.APPLIED:
            return await prove(run, found)
        case State.VERIFIED:
            return await complete(run, found)
