"""Sending by all the channels of a vault: each as one way, opened with its first message, and what it answered recorded behind the last."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from govern.errors import Failed, Locked, NotFound, Refused
from govern.notices.message import Delivery, Message, Outcome
from govern.procedures.notice_channels import answered, open_, works
from govern.register.queries import notice_channels

if TYPE_CHECKING:
    from govern.register.queries.notice_channels import NoticeChannel
    from govern.register.workspace import Workspace


class Way(NamedTuple):
    """A channel as one way to send. `send` tells of each message what became of it as soon as that is known, and raises nothing for one of them."""

    name: str
    send: Callable[[Iterable[Message]], Iterator[tuple[Message, Delivery]]]


def ways(workspace: Workspace, clock: Callable[[], str]) -> list[Way]:
    """All channels in use, mail first. `clock`: the UTC time."""
    found = sorted(notice_channels.in_use(workspace.view()), key=lambda one: (one.kind != "mail", one.name))
    return [Way(one.name, partial(_send, workspace, clock, one)) for one in found]


def _send(
    workspace: Workspace, clock: Callable[[], str], channel: NoticeChannel, messages: Iterable[Message]
) -> Iterator[tuple[Message, Delivery]]:
    """What keeps a channel from being opened is told of every message: another way may do."""
    coming = iter(messages)
    first = next(coming, None)
    if first is None:
        return
    told: list[Delivery] = []
    for message, delivery in _opened(workspace, clock(), channel)(chain([first], coming)):
        told.append(delivery)
        yield message, delivery
    with workspace.transaction(clock()) as tx:
        answered(tx, channel.id, works(told))


def _opened(workspace: Workspace, now: str, channel: NoticeChannel) -> Callable[[Iterable[Message]], Iterator[tuple[Message, Delivery]]]:
    try:
        with workspace.transaction(now) as tx:
            ready = open_(tx, channel)
    except (Failed, Locked, NotFound, Refused) as error:
        late = Delivery(outcome=Outcome.LATER, reason=error.message)
        return lambda messages: ((one, late) for one in messages)
    return partial(ready.send, at=datetime.fromisoformat(now))
