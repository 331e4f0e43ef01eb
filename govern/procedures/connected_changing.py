"""Telling a platform the new secret, or having it make one: what is recorded before it is touched, and what its answer comes to.

What comes before and after is decided in `connected`.
"""

from __future__ import annotations

from typing import Final

from govern.connectors.protocol import Applied, Outcome, Probe
from govern.errors import Locked
from govern.procedures import candidates, mailing
from govern.procedures import rotation as steps
from govern.procedures.connecting import Carried, Run, asked, hold, record_probe, take_in_hand, waits
from govern.register.queries import connecting, rotations
from govern.register.queries.rotations import Rotation
from govern.rotation.probing import Answer

MOST_CHANGES: Final = 3
"""How often a change is tried in one run."""


async def change(run: Run, found: Rotation, old: int) -> Carried | None:
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
    return changed(run, found, old, applied)


async def issue(run: Run, found: Rotation) -> Carried | None:
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


def changed(run: Run, found: Rotation, old: int, applied: Applied) -> Carried | None:
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
