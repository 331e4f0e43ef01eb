"""Reviews without anybody's asking: those that are due are opened, and those that are overdue are dealt with as the policy says. For who runs the vault."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from govern.procedures import reviews as procedure
from govern.procedures import revoke
from govern.procedures.reviews import Scope
from govern.register.queries import policies, review_causes, reviews, work
from govern.register.queries.reviews import Line, Review
from govern.reviews.lines import END, GRANT

if TYPE_CHECKING:
    import sqlite3

    from govern.register.queries.review_causes import Cause
    from govern.register.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """What became of a review that is overdue. `ended`: lines that nobody had decided on; `left`: lines that somebody has to decide on all the same."""

    review: Review
    ended: tuple[Line, ...] = ()
    left: tuple[Line, ...] = ()


def due(db: sqlite3.Connection, now: str) -> list[Cause]:
    """Reviews that would be opened now."""
    return list(review_causes.causes(db, policies.policy(db), now[:10]))


def waiting(db: sqlite3.Connection, person: str, now: str) -> int:
    """How many reviews are to be opened, or hold something that this member (id) ends as the policy says."""
    rule = policies.policy(db).later.reviews
    late = [one for one in reviews.reviews(db) if rule and rule.missed == END and one.due < now[:10] and one.settled < one.lines]
    return len(due(db, now)) + sum(any(_ends(db, line, person) for line in _open(db, one)) for one in late)


def open_due(workspace: Workspace, now: str) -> list[Review]:
    """Open what is due; nothing where there is nothing to ask, or where the member runs nothing."""
    made: list[Review] = []
    if workspace.person not in work.staff(workspace.view(), now).runs or not due(workspace.view(), now):
        return made
    with workspace.transaction(now) as tx:
        for one in due(tx.register, now):
            made.append(procedure.start(tx, Scope(word=one.scope, about=one.about, some=one.some), cause=one.word))
    return made


def missed(workspace: Workspace, now: str) -> list[Missed]:
    """Of every overdue review, what the policy wants: reminders go out by themselves; under `end`, what nobody decided on ends, and the review closes once
    nothing is left. Left over are what the member holds themselves, and grants without which no keyholder could open an account."""
    late = overdue(workspace.view(), workspace.person, now)
    if not _ending(workspace.view(), workspace.person, now):
        return late
    found = []
    for one in [each.review for each in late]:
        with workspace.transaction(now) as tx:
            ended = []
            for line in _open(tx.register, one):
                if _ends(tx.register, line, workspace.person):
                    procedure.decide(tx, one, [line.number], END, f"nobody decided by {one.due}")
                    ended.append(line)
            left = tuple(_open(tx.register, one))
            if not left:
                procedure.close(tx, one)
            found.append(Missed(review=reviews.find(tx.register, one.id), ended=tuple(ended), left=left))
    return found


def overdue(db: sqlite3.Connection, person: str, now: str) -> list[Missed]:
    """What `missed` would make of them, run by this member (id); nothing is recorded."""
    ends = _ending(db, person, now)
    found = []
    for one in reviews.reviews(db):
        if one.due < now[:10] and one.settled < one.lines:
            lines = list(_open(db, one))
            ended = [line for line in lines if ends and _ends(db, line, person)]
            found.append(Missed(review=one, ended=tuple(ended), left=tuple(line for line in lines if line not in ended)))
    return found


def _ending(db: sqlite3.Connection, person: str, now: str) -> bool:
    """Whether the policy ends what nobody decided on, and this member (id) runs it."""
    rule = policies.policy(db).later.reviews
    return rule is not None and rule.missed == END and person in work.staff(db, now).runs


def _open(db: sqlite3.Connection, review: Review) -> Iterator[Line]:
    return (line for line in reviews.lines(db, review.id) if line.state == "open")


def _ends(db: sqlite3.Connection, line: Line, person: str) -> bool:
    return line.person != person and not _locks(db, line)


def _locks(db: sqlite3.Connection, line: Line) -> bool:
    """Whether nobody with keys could open the account once this grant has ended."""
    return line.what == GRANT and revoke.locks_out(db, line.account, line.account_handle, line.person)
