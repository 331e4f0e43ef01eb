"""How the pre-flight of a departure is told: on stderr before its items are worked through, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.cli import render
from govern.cli.telling_platform import spoken
from govern.offboarding.wording import secret

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from govern.languages import Language
    from govern.offboarding.wording import Say
    from govern.policy.profile import Statement
    from govern.procedures.preflight_departure import Change, Leaving
    from govern.register.queries.cases import Entry

_MOST = 6


def told_of(
    db: sqlite3.Connection,
    departures: Iterable[tuple[str, Sequence[Entry]]],
    names: Mapping[str, str],
    now: str,
    *,
    reader: str,
    language: Language | None = None,
) -> dict[str, object]:
    """Tell the pre-flight of each departure (id of the person, items) in that language; without one, give it by its JSON key."""
    from govern.procedures.preflight_departure import leaving

    found = [(names.get(person, person), leaving(db, person, entries, now, reader=reader)) for person, entries in departures]
    if language is None:
        return {"preflight": [{"person": person, **as_json(one, names)} for person, one in found]}
    for person, one in found:
        for line in box(one, person, names, language):
            render.note(render.safe(line))
    return {}


def box(told: Leaving, person: str, names: Mapping[str, str], language: Language) -> Iterator[str]:
    """Line by line; nothing where there is nothing to do."""
    if not told.minutes:
        return
    say, count = language.say, language.count
    yield say("before you begin:")
    if told.prompts:
        text = say("codes of {accounts} reach {person}: change that first, or ask for the code while they are there")
        yield "  " + text.format(accounts=_few(told.prompts, say), person=person)
    for account, kind in told.channels[:_MOST]:
        text = say("the {credential} of {account} reaches {person}: with it they can take the account")
        yield "  " + text.format(credential=secret(kind, say), account=account, person=person)
    for tool in told.tools[:_MOST]:
        text = say("{tool} is connected to {account} by {person}: what waits in it is not published once that ends")
        yield "  " + text.format(tool=tool.tool, account=tool.account, person=person)
    for change in told.changes[:_MOST]:
        yield from (f"  {line}" for line in _changing(change, names, language))
    if len(told.changes) > _MOST:
        more = len(told.changes) - _MOST
        yield "  " + count("and 1 more account whose password changes", "and {n} more accounts whose password changes", more)
    if told.unknown:
        text = count(
            "about 1 minute of work, where {platforms} is a mere guess", "about {n} minutes of work, where {platforms} is a mere guess", told.minutes
        )  # fmt: skip
        yield "  " + text.format(platforms=", ".join(told.unknown[:_MOST]))
    else:
        yield "  " + count("about 1 minute of work", "about {n} minutes of work", told.minutes)
    if told.free:
        free = ", ".join(
            say("{person} ({items} of these, {others})").format(
                person=names.get(one.person, one.person),
                items=one.items,
                others=count("1 other thing open", "{n} other things open", one.open),
            )
            for one in told.free[:_MOST]
        )
        yield "  " + say("who could do it: {people}").format(people=free)


def _changing(change: Change, names: Mapping[str, str], language: Language) -> Iterator[str]:
    """What a new password brings with it on one account; nothing where nothing is known of the platform."""
    if change.about is None:
        return
    say, usual, before = language.say, change.about.grade, change.about.before
    held = f" ({', '.join(names.get(one, one) for one in change.others[:_MOST])})" if change.others else ""
    tools = f" ({', '.join(change.tools[:_MOST])})" if change.tools else ""
    told = {"account": change.account, "held": held, "tools": tools}
    yield say("{account}, logged out{held}: {what}").format(**told, what=spoken(before.logged_out, usual, language))
    for one in before.disconnects:
        yield say("{account}, disconnects{tools}: {what}").format(**told, what=spoken(one, usual, language))
    yield say("{account}, scheduled posts: {what}").format(**told, what=spoken(before.scheduled, usual, language))


def _few(handles: tuple[str, ...], say: Say) -> str:
    shown = ", ".join(handles[:_MOST])
    return say("{names} and {n} more").format(names=shown, n=len(handles) - _MOST) if len(handles) > _MOST else shown


def as_json(told: Leaving, names: Mapping[str, str]) -> dict[str, object]:
    """The same as JSON."""
    return {
        "prompts": list(told.prompts),
        "channels": [{"account": account, "kind": kind} for account, kind in told.channels],
        "tools": [{"account": one.account, "tool": one.tool} for one in told.tools],
        "changes": [
            {
                "account": one.account, "platform": one.platform, "others": [names.get(person, person) for person in one.others], "tools": list(one.tools),
                "logged_out": _said(one.logged_out), "scheduled": _said(one.scheduled),
                "disconnects": [_said(said) for said in one.about.before.disconnects] if one.about else [],
            }
            for one in told.changes
        ],
        "minutes": told.minutes, "unknown": list(told.unknown),
        "free": [{"person": names.get(one.person, one.person), "items": one.items, "open": one.open} for one in told.free],
    }  # fmt: skip


def _said(one: Statement | None) -> dict[str, object] | None:
    return None if one is None else {"text": one.text, "grade": one.grade, "checked_on": one.checked_on}
