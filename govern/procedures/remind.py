"""One run of reminders: what waits for whom is put into one message per person, sent, and recorded message by message.

Each is recorded as soon as it was sent, in a transaction of its own: what a crash leaves unrecorded is one message, and the next run sends it with the same
Message-ID. Of two runs at a time one has the lease, and the other sends nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from govern.policy import later_rules
from govern.procedures.posts import Posts, posts
from govern.register import connection
from govern.register.queries import policies, reminded

if TYPE_CHECKING:
    from govern.notices.digest import Digest
    from govern.notices.due import Notice
    from govern.notices.message import Delivery, Message
    from govern.procedures.lease import Held
    from govern.register.queries.reminded import Lease
    from govern.register.workspace import Workspace


class Sent(NamedTuple):
    """One digest that has gone, and by which channel."""

    digest: Digest
    channel: str


class Failed(NamedTuple):
    """One digest that no channel took, and what the last one said."""

    digest: Digest
    channel: str
    delivery: Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a run has done. `other`: the run that was under way instead; `quiet_until`: when it will send, where it may not now (UTC)."""

    sent: tuple[Sent, ...] = ()
    failed: tuple[Failed, ...] = ()
    other: Lease | None = None
    quiet_until: str = ""


_MEMO: Final = "remind_quiet"


def remind(
    workspace: Workspace,
    clock: Callable[[], str],
    *,
    posts: Posts = posts,
    held: Held | None = None,
    urgent: bool = False,
    but: Collection[str] = (),
) -> Ran:
    """Tell everybody what waits for them. `clock`: the UTC time, asked again as the run goes on; `posts`: by which ways; `held`: the lease under which this
    is part of a longer run, which takes and gives back none of its own, and sends apart nothing; `urgent`: tell of nothing else. What is urgent knows no
    quiet hours; `but`: nobody of these people (ids), whom this run did not reach already."""
    ran = _remind(workspace, clock, posts=posts, held=held, urgent=urgent, but=but)
    return ran if urgent or held is not None else with_apart(workspace, clock, posts, ran)


def with_apart(workspace: Workspace, clock: Callable[[], str], posts: Posts, ran: Ran) -> Ran:
    """The same, and what is sent apart from it (`remind_apart`)."""
    from govern.procedures import remind_apart
    from govern.procedures.posts import posts as of_vault

    told = remind_apart.tell(workspace, clock, None if posts is of_vault else posts)
    return replace(ran, sent=(*ran.sent, *told.sent), failed=(*ran.failed, *told.failed)) if any(told) else ran


def _remind(workspace: Workspace, clock: Callable[[], str], *, posts: Posts, held: Held | None, urgent: bool, but: Collection[str]) -> Ran:
    """All but what is sent apart."""
    db, now = workspace.view(), clock()
    if not urgent and _is_quiet(db, now):
        return Ran()
    from govern.procedures import lease

    seen = connection.state(db, "size")
    key = workspace.keys.id.hex()
    waiting, opens = due_now(db, now, reader=workspace.person, key=key)
    if not waiting and not urgent:
        _remember(db, now)
    only, held_back = urgent or bool(opens), bool(waiting) and not urgent
    waiting = _of_them(waiting, only=only, but=but)
    if not waiting:
        return Ran(quiet_until=opens if held_back else "")
    own = held is None
    with workspace.transaction(now) as tx:
        if tx.first != seen:  # what others have recorded meanwhile counts
            waiting = _of_them(due_now(tx.register, now, reader=workspace.person, key=key)[0], only=only, but=but)
        if not waiting:
            return Ran()
        if held is None:
            taken = lease.take(tx, "remind")
            if isinstance(taken, reminded.Lease):
                return Ran(other=taken)
            held = taken
    try:
        return _send(workspace, clock, posts, waiting, held)
    finally:
        if own:
            lease.give_back(workspace, held, clock())


def tell_of(workspace: Workspace, clock: Callable[[], str], report: str, *, posts: Posts) -> Ran:
    """Tell everybody whom it concerns of a report (id) of this member's own, who needs no role for that and takes no lease; what does not arrive is
    not recorded, nor what only a room was told, so that the next run of those who send reminders tells it by mail as well."""
    db, now = workspace.view(), clock()
    waiting = [one for one in due_now(db, now, reader=workspace.person, key="")[0] if one.thing.urgent and one.thing.of == report]
    return _send(workspace, clock, posts, waiting, None) if waiting else Ran()


