"""`govern incident freeze | thaw`: nobody but named people is granted an account or shown its secrets."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.cli import render, settings
from govern.cli.incident_told import Json, PlaybookFile, freeze_row, playbook
from govern.errors import Usage

app = typer.Typer()

One = Annotated[str, typer.Argument(metavar="[ACCOUNT]")]


def _which(account: str, all_: bool) -> None:
    if bool(account) is all_:
        raise Usage("an account, or --all", hint="govern incident freeze ACCOUNT, or: govern incident freeze --all")


@app.command("freeze")
def freeze(
    account: One = "",
    all_: Annotated[bool, typer.Option("--all", help="Every account.")] = False,
    allow: Annotated[list[str] | None, typer.Option("--allow", metavar="PERSON", help="Who goes on; may be given again.")] = None,
    own: PlaybookFile = None,
    json: Json = False,
) -> None:
    """Pause grants and reveals; the responsible person, the named and one admin at least go on."""
    from govern.procedures import freezing as procedure
    from govern.register.queries.people import handles

    _which(account, all_)
    rules = playbook(own)
    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        frozen = procedure.freeze(tx, account, everything=all_, allow=allow or (), playbook=rules)
        names = handles(tx.register)
    row = freeze_row(frozen.freeze, names)
    if json:
        render.emit("incident", {"freeze": row, "step_done": frozen.step.name if frozen.step else None})
        return
    who = ", ".join([*(["whoever answers for it"] if not all_ else ["whoever answers for each"]), *row["allowed"]])
    render.line(render.safe(f"{row['account'] or 'everything'} is frozen: its secrets are shown to {who} only, and nobody is granted it"))
    if frozen.step:
        render.line("the step freeze is done")
    render.next_step(f"govern incident thaw {row['account'] or '--all'}", f"once it is over; looked at again on {row['look_again']}")


@app.command("thaw")
def thaw(
    account: One = "", all_: Annotated[bool, typer.Option("--all", help="The freeze of everything.")] = False, json: Json = False
) -> None:
    """End a freeze; any admin can."""
    from govern.procedures import freezing as procedure
    from govern.register.queries.people import handles

    _which(account, all_)
    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        ended = procedure.thaw(tx, account, everything=all_)
        names = handles(tx.register)
    row = freeze_row(ended, names)
    if json:
        render.emit("incident", {"freeze": row | {"ended": True}})
        return
    render.line(f"{row['account'] or 'everything'} is frozen no more")
    render.next_step("govern incident list")
