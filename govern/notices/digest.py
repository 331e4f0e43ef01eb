"""One message per person: everything that waits for them, in their language, most pressing first. Knows neither how it is sent nor how it is recorded."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from govern.holdings.notices import stage
from govern.languages import Language, language, locale_of
from govern.notices import texts
from govern.notices.due import Notice
from govern.notices.lines import line, more, short
from govern.notices.message import Message, list_id, message_id
from govern.register.queries import people
from govern.vocabulary import TIERS

if TYPE_CHECKING:
    from jinja2 import Environment

MOST: Final = 400
"""Things of one message; what is left over comes with the next run."""
IN_FULL: Final = 20
"""Things that are told with what to do and what to type. Of those beyond, what is new is named in a line; what they were told of before is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What one person is told at once. `public`: the same where others read it too, naming nothing but them."""

    person: str
    handle: str
    notices: tuple[Notice, ...]
    message: Message
    public: Message

    def lines(self, case: str) -> list[list[str]]:
        """Thing, due day and stage of each, as its record has them: of one case (id), or of none."""
        return [[one.thing.id, one.known_as, stage(one.point or 0)] for one in self.notices if one.thing.case == case]

    @property
    def cases(self) -> list[str]:
        """Ids of the cases that something in it is of; the empty one first where something is of none."""
        return sorted({one.thing.case for one in self.notices})


def by_person(notices: Iterable[Notice]) -> dict[str, list[Notice]]:
    """Person (id) -> what is to be told now, what is most urgent first."""
    found: dict[str, list[Notice]] = {}
    for one in notices:
        if one.point is not None:
            found.setdefault(one.person, []).append(one)
    for mine in found.values():
        mine.sort(key=_order)
    return found


def _order(one: Notice) -> tuple[bool, bool, bool, bool, int, str, str, str, str]:
    """What is urgent; what somebody who is gone still knows, and what else of critical accounts is overdue; what is new, day by day; what is overdue and was
    told before, by how critical the account is."""
    thing, late = one.thing, one.past > 0
    again = late and one.before
    return (
        not thing.urgent, not (thing.pressing and late), not (late and thing.tier == TIERS[0]), again, TIERS.index(thing.tier) if again else 0, one.day,
        thing.account, thing.kind, thing.id,
    )  # fmt: skip


def digests(db: sqlite3.Connection, notices: Iterable[Notice], *, vault: str) -> list[Digest]:
    """One per person, by handle. `vault`: hex id."""
    environment, speeches = _environment(), cache(language)  # a catalogue is read once for all who read it
    found = [_digest(people.by_id(db, person), mine[:MOST], vault, environment, speeches) for person, mine in by_person(notices).items()]
    return sorted(found, key=lambda one: one.handle)


def _digest(
    person: people.Person, mine: Sequence[Notice], vault: str, environment: Environment, speak: Callable[[str], Language] = language
) -> Digest:
    speech = speak(locale_of(person.locale) or "en")
    lines = [line(one, speech) for one in mine[:IN_FULL]]
    lines += [short(one, speech) for one in mine[IN_FULL:] if not one.before]
    left = len(mine) - len(lines)
    rest = more(left, person.handle, speech) if left else None
    subject = texts.subject(lines, speech, number=len(mine))
    html = environment.get_template("digest.html.j2").render(
        locale=speech.locale, subject=subject, greeting=texts.greeting(person.name, speech), opening=texts.head(len(mine), speech), lines=lines, more=rest,
        closing=texts.closing(speech),
    )  # fmt: skip
    message = Message(
        message_id=message_id(vault, person.id, [(one.thing.id, f"{one.known_as} {stage(one.point or 0)}") for one in mine]),
        to_name=person.name, to_mail=person.mail or None, locale=speech.locale, subject=subject,
        text=texts.plain(person.name, lines, speech, more=rest, number=len(mine)),
        html=html, list_id=list_id(vault), reply_to=None,
    )  # fmt: skip
    seen = sum(not one.thing.embargoed for one in mine)
    head, text = texts.room(person.name, seen, speech, reported=any(one.thing.urgent for one in mine))
    public = replace(message, subject=head, text=text, html="")
    return Digest(person=person.id, handle=person.handle, notices=tuple(mine), message=message, public=public)


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
