"""What a run asks platforms to do by itself: it goes on with rotations that a connector has begun, and begins those that are due, of accounts that are
entrusted to it and by connectors that the policy names.

What did not come to an end is tried again, less and less often (`govern.procedures.tick.tries`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from govern.errors import GovernError, IntegrityError
from govern.holdings.services import SERVED_KINDS
from govern.procedures.tick import tries
from govern.procedures.tick.told import Done, Failure, Left
from govern.register.queries import services, serving

if TYPE_CHECKING:
    from govern.procedures.connecting import Way
    from govern.procedures.many import Ended
    from govern.register.queries.rotations import Rotation
    from govern.register.workspace import Workspace

_AT_ONCE: Final = frozenset({"membership", "compromise", "breach"})
"""Triggers for which a rotation is begun as soon as it is open; every other one once it is due."""


class Ready(NamedTuple):
    """A rotation to carry on. `begins`: the connector that is to begin it; empty where one has begun it already."""

    rotation: Rotation
    begins: str


def ready(db: sqlite3.Connection, person: str, now: str) -> tuple[list[Ready], list[Left], str]:
    """What can be carried on now; what waits for a person; and until when (UTC) the rest is left alone, empty where nothing is."""
    from govern.register.queries import connecting, rotations

    if not services.is_service(db, person):
        return [], [], ""
    served = set(serving.accounts(db, person, now))
    found: list[Ready] = []
    left: list[Left] = []
    waits: list[str] = []
    tried = tries.tried(db)
    for one in rotations.rotations(db, only_open=True) if served else ():
        if one.account not in served or one.kind not in SERVED_KINDS or one.kept_in or one.state.value == "lost" or one.awaits:
            continue
        begins = "" if one.connector else _connector(db, one)
        if not one.connector and not (begins and _is_time(one, now)):
            continue
        until = max(connecting.wait_until(db, one.account, now), tries.again_at(*tried[one.id]) if one.id in tried else "")
        if until > now:
            waits.append(until)
        elif told := _in_doubt(db, one, person):
            left.append(told)
        else:
            found.append(Ready(one, begins))
    return found, left, min(waits, default="")


def _is_time(one: Rotation, now: str) -> bool:
    """Whether a rotation that nobody has begun is to be begun. What was shown to somebody is in their hands."""
    return not one.shown and one.state.value in ("planned", "rejected", "staged") and (one.trigger in _AT_ONCE or ("" < one.due <= now))


def _connector(db: sqlite3.Connection, one: Rotation) -> str:
    from govern.connectors.load import that_can
    from govern.register.queries import policies

    return that_can(one.platform, one.kind, policies.policy(db))


def _in_doubt(db: sqlite3.Connection, one: Rotation, reader: str) -> Left | None:
    """What a person has to say first: that the server is the account's own."""
    from govern.procedures.servers import why_in_doubt

    try:
        doubt = why_in_doubt(db, one, reader=reader)
    except IntegrityError:
        raise
    except GovernError as error:
        return Left(
            "rotated",
            1,
            f"somebody who corrects its url: govern account edit {one.handle} --url https://…",
            f"{one.handle}: {error.message}",
        )
    if doubt is None:
        return None
    where, why = doubt
    to = f"whoever answers for it: govern rotate {one.handle} --kind {one.kind} --connector any --server {where.named}"
    return Left("rotated", 1, to, f"{one.handle}: {why}")


def carry(
    workspace: Workspace, found: list[Ready], clock: Callable[[], str], monotonic: Callable[[], float], goes_on: Callable[[], bool]
) -> tuple[list[Done], list[Failure]]:
    """Carry these on as far as their platforms let it, several servers at a time."""
    from govern.procedures.many import carry_all, job

    jobs, failed = [], []
    for one in found:
        try:
            jobs.append(job(workspace, one.rotation, _way(workspace, one, monotonic)))
        except IntegrityError:
            raise
        except GovernError as error:
            failed.append(Failure("rotated", f"{one.rotation.handle} {one.rotation.kind}", error.message, error.hint))
    ended = carry_all(workspace, jobs, clock, lambda _job, _ended: None, stop=lambda: not goes_on()) if jobs else []
    begun = {one.rotation.id for one in found if one.begins}
    done = [_done(one, began=one.carried.rotation.id in begun) for one in ended if not one.carried.unfinished]
    failed += [_failure(one) for one in ended if one.carried.unfinished and not one.carried.stopped]
    finished = {one.id for one in done}
    tries.remember(workspace.db, finished, [one.rotation.id for one in found if one.rotation.id not in finished], clock())
    return done, failed


def _way(workspace: Workspace, one: Ready, monotonic: Callable[[], float]) -> Way:
    from govern.procedures import ways
    from govern.register.queries import connecting

    db = workspace.view()
    if one.begins:
        return ways.way(db, one.begins, account=one.rotation.account, monotonic=monotonic)
    hand = connecting.in_hand(db, one.rotation.id)
    return ways.again(db, hand.connector, hand.by, monotonic=monotonic)


def _done(ended: Ended, *, began: bool) -> Done:
    one = ended.carried.rotation
    told = f"{one.state}, {one.grade}" if one.grade else str(one.state)
    return Done("rotated" if began else "reconciled", one.id, account=one.handle, kind=one.kind, told=told)


def _failure(ended: Ended) -> Failure:
    one = ended.carried
    until = f", not before {one.retry_at}" if one.retry_at else ""
    hint = ended.error.hint if ended.error is not None else ""
    return Failure(
        "rotated", f"{one.rotation.handle} {one.rotation.kind}", f"{one.rotation.state}: {one.why}{until}",
        hint or f"nothing is lost, and it is tried again; by hand: govern rotation reconcile {one.rotation.id[:8]}",
    )  # fmt: skip
