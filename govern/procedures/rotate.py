"""Changing secrets: an open rotation for each, and a sealed candidate, all committed before anything is shown.

Starting again goes on with what is open: a credential never has two rotations under way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from govern.errors import GovernError, NotFound, Refused
from govern.policy.rules import Policy
from govern.procedures import candidates, sealing, together
from govern.procedures import rotation as steps
from govern.procedures.candidates import Candidate
from govern.procedures.rotation import Confirmed
from govern.register.queries import knowers, policies, rotations
from govern.register.queries.rotatable import Rotatable
from govern.register.queries.rotations import Rotation
from govern.register.transaction import Transaction
from govern.rotation import machine
from govern.rotation.kinds import FACTS, GENERATED, makes
from govern.rotation.machine import State
from govern.rotation.triggers import Trigger, due
from govern.vault.keys import Recipient
from govern.vault.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """One credential that is being rotated. `candidate`: what was staged now, None where one was there already or can't be made here.

    `tainted`: ids of people who are gone and could know the candidate that is there; `confirmed`: where it was changed already.
    """

    rotation: Rotation
    resumed: bool
    candidate: Candidate | None = None
    tainted: tuple[str, ...] = ()
    confirmed: Confirmed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A credential that could not be started, and why."""

    credential: Rotatable
    error: GovernError


def start(
    tx: Transaction, found: Sequence[Rotatable], trigger: Trigger, *, given: Secret | None = None, typeable: bool = False
) -> tuple[list[Started], list[Skipped]]:
    """Open or go on with a rotation of each, and stage a candidate where one can be made; what can't is skipped, of one it is raised."""
    skipped: list[Skipped] = []
    done = _together(tx, found, trigger, typeable) if given is None and len(found) > 1 else {}
    left = [credential for credential in found if credential.credential not in done]
    for number, credential in enumerate(left):
        if number % sealing.AT_ONCE == 0:
            near = rotations.newest_sealed(tx.register, [one.credential for one in left[number : number + sealing.AT_ONCE]])
            tx.read_ahead(tx.workspace.keys.id, near, versions=True)
        try:
            to = stageable(tx, credential)
            done[credential.credential] = _start(tx, credential, trigger, given, typeable, to)
        except (Refused, NotFound) as error:
            if len(found) == 1:
                raise
            skipped.append(Skipped(credential=credential, error=error))
    return [done[one.credential] for one in found if one.credential in done], skipped


def _together(tx: Transaction, found: Sequence[Rotatable], trigger: Trigger, typeable: bool) -> dict[str, Started]:
    """Credential -> what was started of those whose secret is generated here, that several can open, and that have no candidate yet.

    Whatever is refused together is left to be tried one by one, so that each one that can't be started says why.
    """
    made = {one.credential: one for one in found if one.kind in GENERATED and not one.kept_in}
    to = candidates.recipients_among(tx.register, list(made), tx.now)
    before = rotations.open_among(tx.register, {one: made[one] for one in to})
    rules = policies.policy(tx.register)
    new = [(one, _by(rules, made[one], trigger, tx.now) or "") for one in to if one not in before]
    try:
        together.open_rotations(tx, new, trigger)
        ready = before | (rotations.open_among(tx.register, {one: made[one] for one, _ in new}) if new else {})
    except Refused:
        ready = before
    ready = {one: rotation for one, rotation in ready.items() if rotation.state not in (State.STAGED, State.UNKNOWN)}
    staged = together.stage(tx, [(rotation, to[one]) for one, rotation in ready.items()], typeable=typeable)
    after = {state: machine.after(state, machine.Step.STAGE) for state in {ready[one].state for one in staged}}
    return {
        one: Started(
            rotation=ready[one]._replace(candidate=candidate.n, state=after[ready[one].state], shown=False),
            resumed=one in before,
            candidate=candidate,
        )
        for one, candidate in staged.items()
    }


