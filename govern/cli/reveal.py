"""`govern reveal`: show a secret, recorded first."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.cli import render, settings
from govern.cli.reason import ask_reason
from govern.cli.showing import Way, choose, show
from govern.errors import Usage

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def reveal(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT")],
    reason: Annotated[str, typer.Option(help="Why; asked for on the critical tier.")] = "",
    kind: Annotated[str, typer.Option(help="Which secret: password, totp, backup-codes, api-token, …")] = "password",
    credential: Annotated[str, typer.Option(metavar="ID", help="Which of several of that kind: its id, or how it begins.")] = "",
    stdout: Annotated[bool, typer.Option("--stdout", help="The secret alone, without a line break, on stdout.")] = False,
    copy: Annotated[bool, typer.Option("--copy", help="Into the clipboard, for 45 seconds.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout; the secret in it only with --stdout.")] = False,
) -> None:
    """Show the current secret of an account, after that was recorded."""
    from govern.procedures.reveal import reveal as procedure
    from govern.register.queries.accounts import find

    way = choose(stdout=stdout, copy=copy)
    workspace = settings.workspace()
    _known(kind)
    why = ask_reason(reason, workspace.view, lambda db: [find(db, account).tier])
    with workspace.transaction(settings.now()) as tx:
        shown = procedure(tx, account, kind, why, credential=credential)
    if not json:
        show(way, shown.secret)
        _under_way(shown.rotation)
        return
    about = {"account": shown.account, "kind": shown.kind, "version": shown.version}
    if way is Way.STDOUT:
        render.emit("reveal", {**about, "secret": shown.secret.reveal()})
    else:
        show(way, shown.secret)
        render.emit("reveal", {**about, "copied": True})
    _under_way(shown.rotation)


def _under_way(rotation: str) -> None:
    if rotation:
        render.note("a change of this secret is under way: the new one may be what works")
        render.next_step(f"govern rotation show {rotation}")


def _known(kind: str) -> None:
    from govern.vocabulary import KINDS

    if kind not in KINDS:
        raise Usage(f"there is no kind {kind[:40]!r}", hint=f"one of {', '.join(KINDS)}")
