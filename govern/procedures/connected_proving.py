"""Looking which secret is in force on a platform, and what a change has ended there; then letting it count.

Changes nothing there, but for the session and the leftovers that are our own.
"""

from __future__ import annotations

from dataclasses import replace

from govern.connectors.protocol import Origin, Verified
from govern.procedures import rotation as steps
from govern.procedures.connected_changing import change
from govern.procedures.connecting import Carried, Run, ask, asked, brief, clear, hold, take_in_hand, waits
from govern.register.queries import connecting, rotations
from govern.register.queries.rotations import Rotation
from govern.rotation.probing import MOST_REFUSALS, Answer, Ask, Enough, InForce, Nowhere, Silent, Unchanged, conclude
from govern.rotation.triggers import later_by


async def find_out(run: Run, found: Rotation) -> Carried | None:
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
            return await change(run, found, n)
        case Silent(n=n):
            probe = run.silent[n]
            return waits(run, f"the platform gives no answer: {probe.why}", probe.retry_after)
        case Enough():
            return waits(run, f"the platform has refused {MOST_REFUSALS} secrets, and others are left to try")
        case Nowhere():
            with run.workspace.transaction(run.clock()) as tx:
                steps.lose(tx, rotations.by_id(tx.register, run.id))
            return waits(run, "no secret that is stored here works: ask the holders, then the platform's own recovery")


async def prove(run: Run, found: Rotation) -> Carried | None:
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


async def complete(run: Run, found: Rotation) -> Carried:
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


async def clear_up(run: Run, found: Rotation) -> Carried:
    """Have the platform forget what it issued for a rotation that was given up: nobody was told that secret, and it works."""
    await asked(run.platform.prepare)
    await asked(run.platform.finish)
    run.finished = True
    with run.workspace.transaction(run.clock()) as tx:
        clear(tx, run)
    return Carried(rotation=found, cleared=True)
