"""By which ways reminders go: the channels of the vault; where there is none, one calendar file per person below GOVERN_HOME, for somebody to pass on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from govern.register.calendar_files import FOLDER, forget
from govern.register.queries import notice_channels, people

if TYPE_CHECKING:
    import sqlite3

    from govern.notices.digest import Digest
    from govern.notices.due import Notice
    from govern.notices.message import Delivery, Message
    from govern.register.queries.notice_channels import NoticeChannel
    from govern.register.workspace import Workspace


class Post(NamedTuple):
    """One way by which messages go. `send` says of each what became of it as soon as that is known, and raises nothing of its own for one of them.
    `private`: whether only the person who is meant reads what goes by it."""

    name: str
    send: Callable[[Iterable[Message]], Iterator[tuple[Message, Delivery]]]
    private: bool = True
    here: bool = False
    """Whether it goes nowhere but into a file of this machine."""
    set_by: tuple[str, int] | None = None
    """Who has said where it goes (person id), and by which entry; None where nobody has."""


Posts = Callable[["Workspace", Callable[[], str], "Sequence[Digest]"], Sequence[Post]]
"""Workspace, clock and what is to be sent -> the ways to try, the first choice first. Called only where something is to be sent."""


def posts(workspace: Workspace, clock: Callable[[], str], digests: Sequence[Digest]) -> Sequence[Post]:
    """The ways of this vault: its mail channels, then its rooms, each for those whom nothing before it has reached; without any, calendar files."""
    channels = sorted(notice_channels.in_use(workspace.db), key=lambda one: (one.kind != "mail", one.name))
    if not channels:
        return [calendars(workspace, clock, digests)]
    return [_post(workspace, clock, one) for one in channels]


def apart(workspace: Workspace, clock: Callable[[], str], digests: Sequence[Digest]) -> Sequence[Post]:
    """The ways for what no entry may tell of: its mail channels, each opened whether there is anything to send or not; without any, calendar files. Nothing
    of it goes to a room."""
    mail = [one for one in notice_channels.in_use(workspace.db) if one.kind == "mail"]
    if not mail:
        return [calendars(workspace, clock, digests)]
    return [_post(workspace, clock, one, always=True, tells=False) for one in mail]


def at_once(workspace: Workspace, clock: Callable[[], str], _digests: Sequence[Digest]) -> Sequence[Post]:
    """The ways by which somebody who sends no reminders tells of what they report: channels that have no secret, or one that their own keys open;
    those with a secret first, since the relay of a machine need not be there."""
    return [_post(workspace, clock, one, tells=False) for one in openable(workspace.db, workspace.person)]


def openable(db: sqlite3.Connection, person: str) -> list[NoticeChannel]:
    """The channels that a person (id) can send by."""
    found = [one for one in notice_channels.in_use(db) if not one.credential or notice_channels.opens(db, person, one.credential)]
    return sorted(found, key=lambda one: (not one.credential, one.kind != "mail", one.name))


def _post(workspace: Workspace, clock: Callable[[], str], channel: NoticeChannel, *, always: bool = False, tells: bool = True) -> Post:
    """A channel, whose secret is opened when its first message goes: once a run, and recorded before. `always`: opened in any case; `tells`: whether it
    is recorded that it works or does not."""

    def send(messages: Iterable[Message]) -> Iterator[tuple[Message, Delivery]]:
        from govern.errors import GovernError, IntegrityError
        from govern.notices.message import Delivery, Outcome
        from govern.procedures import notice_channels as procedure

        waiting = iter(messages)
        first = next(waiting, None)
        if first is None and not always:
            return
        every = chain([] if first is None else [first], waiting)
        try:
            with workspace.transaction(clock()) as tx:
                ready = procedure.open_(tx, channel)
        except IntegrityError:
            raise
        except GovernError as error:
            for message in every:
                yield message, Delivery(outcome=Outcome.LATER, reason=f"the channel can't be opened: {error.message}")
            return
        told: list[Delivery] = []
        for message, delivery in ready.send(every, at=datetime.fromisoformat(clock())):
            told.append(delivery)
            yield message, delivery
        works = procedure.works(told)
        if works is not None and works is not channel.works and tells:
            with workspace.transaction(clock()) as tx:
                procedure.answered(tx, channel.id, works)

    return Post(channel.name, send, channel.kind == "mail", set_by=(channel.setter, channel.entry))


def calendars(workspace: Workspace, clock: Callable[[], str], digests: Sequence[Digest]) -> Post:
    """The default: brings each person's calendar file up to date, with all that is due for them."""
    whose = {one.message.message_id: one.person for one in digests}
    due: dict[str, list[Notice]] = {}

    def send(messages: Iterable[Message]) -> Iterator[tuple[Message, Delivery]]:
        from govern.errors import GovernError
        from govern.notices.message import Delivery, Outcome
        from govern.procedures.calendars import due as calendars_of

        forget(workspace.home, workspace.db, workspace.vault)  # a backup may have brought one back
        for message in messages:
            person = whose[message.message_id]
            if not due:
                due.update(calendars_of(workspace, clock()))
            path = workspace.home / FOLDER / f"{people.by_id(workspace.db, person).handle}.ics"
            try:
                write_calendar(workspace, person, due.get(person, []), path, clock())
            except (OSError, GovernError) as error:
                yield message, Delivery(outcome=Outcome.LATER, reason=f"the calendar can't be written ({type(error).__name__})")
            else:
                yield message, Delivery(outcome=Outcome.DELIVERED)

    return Post("calendar", send, here=True)


def write_calendar(workspace: Workspace, person: str, due: Sequence[Notice], path: Path, now: str) -> None:
    """Write or update the calendar file of a person (id) with what is due for them. Raises OSError, and as `govern.procedures.calendars.make` does."""
    from govern.languages import language, locale_of
    from govern.procedures.calendars import make

    speech = language(locale_of(people.by_id(workspace.db, person).locale) or "en")
    written = make(workspace, person, due, speech, before=path.read_bytes() if path.exists() else None, now=now)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(written.data)
    beside.replace(path)