def stageable(tx: Transaction, credential: Rotatable) -> Sequence[Recipient]:
    """Whom a new version is sealed to, none where none is. Refuse, before anything is recorded, what nobody who stays could open."""
    if credential.kept_in or credential.kind in FACTS:
        return ()
    return candidates.need_recipients(tx.register, account=credential.account, handle=credential.handle, kind=credential.kind, now=tx.now)


def opened(tx: Transaction, credential: Rotatable, trigger: Trigger) -> tuple[Rotation, bool]:
    """The open rotation of the credential, and whether it was there before."""
    rotation = rotations.open_of(tx.register, credential.credential)
    if rotation is not None:
        return rotation, True
    id_ = tx.new_id()
    by = _by(policies.policy(tx.register), credential, trigger, tx.now)
    tx.record("rotation.opened", {"rotation": id_, "credential": credential.credential, "trigger": trigger.value, "due": by})
    return rotations.by_id(tx.register, id_), False


def _by(rules: Policy, one: Rotatable, trigger: Trigger, now: str) -> str | None:
    return due(rules, trigger, one.tier, now, kind=one.kind, credential=one.credential, imported=one.imported)


def _start(
    tx: Transaction, credential: Rotatable, trigger: Trigger, given: Secret | None, typeable: bool, to: Sequence[Recipient]
) -> Started:
    if given is not None:
        candidates.stored_here(credential)
    rotation, resumed = opened(tx, credential, trigger)
    tainted: tuple[str, ...] = ()
    match rotation.state:
        case State.STAGED | State.UNKNOWN | State.APPLIED | State.VERIFIED:
            tainted = tuple(knowers.gone(tx.register, rotation.credential, rotation.candidate))
            if given is not None and candidates.same_as(tx, rotation, rotation.candidate, given):
                given = None
            if given is None and (rotation.shown or not tainted):
                return Started(rotation=rotation, resumed=True, tainted=tainted)
            if rotation.shown or rotation.state is not State.STAGED:
                raise Refused(
                    "its candidate was shown, and may be on the platform",
                    rule="rotation-shown",
                    hint=f"first: govern rotation reject {rotation.id[:8]}, or: govern rotation confirm {rotation.id[:8]}",
                )
            tx.record("rotation.rejected", {"rotation": rotation.id, "version": rotation.candidate})
            rotation = rotations.by_id(tx.register, rotation.id)
        case _:
            pass
    if given is None and not makes(credential.kind, kept_elsewhere=bool(credential.kept_in)):
        return Started(rotation=rotation, resumed=resumed)
    candidate = candidates.stage(tx, rotation, given, typeable=typeable, to=to)
    staged = rotation._replace(candidate=candidate.n, state=machine.after(rotation.state, machine.Step.STAGE), shown=False)
    return Started(rotation=staged, resumed=resumed, candidate=candidate)


def already_changed(
    tx: Transaction, credential: Rotatable, trigger: Trigger, given: Secret | None, *, changed_at: str = "", cut: Sequence[str] = ()
) -> Started:
    """Store a secret that somebody has changed on the platform already, and confirm it at once with the grade `claimed`.

    `cut`: what they ended there with it.
    """
    if given is not None:
        candidates.stored_here(credential)
    stageable(tx, credential)
    rotation, resumed = opened(tx, credential, trigger)
    staged: Candidate | None = None
    if rotation.state in (State.STAGED, State.UNKNOWN):
        if given is not None and candidates.same_as(tx, rotation, rotation.candidate, given):
            done = steps.confirm(tx, rotation, grade="claimed", cut=cut) if rotation.shown else None
            if done is not None:
                return Started(rotation=done.rotation, resumed=resumed, confirmed=done)
        tx.record("rotation.rejected", {"rotation": rotation.id, "version": rotation.candidate})
        rotation = rotations.by_id(tx.register, rotation.id)
    staged = candidates.stage(tx, rotation, given, changed_at=changed_at, in_force=True)
    done = steps.confirm(tx, rotations.by_id(tx.register, rotation.id), grade="claimed", cut=cut)
    return Started(rotation=done.rotation, resumed=resumed, candidate=staged, confirmed=done)
