"""`govern snooze`: a due thing is put off."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.cli import render, settings
from govern.errors import Usage

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def snooze(
    item: Annotated[str, typer.Argument(metavar="ITEM", help="Its id, or the beginning of it, as remind --explain shows it.")],
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="Nobody is reminded of it before this day.")] = "",
    reason: Annotated[str, typer.Option("--reason", metavar="R", help="Why it can wait.")] = "",
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Put a due thing off for everybody: recorded, bounded by the policy, and never for what somebody who is gone still knows once it is overdue."""
    from govern.fields import date
    from govern.procedures.notices import snooze as procedure

    if not date(until):
        raise Usage("--until is missing or no date", hint="write it as 2026-11-30")
    if not reason.strip():
        raise Usage("--reason is missing", hint="say why it can wait: --reason R")
    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        found = procedure(tx, item, until, reason)
    if json:
        render.emit("snooze", {"id": found.id, "what": found.kind, "account": found.account or None, "due": found.due, "until": until})
        return
    render.line(
        f"{found.kind} {render.safe(found.account)} is put off until {until}; it is due on {found.due[:10]} all the same".replace("  ", " ")
    )
    render.next_step(render.safe(found.command))
