"""`govern todo`: what is open for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli import render, settings
from govern.errors import Usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govern.register.queries.work import Work

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_STEPS = 3


@app.command()
def todo(
    person: Annotated[str, typer.Option("--person", metavar="PERSON", help="What is open for this person; else for you.")] = "",
    everybody: Annotated[bool, typer.Option("--all", help="What is open for anybody.")] = False,
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
    found, names = work(db, policy(db), now, reader=workspace.person, person=who), people.handles(db)
    if json:
        render.emit("todo", {"person": names[who] if who else None, "items": [_row(one, names, now) for one in found]})
        return
    head = ("due", "what", "account", "why", *(("for",) if everybody else ()))
    rows = [(_when(one, now), one.what, one.account, one.why, *((_of(one, names),) if everybody else ())) for one in found]
    render.table(head, rows, empty=f"nothing is open for {render.safe(names[who]) if who else 'anybody'}")
    for command in dict.fromkeys(one.command for one in found[:_STEPS] if one.command):
        render.next_step(render.safe(command))


def _when(one: Work, now: str) -> str:
    return f"{render.day(one.due)} (overdue)" if _overdue(one, now) else render.day(one.due)


def _overdue(one: Work, now: str) -> bool:
    """A day is over when it has passed; a time, once it has."""
    return bool(one.due) and one.due < (now if len(one.due) > 10 else now[:10])


def _of(one: Work, names: Mapping[str, str]) -> str:
    return ", ".join(sorted(names.get(person, person) for person in one.of))


def _row(one: Work, names: Mapping[str, str], now: str) -> dict[str, object]:
    return {
        "what": one.what, "account": one.account or None, "kind": one.kind or None, "person": one.subject or None, "due": one.due or None,
        "overdue": _overdue(one, now), "why": one.why, "command": one.command or None, "id": one.id or None, "case": one.case or None,
        "for": sorted(names.get(person, person) for person in one.of),
    }  # fmt: skip
