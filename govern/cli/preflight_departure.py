"""How the pre-flight of a departure is told: on stderr before its items are worked through, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.cli import render
from govern.cli.telling_platform import graded

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from govern.policy.profile import Statement
    from govern.procedures.preflight_departure import Leaving
    from govern.register.queries.cases import Entry

_MOST = 6


def told_of(
    db: sqlite3.Connection,
    departures: Iterable[tuple[str, Sequence[Entry]]],
    names: Mapping[str, str],
    now: str,
    *,
    reader: str,
    json: bool,
) -> dict[str, object]:
    """Tell the pre-flight of each departure (id of the person, items), or give it by its JSON key."""
    from govern.procedures.preflight_departure import leaving

    found = [(names.get(person, person), leaving(db, person, entries, now, reader=reader)) for person, entries in departures]
    if json:
        return {"preflight": [{"person": person, **as_json(one, names)} for person, one in found]}
    for person, one in found:
        tell(one, person, names)
    return {}


def tell(told: Leaving, person: str, names: Mapping[str, str]) -> None:
    """The box; nothing where there is nothing to do."""
    if not told.minutes:
        return
    who = render.safe(person)
    render.note("before you begin:")
    if told.prompts:
        render.note(f"  codes of {_few(told.prompts)} reach {who}: change that first, or ask for the code while they are there")
    for account, kind in told.channels[:_MOST]:
        render.note(f"  the {kind} of {account} reaches {who}: with it they can take the account")
    for tool in told.tools[:_MOST]:
        render.note(f"  {render.safe(tool.tool)} is connected to {tool.account} by {who}: what waits in it is not published once that ends")
    for change in told.changes[:_MOST]:
        held = f" ({', '.join(render.safe(names.get(one, one)) for one in change.others[:_MOST])})" if change.others else ""
        if change.about is not None and change.logged_out is not None and change.scheduled is not None:
            render.note(f"  {change.account}, logged out{held}: {graded(change.logged_out, change.about.grade)}")
            there = f" ({', '.join(map(render.safe, change.tools[:_MOST]))})" if change.tools else ""
            for one in change.about.before.disconnects:
                render.note(f"  {change.account}, disconnects{there}: {graded(one, change.about.grade)}")
            render.note(f"  {change.account}, scheduled posts: {graded(change.scheduled, change.about.grade)}")
    if len(told.changes) > _MOST:
        render.note(f"  and {len(told.changes) - _MOST} more accounts whose password changes")
    render.note(f"  about {told.minutes} minutes of work{_guessed(told.unknown)}")
    if told.free:
        free = ", ".join(
            f"{render.safe(names.get(one.person, one.person))} ({one.items} of these, {render.count(one.open, 'other thing')} open)"
            for one in told.free[:_MOST]
        )
        render.note(f"  who could do it: {free}")


def _few(handles: tuple[str, ...]) -> str:
    return ", ".join(handles[:_MOST]) + (f" and {len(handles) - _MOST} more" if len(handles) > _MOST else "")


def _guessed(unknown: tuple[str, ...]) -> str:
    return f", where {', '.join(map(render.safe, unknown[:_MOST]))} is a mere guess" if unknown else ""


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
