"""`govern doctor`: keys, pin, journal, store, recovery."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.cli import render, settings

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def doctor(json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False) -> None:
    """Check this machine's part of the vault. Exit 7 where a finding is above info."""
    from govern.cli.status import rows, show
    from govern.holdings.findings import above_info
    from govern.procedures.doctor import doctor as procedure

    found = procedure(settings.workspace(), settings.now()[:10])
    if json:
        render.emit("doctor", {"findings": rows(found)})
    else:
        show(found)
    if above_info(found):
        raise typer.Exit(7)
