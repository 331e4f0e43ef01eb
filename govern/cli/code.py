"""`govern code`: show a one-time code, recorded first."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.cli import render, settings

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def code(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT")],
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    recipient: Annotated[str, typer.Option("--for", metavar="PERSON", help="The holder who asked for it.")] = "",
    credential: Annotated[str, typer.Option(metavar="ID", help="Which of several seeds: its id, or how it begins.")] = "",
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Show the present TOTP code of an account, after that was recorded."""
    from govern.cli.showing import check_stdout
    from govern.procedures.code import show_code
    from govern.vault.otp import code as code_at

    check_stdout()
    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        shown = show_code(tx, account, reason, recipient, credential=credential)
    digits, left = code_at(shown.otp, settings.seconds())
    if json:
        render.emit(
            "code", {"account": shown.account, "version": shown.version, "for": shown.recipient or None, "code": digits, "seconds": left}
        )
    else:
        render.line(digits)
        render.note(f"{left} s left" + (f", for {render.safe(shown.recipient)}" if shown.recipient else ""))
