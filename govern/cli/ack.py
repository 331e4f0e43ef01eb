"""`govern ack`: a due thing was seen."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.cli import render, settings

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def ack(
    item: Annotated[str, typer.Argument(metavar="ITEM", help="Its id, or the beginning of it, as remind --explain shows it.")],
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Say that you have seen a due thing: you are not reminded of it again for a while, but on its due day."""
    from govern.policy import later_rules
    from govern.procedures.notices import acknowledge
    from govern.register.queries import policies

    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        found = acknowledge(tx, item)
        days = later_rules.reminders(policies.policy(tx.register).later).ack
    if json:
        render.emit("ack", {"id": found.id, "what": found.kind, "account": found.account or None, "due": found.due, "days": days})
        return
    render.line(f"seen: {found.kind} {render.safe(found.account)}".rstrip() + f"; not repeated to you for {render.count(days, 'day')}")
    render.next_step(render.safe(found.command))
