"""One run of all that time makes due, safe to repeat and to run on two machines at once: cuts, grants that run out, rotations that the calendar asks for,
what connectors can do unattended, reminders, and once a day the check of the ledger.

It looks first, writes nothing where nothing is due, and takes the lease of the ledger where something is; each thing is carried out in a transaction of its
own, where it is looked at again. One that fails stops no other. What a service has no purpose for is left, and told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from govern.errors import GovernError, IntegrityError
from govern.procedures.tick import checking, quiet
from govern.procedures.tick.looking import Due, look
from govern.procedures.tick.told import Done, Failure, Left, Ran

if TYPE_CHECKING:
    from govern.procedures import remind
    from govern.procedures.lease import Held
    from govern.procedures.posts import Posts
    from govern.register.queries.reminded import Lease
    from govern.register.transaction import Transaction
    from govern.register.workspace import Workspace


def run(
    workspace: Workspace, clock: Callable[[], str], *, monotonic: Callable[[], float], posts: Posts | None = None, check: bool = True
) -> Ran:
    """Carry out what is due. `clock`: the UTC time, asked again as the run goes on; `monotonic`: seconds, for the waiting times of platforms; `posts`: by which
    ways people are told, those of the vault where none are named; `check`: whether the ledger is read again once a day.

    Raises IntegrityError where the store is not what this machine has verified, before anything is done; what the daily check meets is `damage`.
    """
    db, now = workspace.view(), clock()
    known = quiet.known(db, now)
    ran = known if known is not None else _ran(workspace, clock, now, monotonic, posts, check=check)
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
    due = look(db, workspace.person, now, key=workspace.keys.id.hex())
    ran = _carry_out(workspace, clock, monotonic, posts) if due else Ran(left=tuple(due.left))
    if check and checking.due_at(db) <= now:
        ran = checking.check(workspace, ran, clock())
    if not due and not ran.checked and ran.damage is None:
        ran = replace(ran, quiet_until=quiet.remember(db, now, due, check=check))
    return ran


# --- carrying out ------------------------------------------------------------------------------------------------------------------------


def _carry_out(workspace: Workspace, clock: Callable[[], str], monotonic: Callable[[], float], posts: Posts | None) -> Ran:
    from govern.procedures import lease

    with workspace.transaction(clock()) as tx:
        due = look(tx.register, tx.actor, tx.now, key=workspace.keys.id.hex())  # what others have recorded meanwhile counts
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
