"""What happens to a rotation once its candidate is sealed: shown, tried, confirmed, refused by the platform, or in doubt.

Everything secret comes back masked and may leave the process only behind the transaction that recorded it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from govern.errors import NotFound, Refused, Usage
from govern.holdings.services import SERVED_KINDS
from govern.procedures import candidates, remembered, sealing, settling, showing
from govern.procedures.settling import Settled
from govern.register.queries import accounts, connecting, holdings, knowers, people, policies, rotatable, rotations, serving, ties
from govern.register.queries.rotations import Rotation
from govern.register.transaction import Transaction
from govern.rotation import machine, residue
from govern.rotation.kinds import makes
from govern.rotation.machine import State, Step
from govern.rotation.triggers import Trigger, due
from govern.vault.otp import Otp
from govern.vault.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The very version that was recorded, and its secret."""

    rotation: Rotation
    version: int
    secret: Secret


def show(tx: Transaction, rotation: Rotation, which: str) -> Shown:
    """Open the candidate (`new`), what is `current` or `previous`, or a version by number, and record that the actor saw it.

    Everything that can be refused is refused before it is recorded.
    """
    n = _which(tx, rotation, which)
    secret = showing.value(rotation.kind, _fields(tx, rotation, n))
    tx.record("secret.revealed", {"credential": rotation.credential, "version": n, "purpose": "rotation"})
    return Shown(rotation=rotations.by_id(tx.register, rotation.id), version=n, secret=secret)


def show_code(tx: Transaction, rotation: Rotation) -> Otp:
    """The seed of the candidate, of which a code may be shown: how a stored seed is tried before it counts. The code is recorded."""
    from govern.vault.otp import code, from_fields

    if rotation.kind != "totp":
        raise Usage(f"a {rotation.kind} gives no codes", hint=f"govern rotation show {rotation.id[:8]} --secret new --stdout")
    n = _which(tx, rotation, "new")
    otp = from_fields(_fields(tx, rotation, n))
    code(otp, 0)
    tx.record("code.shown", {"credential": rotation.credential, "version": n})
    return otp


def _which(tx: Transaction, rotation: Rotation, which: str) -> int:
    """The version meant by `new`, `current`, `previous` or a number."""
    if which == "new" and rotation.open:
        if not rotation.candidate:
            raise NotFound("this rotation has no candidate yet", hint=f"govern rotate {rotation.handle} --kind {rotation.kind}")
        return rotation.candidate
    found = rotations.versions(tx.register, rotation.credential)
    state = "current" if which == "new" else which
    chosen = next((version.n for version in found if version.state == state or str(version.n) == which), 0)
    if not chosen:
        raise NotFound(f"the {rotation.kind} of {rotation.handle} has no version {which}", hint=f"govern rotation show {rotation.id[:8]}")
    return chosen


def _fields(tx: Transaction, rotation: Rotation, n: int) -> dict[str, object]:
    account = accounts.by_id(tx.register, rotation.account)
    showing.must_hold(tx.register, account, tx.actor, rotation.kind, tx.now)
    return sealing.open_fields(tx, sealing.stored(tx.register, rotation.credential, n))


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """A rotation that is done. `still_knows`: ids of those who could know the new secret and may not have it; `waiting`: holders without
    keys who need it; `outside`: holders who, of a secret kept elsewhere, are not known to be in its place; `again`: the rotation that was
    opened because somebody who is gone knows it; `done_before`: nothing was recorded."""

    rotation: Rotation
    still_knows: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    again: str = ""
    cases: tuple[Settled, ...] = ()
    done_before: bool = False


