"""`govern calendar`: what is due for a person, as a file that calendar programs read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from govern.cli import render, settings
from govern.errors import Failed, NotFound

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def calendar(
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="The calendar file; where it is this person's already, it is updated.")
    ],
    person: Annotated[str, typer.Option("--person", metavar="PERSON", help="Whose calendar; else yours.")] = "",
    names: Annotated[
        bool, typer.Option("--names", help="Name accounts and people in it: whoever sees the calendar sees them too.")
    ] = False,
    locale: Annotated[str, typer.Option(metavar="en|fr|nl|da|nb|es", help="Else the language of that person.")] = "",
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Write what is due for a person as an iCalendar file, or update it: what changed is changed, what is done is cancelled."""
    from govern.bounded import contents
    from govern.cli.files import write_private
    from govern.languages import language
    from govern.notices.calendar import LARGEST
    from govern.procedures import calendars
    from govern.register.queries import people

    workspace = settings.workspace()
    db = workspace.view()
    who = people.find(db, person) if person else people.by_id(db, workspace.person)
    path = out
    try:
        before: bytes | None = contents(path, LARGEST)
    except NotFound:
        before = None
    now = settings.now()
    told = calendars.due(workspace, now).get(who.id, [])
    speech = language(settings.locale(locale, lambda: who.locale))
    written = calendars.make(workspace, who.id, told, speech, before=before, now=now, names=names)
    if written.data != before:
        try:
            write_private(path, written.data.decode("utf-8"))
        except OSError as error:
            raise Failed(f"{path} can't be written ({error.strerror})", code="io", hint="name a file in a folder of yours") from error
    if json:
        render.emit("calendar", {
            "person": who.handle, "file": str(path), "new": written.new, "changed": written.changed, "unchanged": written.same,
            "cancelled": written.cancelled, "names": names,
        })  # fmt: skip
        return
    render.line(
        f"{render.safe(str(path))}: {render.count(written.new, 'new appointment')}, {written.changed} changed, {written.same} as before,"
        f" {written.cancelled} cancelled"
    )
    render.next_step(
        f"govern calendar --person {render.safe(who.handle)} --out {render.safe(str(path))}", "again, whenever it is to be up to date"
    )
