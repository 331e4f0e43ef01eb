"""What can't wait until quiet hours are over: told by the channels of the vault as soon as it is recorded, where the actor may send."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from govern.errors import GovernError, IntegrityError
from govern.procedures.posts import Posts, posts
from govern.register.queries import notice_channels, work

if TYPE_CHECKING:
    from govern.register.workspace import Workspace


def tell(workspace: Workspace, clock: Callable[[], str], *, posts: Posts = posts) -> tuple[list[str], str]:
    """Tell everybody what is urgent: handles of those who were told, and why others were not. What was recorded stays so whatever happens here."""
    from govern.procedures.remind import remind

    db = workspace.view()
    if not notice_channels.in_use(db):
        return [], "no channel is set up (govern channel add)"
    if workspace.person not in work.staff(db, clock()).runs:
        return [], "you may send none: the next run of govern remind tells them, by night too"
    try:
        ran = remind(workspace, clock, posts=posts, urgent=True)
    except IntegrityError:
        raise
    except GovernError as error:
        return [], error.message
    if ran.other is not None:
        return [], "reminders are being sent just now: that run or the next one tells them"
    failed = "; ".join(f"{one.digest.handle}: {one.delivery.reason}" for one in ran.failed)
    return [one.digest.handle for one in ran.sent], failed