def confirm(
    tx: Transaction, rotation: Rotation, *, version: int = 0, grade: str = "one-person", sessions_cut: bool | None = None,
    cut: Sequence[str] = (), residual_until: str = "",
) -> Confirmed:  # fmt: skip
    """The platform has the candidate (or, of several, this `version`), and nothing else: the exposures of all others end here.

    A rotation that is done already stays as it is, and is refused where more is said to have been ended (`cut`) than was recorded.
    Raises Refused where nobody can have typed the secret in, or tried the seed.
    """
    db = tx.register
    if rotation.state is State.DONE and version in (0, rotation.candidate):
        _nothing_more(rotation, cut)
        return Confirmed(rotation=rotation, done_before=True)
    _may(rotation, Step.CONFIRM)
    n = version or rotation.candidate
    try:
        machine.proven(rotations.candidate(db, rotation, n), grade)
    except Refused as refused:
        raise _named(refused, rotation) from None
    ended = residue.told(cut, sessions_cut=sessions_cut)
    beside, whole = remembered.carried_on(tx, rotation, n)
    tx.record(
        "rotation.confirmed",
        {
            "rotation": rotation.id, "version": n, "grade": grade, "sessions_cut": True if "sessions" in ended else sessions_cut,
            "cut": list(ended) or None, "residual_until": residue.until(residual_until, tx.now) or None,
            "earlier": beside.hex() if beside else None,
        },
    )  # fmt: skip
    _end_old_wraps(tx, rotation, n, to_all=whole)
    again = _again(tx, rotation, n)
    settled = settling.after_rotation(tx, rotation.credential)
    done = rotations.by_id(db, rotation.id)
    return Confirmed(
        rotation=done, still_knows=strangers(tx, done, n), again=again, cases=tuple(settled),
        waiting=() if done.kept_in else tuple(knowers.waiting(db, done.account, done.credential, done.kind, n)),
        outside=tuple(knowers.outside(db, done.account, done.credential, done.kind, n)) if done.kept_in else (),
    )  # fmt: skip


def _nothing_more(rotation: Rotation, cut: Sequence[str]) -> None:
    more = [word for word in residue.told(cut) if word not in rotation.cut]
    if more:
        raise Refused(
            f"it was confirmed without {', '.join(more)}, and nothing is added to what was recorded", rule="rotation-done",
            hint=f"change it once more, and say it then: govern rotate {rotation.handle} --kind {rotation.kind}",
        )  # fmt: skip


def _may(rotation: Rotation, step: Step) -> None:
    """Refuse a step that may not follow, with a hint that can be typed."""
    try:
        machine.after(rotation.state, step)
    except Refused as refused:
        raise _named(refused, rotation) from None


def _named(refused: Refused, rotation: Rotation) -> Refused:
    hint = refused.hint.replace(" ACCOUNT", f" {rotation.handle} --kind {rotation.kind}").replace(" ID", f" {rotation.id[:8]}")
    return Refused(refused.message, rule=refused.rule, control=refused.control, hint=hint)


def strangers(tx: Transaction, rotation: Rotation, n: int) -> tuple[str, ...]:
    """Ids (or `others-unknown`) of those who could know a version and neither hold the account nor answer for it, or are leaving."""
    account = accounts.by_id(tx.register, rotation.account)
    held = holdings.of_accounts(tx.register, [rotation.account])
    may = {account.custodian, account.deputy} | {grant.person for grant in held if not grant.kinds or rotation.kind in grant.kinds}
    may.update(serving.of_account(tx.register, rotation.account, tx.now) if rotation.kind in SERVED_KINDS else ())
    gone = set(knowers.gone(tx.register, rotation.credential, n))
    return tuple(person for person in knowers.knowers(tx.register, rotation.credential, n) if person not in may or person in gone)


def _again(tx: Transaction, rotation: Rotation, n: int) -> str:
    """Open the next rotation where somebody who is leaving or has left could know the very secret that now counts; its id or nothing."""
    gone = knowers.gone(tx.register, rotation.credential, n)
    if not gone:
        return ""
    new = tx.new_id()
    by = due(policies.policy(tx.register), Trigger.MEMBERSHIP, rotation.tier, tx.now)
    tx.record(
        "rotation.opened", {"rotation": new, "credential": rotation.credential, "trigger": "membership", "person": gone[0], "due": by}
    )
    return new


