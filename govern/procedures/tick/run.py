"""One run of all that time makes due, safe to repeat and to run on two machines at once: cuts, grants that run out, rotations that the calendar asks for,
what connectors can do unattended, reminders, and once a day the check of the ledger.

It looks first, writes nothing where nothing is due, and takes the lease of the ledger where something is; each thing is carried out in a transaction of its
own, where it is looked at again. One that fails stops no other. What a service has no purpose for is left, and told.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from govern.errors import GovernError, IntegrityError
from govern.procedures.tick.told import Checked, Done, Failure, Left, Ran
from govern.register import connection

if TYPE_CHECKING:
    from govern.procedures import remind
    from govern.procedures.lease import Held
    from govern.procedures.posts import Posts
    from govern.procedures.tick.by_date import Asked, RunOut
    from govern.procedures.tick.platforms import Ready
    from govern.register.queries.cases import Case
    from govern.register.queries.lapsed import Lapsed
    from govern.register.queries.reminded import Lease
    from govern.register.transaction import Transaction
    from govern.register.workspace import Workspace

_MEMO: Final = "tick_quiet"
_CHECKED: Final = "tick_checked"
CHECK_EVERY: Final = 1
DEEP_EVERY: Final = 7
"""Days between two checks of the ledger on one machine, and between two that read everything sealed as well."""


@dataclass(slots=True, kw_only=True)
class Due:
    """What is due now and for this run, and what is for others. `later`: UTC times at which more comes due."""

    cuts: list[Case] = field(default_factory=list)
    grants: list[RunOut] = field(default_factory=list)
    lapsed: list[Lapsed] = field(default_factory=list)
    reviews: int = 0
    asked: list[Asked] = field(default_factory=list)
    ready: list[Ready] = field(default_factory=list)
    reminders: bool = False
    reports: bool = False
    left: list[Left] = field(default_factory=list)
    later: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.cuts or self.grants or self.lapsed or self.reviews or self.asked or self.ready or self.reminders)


def run(
    workspace: Workspace, clock: Callable[[], str], *, monotonic: Callable[[], float], posts: Posts | None = None, check: bool = True
) -> Ran:
    """Carry out what is due. `clock`: the UTC time, asked again as the run goes on; `monotonic`: seconds, for the waiting times of platforms; `posts`: by which
    ways people are told, those of the vault where none are named; `check`: whether the ledger is read again once a day.

    Raises IntegrityError where the store is not what this machine has verified, before anything is done; what the daily check meets is `damage`.
    """
    db, now = workspace.view(), clock()
    quiet = _quiet(db, now)
    ran = quiet if quiet is not None else _ran(workspace, clock, now, monotonic, posts, check=check)
    return _with_apart(workspace, clock, posts, ran)


def _with_apart(workspace: Workspace, clock: Callable[[], str], posts: Posts | None, ran: Ran) -> Ran:
    """The same, with the reminders that no entry may tell of: the lease, and the entry that nothing is due, would."""
    if workspace.db.execute("SELECT 1 FROM cases WHERE state = 'open' AND compartment IS NOT NULL LIMIT 1").fetchone() is None:
        return ran
    from govern.procedures.remind import Ran as Reminded
    from govern.procedures.remind_apart import tell

    told = tell(workspace, clock, posts)
    if not any(told):
        return ran
    before = ran.reminded or Reminded()
    return replace(ran, reminded=replace(before, sent=(*before.sent, *told.sent), failed=(*before.failed, *told.failed)))


def _ran(
    workspace: Workspace, clock: Callable[[], str], now: str, monotonic: Callable[[], float], posts: Posts | None, *, check: bool
) -> Ran:  # fmt: skip
    db = workspace.db
    due = look(db, workspace.person, now)
    ran = _carry_out(workspace, clock, monotonic, posts) if due else Ran(left=tuple(due.left))
    if check and _check_at(db) <= now:
        ran = _check(workspace, ran, clock())
    if not due and not ran.checked and ran.damage is None:
        ran = replace(ran, quiet_until=_remember(db, now, due, check=check))
    return ran


def look(db: sqlite3.Connection, person: str, now: str) -> Due:
    """What is due at `now` (UTC), as the register of this person or service (id) shows it. Records nothing."""
    from govern.holdings.services import Purpose
    from govern.procedures import lapsed_acknowledgements, reviews_due
    from govern.procedures.tick import by_date, duties, platforms
    from govern.register.queries import ledger_time, services

    may, due = duties.of(db, person, now), Due()
    due.cuts, others = by_date.cuts(db, person, now) if Purpose.RUN_DUE in may else ([], [])
    if others:
        due.left.append(Left("cut", len(others), "an admin or HR: govern offboard run-due"))
    due.grants, due.asked, due.lapsed = by_date.run_out(db, now), by_date.asked_for(db, now), lapsed_acknowledgements.over(db, now, person)
    if Purpose.RUN_DUE in may:
        due.grants, before = by_date.run_out(db, ledger_time.elapsed(db, person, now)), len(due.grants)
        if before > len(due.grants):
            due.left.append(
                Left(
                    "grant-ended", before - len(due.grants), "an admin, since nobody else has recorded anything for a quarter: govern tick"
                )
            )
    due.reviews = reviews_due.waiting(db, person, now)
    if due.reviews and (services.is_service(db, person) or Purpose.RUN_DUE not in may):
        due.left.append(Left("review-opened", due.reviews, "an admin: govern review run-due"))
        due.reviews = 0
    if Purpose.RUN_DUE not in may:
        to = "an admin or HR, or a service for run-due: govern tick"
        due.left += [
            Left(what, count, to)
            for what, count in (("grant-ended", len(due.grants) + len(due.lapsed)), ("rotation-opened", len(due.asked)))
            if count
        ]
        due.grants, due.asked, due.lapsed = [], [], []
        if Purpose.RECONCILE in may:
            due.asked = _entrusted(db, person, now, by_date.asked_for(db, now))
    if Purpose.RECONCILE in may:
        due.ready, left, until = platforms.ready(db, person, now)
        due.left += left
        due.later += [until] if until else []
    if Purpose.REMIND in may:
        from govern.procedures.remind import due_now

        waiting, opens = due_now(db, now, reader=person)
        later = _unreached_until(db, now)
        due.reports = any(one.thing.urgent and one.person not in later for one in waiting)
        due.reminders = due.reports or any(one.person not in later and not opens for one in waiting)
        due.later += [opens] if waiting and opens else [later[one.person] for one in waiting if one.person in later]
    due.later += _coming(db, person, now)
    return due


def _entrusted(db: sqlite3.Connection, person: str, now: str, found: list[Asked]) -> list[Asked]:
    """Of these what a service for platforms opens itself: what is entrusted to it, and it can change."""
    from govern.connectors.load import that_can
    from govern.register.queries import policies, rotatable, serving

    rules = policies.policy(db)
    own = [one for one in found if serving.serves(db, person, one.account, one.kind, now)]
    platforms = {one.credential: one.platform for one in rotatable.active_among(db, [one.credential for one in own])}
    return [one for one in own if that_can(platforms.get(one.credential, ""), one.kind, rules)]


def _unreached_until(db: sqlite3.Connection, now: str) -> dict[str, str]:
    """Whom a run has not reached (person id) -> until when (UTC) no other is made for their sake alone."""
    from govern.procedures.tick import tries

    until = {id_: tries.again_at(*times, tries.LONGEST_OF_PEOPLE) for id_, times in tries.tried(db).items()}
    return {id_: time for id_, time in until.items() if time > now}


def _coming(db: sqlite3.Connection, person: str, now: str) -> Iterator[str]:
    """UTC times at which the next of each comes due, unless somebody records something."""
    from govern.procedures.remind import next_stage
    from govern.rotation.triggers import later

    yield f"{later(now, 1)[:10]}T00:00:00Z"  # the calendar goes by days
    yield next_stage(db, now)
    for query in (
        "SELECT min(until) FROM grants WHERE ended_at IS NULL AND until > :now",
        "SELECT min(cut_at) FROM cases WHERE state = 'open' AND cut_at > :now AND person <> :person",
        "SELECT min(until) FROM services WHERE ended IS NULL AND until > :now",
        "SELECT min(due) FROM rotations WHERE ended_at IS NULL AND due > :now",
    ):
        found = db.execute(query, {"now": now, "person": person}).fetchone()[0]
        if found:
            yield found


# --- carrying out ------------------------------------------------------------------------------------------------------------------------


def _carry_out(workspace: Workspace, clock: Callable[[], str], monotonic: Callable[[], float], posts: Posts | None) -> Ran:
    from govern.procedures import lease

    with workspace.transaction(clock()) as tx:
        due = look(tx.register, tx.actor, tx.now)  # what others have recorded meanwhile counts
        held: Held | Lease | None = lease.take(tx, "tick") if due else None
    if held is None:
        return Ran(left=tuple(due.left))
    if not isinstance(held, lease.Held):
        return Ran(other=held)
    one = _Run(workspace, clock, held)
    try:
        one.parts(due, monotonic, posts)
    finally:
        lease.give_back(workspace, held, clock())
    return Ran(done=tuple(one.done), left=tuple(one.left), failed=tuple(one.failed), reminded=one.reminded)


@contextmanager
def _told(failed: list[Failure], what: str, about: str = "") -> Iterator[None]:
    """What goes wrong inside is told, and stops nothing else; damage of the store stops everything."""
    try:
        yield
    except IntegrityError:
        raise
    except GovernError as error:
        failed.append(Failure(what, about, error.message, error.hint))


class _Run:
    """One run under its lease: what it has done and what went wrong so far."""

    def __init__(self, workspace: Workspace, clock: Callable[[], str], held: Held) -> None:
        self._workspace, self._clock, self._held = workspace, clock, held
        self.done: list[Done] = []
        self.left: list[Left] = []
        self.failed: list[Failure] = []
        self.reminded: remind.Ran | None = None
        self._missed: set[str] = set()

    def parts(self, due: Due, monotonic: Callable[[], float], posts: Posts | None) -> None:
        from govern.procedures.tick import by_date, platforms

        if due.reports and self._goes_on():  # somebody waits for an answer by the minute
            with _told(self.failed, "reminders"):
                self._remind(posts, urgent=True)
        for case in due.cuts:
            self._one("cut", case.id[:8], partial(by_date.make_cut, case=case.id))
        for person in dict.fromkeys(one.person for one in due.grants):
            self._one("grant-ended", person[:8], partial(by_date.end_grants, person=person))
        if due.lapsed and self._goes_on():
            with _told(self.failed, "grant-ended"):
                self.done += by_date.end_lapsed(self._workspace, self._clock())
        if due.reviews and self._goes_on():
            with _told(self.failed, "review-opened"):
                self.done += by_date.run_reviews(self._workspace, self._clock())
        for start in range(0, len(due.asked), by_date.OPENED_AT_ONCE):
            some = due.asked[start : start + by_date.OPENED_AT_ONCE]
            self._one("rotation-opened", f"{len(some)} rotations", partial(by_date.open_rotations, wanted=some))
        later = look(self._workspace.view(), self._workspace.person, self._clock())  # a cut and the calendar have opened rotations
        self.left += later.left
        if later.ready and self._goes_on():
            with _told(self.failed, "rotated"):
                done, failed = platforms.carry(self._workspace, later.ready, self._clock, monotonic, self._goes_on)
                self.done += done
                self.failed += failed
        if later.reminders and self._goes_on():
            with _told(self.failed, "reminders"):
                self._remind(posts)

    def _goes_on(self) -> bool:
        from govern.procedures import lease

        return lease.goes_on(self._workspace, self._held, self._clock)

    def _one(self, what: str, about: str, work: Callable[[Transaction], list[Done]]) -> None:
        if not self._goes_on():
            return
        with _told(self.failed, what, about):
            with self._workspace.transaction(self._clock()) as tx:
                done = work(tx)
            self.done += done

    def _remind(self, posts: Posts | None, *, urgent: bool = False) -> None:
        from govern.procedures.posts import posts as of_vault
        from govern.procedures.remind import remind
        from govern.procedures.tick import tries

        ran = remind(self._workspace, self._clock, posts=posts or of_vault, held=self._held, urgent=urgent, but=self._missed)
        before = self.reminded or replace(ran, sent=(), failed=())
        self.reminded = replace(ran, sent=(*before.sent, *ran.sent), failed=(*before.failed, *ran.failed))
        reached, missed = ({one.digest.person for one in some} for some in (ran.sent, ran.failed))
        self._missed |= missed
        tries.remember(self._workspace.db, reached - missed, missed, self._clock())


# --- the check ---------------------------------------------------------------------------------------------------------------------------


def _check_at(db: sqlite3.Connection) -> str:
    """When this machine checks the whole ledger next; at once where it never did."""
    from govern.rotation.triggers import later

    memo = connection.state(db, _CHECKED)
    return later(memo.split(" ")[0], CHECK_EVERY) if isinstance(memo, str) else ""


def _check(workspace: Workspace, ran: Ran, now: str) -> Ran:
    """Read the whole ledger again, once a day; once a week the sealed parts as well, and rebuild the register."""
    from govern.register.queries import ledger
    from govern.register.reread import reread
    from govern.rotation.triggers import later

    memo = connection.state(workspace.db, _CHECKED)
    last = memo.split(" ")[1] if isinstance(memo, str) else ""
    deep = not last or later(last, DEEP_EVERY) <= now
    try:
        found = reread(workspace, deep=deep)
    except IntegrityError as error:
        return replace(ran, damage=error)
    except GovernError as error:
        return replace(ran, failed=(*ran.failed, Failure("check", "the ledger", error.message, error.hint)))
    db = workspace.view()
    with connection.transaction(db):
        connection.save(db, **{_CHECKED: f"{now} {now if deep else last}"})
    return replace(ran, checked=Checked(found.size, deep, len(ledger.findings(db))))


# --- nothing due -------------------------------------------------------------------------------------------------------------------------


def _quiet(db: sqlite3.Connection, now: str) -> Ran | None:
    """What a run says where an earlier one has found that nothing comes due before a later time, and nothing was recorded since; else None."""
    memo, size = connection.states(db, _MEMO, "size")
    if not isinstance(memo, str):
        return None
    at, since, until, left = json.loads(memo)
    if at != size or not since <= now < until:
        return None
    return Ran(left=tuple(Left(*one) for one in left), quiet_until=until)


def _remember(db: sqlite3.Connection, now: str, due: Due, *, check: bool) -> str:
    """Until when nothing comes due; remembered, so that runs before then look at nothing else."""
    until = min((one for one in (*due.later, _check_at(db) if check else "") if one > now), default="")
    if until:
        with connection.transaction(db):
            connection.save(db, **{_MEMO: json.dumps([connection.state(db, "size"), now, until, due.left])})
    return until
