"""What can't wait until quiet hours are over: told by the channels of the vault as soon as it is recorded.

Whoever sends reminders tells all that is urgent; anybody else their own report, by the channels that their own keys open. What can't go out from here goes
with the next run of those who send reminders, and who that is, is said.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING

from govern.errors import GovernError, IntegrityError
from govern.holdings.services import Purpose, why_not
from govern.procedures.posts import Posts, at_once, openable, posts
from govern.register.queries import notice_channels, people, services, work

if TYPE_CHECKING:
    from govern.procedures.remind import Ran
    from govern.register.workspace import Workspace


def tell(workspace: Workspace, clock: Callable[[], str], report: str = "", *, posts: Posts = posts) -> tuple[list[str], str]:
    """Tell everybody what is urgent, or whom it concerns of a report (id) of the actor's own: handles of those who were told, and why others were not.
    What was recorded stays so whatever happens here."""
    db, now = workspace.view(), clock()
    if not notice_channels.in_use(db):
        return [], "no channel is set up (govern channel add)"
    runs = workspace.person in work.staff(db, now).runs
    if not runs and not openable(db, workspace.person):
        return [], f"no channel is open to your key; {who_tells(db, now)}"
    try:
        ran = _sent(workspace, clock, report, posts, runs=runs)
    except IntegrityError:
        raise
    except GovernError as error:
        return [], error.message
    if ran.other is not None:
        return [], "reminders are being sent just now: that run or the next one tells them"
    failed = "; ".join(f"{one.digest.handle}: {one.delivery.reason}" for one in ran.failed)
    return [one.digest.handle for one in ran.sent], f"{failed}; {who_tells(db, now)}" if failed and not runs else failed


def _sent(workspace: Workspace, clock: Callable[[], str], report: str, ways: Posts, *, runs: bool) -> Ran:
    from govern.procedures.remind import remind, tell_of

    if runs:
        return remind(workspace, clock, posts=ways, urgent=True)
    return tell_of(workspace, clock, report, posts=at_once if ways is posts else ways)


def who_tells(db: sqlite3.Connection, now: str) -> str:
    """Who sends what is urgent, and when: services at their next run, people when they run it."""
    names = people.handles(db)
    standing = {one.service for one in services.every(db, now) if Purpose.REMIND in one.purposes and why_not(one, now) is None}
    if standing:
        return f"{' or '.join(sorted(names.get(one, 'a service') for one in standing))} tells them with its next run of govern tick, by night too"
    return "nobody sends reminders by a timer here, so they hear of it when an admin or HR runs govern remind"
