"""`govern recovery`: whether the sheets would work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from govern.cli import render, settings
from govern.errors import Usage

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)


@app.callback()
def root() -> None:
    """Recovery sheets."""


@app.command("drill")
def drill(
    sheet: Annotated[
        list[Path] | None, typer.Option("--sheet", metavar="FILE", help="A recovery sheet; as often as the sheets say.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Check that the sheets open everything that is live. Shows no secret. Exit 7 where something does not open."""
    from govern.procedures.recovery import drill as procedure
    from govern.procedures.recovery import read_sheets
    from govern.register.queries import accounts

    if not sheet:
        raise Usage("--sheet is missing", hint="--sheet FILE, as often as the sheets say")
    workspace = settings.workspace()
    done = procedure(workspace, read_sheets(sheet), settings.now())
    db = workspace.view()
    failed = [{"account": accounts.by_id(db, account).handle, "kind": kind, "version": n} for account, kind, n in done.failed]
    if json:
        render.emit("recovery.drill", {"opened": done.opened, "failed": failed})
    else:
        render.line(f"of {render.count(done.opened + len(failed), 'live secret')} these sheets open {done.opened}")
        for one in failed:
            render.line(render.safe(f"  {one['account']} {one['kind']} version {one['version']}"))
    if failed:
        raise typer.Exit(7)
