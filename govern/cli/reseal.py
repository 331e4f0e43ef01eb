"""`govern credential reseal`: every wrap of an account's secrets, made afresh."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.cli import render, settings


def reseal(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT")],
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Seal the secrets anew to everybody who can open them and still may, where `ledger verify --deep` finds a wrap that is not what it was."""
    from govern.procedures.reseal import reseal as procedure

    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        done = procedure(tx, account)
    if json:
        render.emit("credential", {
            "account": done.account, "versions": done.versions, "wraps": done.wraps, "ended": done.ended, "others": done.others,
        })  # fmt: skip
    else:
        told = f"{render.count(done.versions, 'version')} of {done.account} sealed anew: {render.count(done.wraps, 'wrap')}"
        render.line(render.safe(f"{told}, {done.ended} old ended"))
    if done.others:
        render.note(f"{render.count(done.others, 'version')} of it not sealed to you: somebody who has them does the same")
    render.next_step("govern ledger verify --deep")


def register(app: typer.Typer) -> None:
    app.command("reseal")(reseal)
