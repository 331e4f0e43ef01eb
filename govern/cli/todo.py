"""`govern todo`: what is open for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli import render, settings
from govern.errors import Usage

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from govern.languages import Language
    from govern.notices.due import Notice
    from govern.register.queries.work import Work

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_STEPS = 3


@app.command()
def todo(
    person: Annotated[str, typer.Option("--person", metavar="PERSON", help="What is open for this person; else for you.")] = "",
    everybody: Annotated[bool, typer.Option("--all", help="What is open for anybody.")] = False,
    locale: Annotated[str, typer.Option(metavar="en|fr|nl|da|nb|es", help="In which language; else in yours, as far as it is known.")] = "",
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Open work: hand-overs due, rotations, items of departures, places to clean, drills; what is due first."""
    from govern.register.queries import people
    from govern.register.queries.policies import policy
    from govern.register.queries.work import work

    if person and everybody:
        raise Usage("--person and --all exclude each other", hint="give one of them")
    workspace = settings.workspace()
    db, now = workspace.view(), settings.now()
    who = "" if everybody else people.find(db, person).id if person else workspace.person
    names = people.handles(db)
    if json:
        found = work(db, policy(db), now, reader=workspace.person, person=who)
        due = _reminders(db, now, workspace.person) if found else {}
        render.emit("todo", {"person": names[who] if who else None, "items": [_row(one, names, now, due, who) for one in found]})
        return
    language = settings.reading(locale, workspace)
    say = language.say
    found = work(db, policy(db), now, reader=workspace.person, person=who, say=say)
    due = _reminders(db, now, workspace.person) if found else {}
    head = (say("due", "column"), say("what", "column"), say("account", "column"), say("why", "column"), say("reminder", "column"))
    nobody = say("nothing is open for {person}").format(person=names[who]) if who else say("nothing is open for anybody")
    render.table(
        (*head, *((say("for", "column"),) if everybody else ())),
        [
            (
                _when(one, now, language), say(one.what, "work"), one.account, one.why, render.day(_next(one, due, who)[1]),
                *((_of(one, names),) if everybody else ()),
            )
            for one in found
        ],
        empty=render.safe(nobody),
    )  # fmt: skip
    for command in dict.fromkeys(one.command for one in found[:_STEPS] if one.command):
        render.next_step(render.safe(command))


def _when(one: Work, now: str, language: Language) -> str:
    return language.say("{day} (overdue)").format(day=render.day(one.due)) if _overdue(one, now) else render.day(one.due)


def _overdue(one: Work, now: str) -> bool:
    """A day is over when it has passed; a time, once it has."""
    return bool(one.due) and one.due < (now if len(one.due) > 10 else now[:10])


def _of(one: Work, names: Mapping[str, str]) -> str:
    return ", ".join(sorted(names.get(person, person) for person in one.of))


def _reminders(db: sqlite3.Connection, now: str, reader: str) -> dict[tuple[str, str], list[Notice]]:
    """(what it is about, who) -> what people are reminded of about it: of a case's items by item, else by rotation, grant, credential, document or case."""
    from govern.notices.due import notices
    from govern.register.queries.policies import policy

    found: dict[tuple[str, str], list[Notice]] = {}
    for one in notices(db, policy(db), now, reader=reader, every=True):
        thing = one.thing
        key = thing.about if thing.kind == "case-item" else "" if thing.kind == "drill" else thing.of
        found.setdefault((key, thing.name if thing.kind in ("hand-over", "acknowledgement") else ""), []).append(one)
    return found


def _next(one: Work, due: Mapping[tuple[str, str], Sequence[Notice]], who: str) -> tuple[str, str]:
    """Id of the due thing, and when its next reminder goes to this person, or to whoever hears of it first (UTC); empty for none."""
    mine = due.get((one.id or one.case, one.subject if one.what in ("hand-over", "acknowledge", "training") else ""), ())
    times = [each.next for each in mine if each.next and (not who or each.person == who)]
    return (mine[0].thing.id if mine else ""), min(times, default="")


def _row(one: Work, names: Mapping[str, str], now: str, due: Mapping[tuple[str, str], Sequence[Notice]], who: str) -> dict[str, object]:
    item, reminder = _next(one, due, who)
    return {
        "what": one.what, "account": one.account or None, "kind": one.kind or None, "person": one.subject or None, "due": one.due or None,
        "overdue": _overdue(one, now), "why": one.why, "command": one.command or None, "id": one.id or None, "case": one.case or None,
        "item": item or None, "next_reminder": reminder or None,
        "for": sorted(names.get(person, person) for person in one.of),
    }  # fmt: skip