def _of_them(waiting: list[Notice], *, only: bool, but: Collection[str]) -> list[Notice]:
    """All, or what is urgent alone, but for some people."""
    return [one for one in waiting if (one.thing.urgent or not only) and one.person not in but]


def due_now(db: sqlite3.Connection, now: str, *, reader: str, key: str) -> tuple[list[Notice], str]:
    """What waits for somebody at `now`, and from when on it is sent (UTC), where that is not now; without what is under embargo, which is sent apart.
    `key`: id of the key of whoever runs this, whose machine has not been silent for long: it is just running."""
    from govern.notices import due, stages

    policy = policies.policy(db)
    rule = later_rules.reminders(policy.later)
    found = due.notices(db, policy, now, reader=reader)
    waiting = [
        one for one in found if one.point is not None and not one.thing.embargoed and (one.thing.kind, one.thing.of) != ("stale-pin", key)
    ]
    quiet = stages.is_quiet(rule, now)
    return waiting, stages.next_time(rule, stages.local_day(now, rule.zone), now) if quiet else ""


def _is_quiet(db: sqlite3.Connection, now: str) -> bool:
    """Whether an earlier run has found that nothing waits before a later time, and nothing was recorded since."""
    memo, size = connection.states(db, _MEMO, "size")
    if not isinstance(memo, str):
        return False
    at, since, until = memo.split(" ")
    return at == str(size) and since <= now < until


def _remember(db: sqlite3.Connection, now: str) -> None:
    with connection.transaction(db):
        connection.save(db, **{_MEMO: f"{connection.state(db, 'size')} {now} {next_stage(db, now)}"})


def next_stage(db: sqlite3.Connection, now: str) -> str:
    """The UTC time before which nothing is told where nothing waits at `now`: stages come with days, unless somebody records something."""
    from govern.notices import stages

    rule = later_rules.reminders(policies.policy(db).later)
    return stages.opens(rule, stages.plus(stages.local_day(now, rule.zone), 1))


def _send(workspace: Workspace, clock: Callable[[], str], posts: Posts, waiting: list[Notice], held: Held | None) -> Ran:
    from govern.notices.digest import digests
    from govern.notices.message import Outcome

    left = {one.message.message_id: one for one in digests(workspace.db, waiting, vault=workspace.vault.hex())}
    sent: list[Sent] = []
    failed: dict[str, Failed] = {}
    for post in posts(workspace, clock, list(left.values())):
        messages = [one.message if post.private else one.public for one in left.values()]
        for message, delivery in post.send(_while_ours(workspace, held, clock, messages)):
            digest = left[message.message_id]
            if delivery.outcome is Outcome.DELIVERED:
                if held is not None or post.private:
                    _record(workspace, digest, post.name, clock())
                sent.append(Sent(digest, post.name))
                del left[message.message_id]
                failed.pop(message.message_id, None)
            else:
                failed[message.message_id] = Failed(digest, post.name, delivery)
    for one in failed.values() if held is not None else ():
        _record_failure(workspace, one, clock())
    return Ran(sent=tuple(sent), failed=tuple(failed.values()))


def _while_ours(workspace: Workspace, held: Held | None, clock: Callable[[], str], messages: list[Message]) -> Iterator[Message]:
    """The messages, one by one, as long as nobody else has taken over."""
    from govern.procedures import lease

    for message in messages:
        if held is not None and not lease.goes_on(workspace, held, clock):
            return
        yield message


def _record(workspace: Workspace, digest: Digest, channel: str, now: str) -> None:
    """That it was sent: of each case in the compartment of that case, of the rest in base."""
    body = {"person": digest.person, "message": digest.message.message_id, "channel": channel, "locale": digest.message.locale}
    with workspace.transaction(now) as tx:
        for case in digest.cases:
            about = {"case": case} if case else {}
            tx.record("case.digest_sent" if case else "digest.sent", {**about, **body, "lines": digest.lines(case)})


def _record_failure(workspace: Workspace, failed: Failed, now: str) -> None:
    """That it did not arrive: once a day, however often it is tried."""
    digest, case = failed.digest, failed.digest.cases[0]
    if any(one.person == digest.person and one.case == case and one.at[:10] == now[:10] for one in reminded.undelivered(workspace.db)):
        return
    with workspace.transaction(now) as tx:
        tx.record(
            "case.digest_failed" if case else "digest.failed",
            {
                **({"case": case} if case else {}), "person": digest.person, "message": digest.message.message_id, "channel": failed.channel,
                "outcome": failed.delivery.outcome.value,
            },
            {"reason": failed.delivery.reason},
        )  # fmt: skip