def _end_old_wraps(tx: Transaction, rotation: Rotation, n: int, *, to_all: bool) -> None:
    """The version before stays with recovery and the responsible person (the actor, where that one has no keys), what is older with recovery.

    Not `to_all`: what is older stays as well with whoever can open the new one, until somebody who can carries on the fingerprints in it.
    """
    custodian = accounts.by_id(tx.register, rotation.account).custodian
    keeper = custodian if people.by_id(tx.register, custodian).keyholder else tx.actor
    rows = tx.register.execute(
        """
        SELECT w.credential, w.n, w.key, v.manifest FROM wraps w JOIN versions v ON v.credential = w.credential AND v.n = w.n
        JOIN keys k ON k.id = w.key
        WHERE w.credential = :credential AND w.n <> :n AND w.ended IS NULL AND k.state <> 'recovery' AND NOT (k.person = :keeper
          AND w.n >= (SELECT coalesce(max(n), 0) FROM versions WHERE credential = :credential AND state = 'previous'))
          AND (:to_all OR w.key NOT IN (SELECT key FROM wraps WHERE credential = :credential AND n = :n AND ended IS NULL))
        """,
        {"credential": rotation.credential, "n": n, "keeper": keeper, "to_all": to_all},
    ).fetchall()
    # A wrap that is gone from the store can't be ended; that it is gone is told by `ledger verify --deep`, and keeps nothing from changing.
    sealing.end_each(tx, [row for row in rows if tx.read_wrap(bytes.fromhex(row[3]), bytes.fromhex(row[2])) is not None])


def reject(tx: Transaction, rotation: Rotation, given: Secret | None = None, *, typeable: bool = False) -> candidates.Candidate | None:
    """The platform refused the candidate: the next one is staged in the same transaction. None where the platform has to issue it first."""
    _may(rotation, Step.REJECT)
    tx.record("rotation.rejected", {"rotation": rotation.id, "version": rotation.candidate})
    if given is None and not makes(rotation.kind, kept_elsewhere=bool(rotation.kept_in)):
        return None
    return candidates.stage(tx, rotations.by_id(tx.register, rotation.id), given, typeable=typeable)


def unsure(tx: Transaction, rotation: Rotation) -> None:
    """Nobody can tell which secret the platform has: every candidate stays, and so does what was current."""
    _may(rotation, Step.UNSURE)
    tx.record("rotation.unknown", {"rotation": rotation.id})


def lose(tx: Transaction, rotation: Rotation) -> None:
    """No secret that is stored here works: nothing is destroyed, and a new one can be staged once the platform lets somebody in again."""
    _may(rotation, Step.LOSE)
    tx.record("rotation.lost", {"rotation": rotation.id})


def abort(tx: Transaction, rotation: Rotation) -> None:
    """Nothing was changed after all; refused once a candidate was shown, for it may be on the platform."""
    _may(rotation, Step.ABORT)
    current = rotatable.of_credential(tx.register, rotation.credential).current
    known = ties.not_given_up(tx.register, rotation.credential, current)
    if rotation.trigger == Trigger.MEMBERSHIP and known:
        names = people.handles(tx.register)
        raise Refused(
            f"{', '.join(names[person] for person in known)} could know the present secret: it has to change",
            rule="membership",
            control="AC-2 k",
            hint=f"govern rotate {rotation.handle} --kind {rotation.kind}",
        )
    tx.record("rotation.aborted", {"rotation": rotation.id})


def cleared(tx: Transaction, rotation: Rotation) -> None:
    """Somebody has looked on the platform: nothing is left there of a rotation that was given up. No second time, and of no other."""
    if rotation.state is not State.ABORTED:
        raise Refused(
            f"the rotation of the {rotation.kind} of {rotation.handle} is {rotation.state}, and was not given up", rule="rotation-open",
            hint=f"see: govern rotation show {rotation.id[:8]}",
        )  # fmt: skip
    if connecting.left_behind(tx.register, rotation.id):
        tx.record("rotation.cleared", {"rotation": rotation.id})
