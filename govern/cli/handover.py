"""`govern handover`: give a secret to a holder without keys, recorded first."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.cli import render, settings
from govern.cli.showing import Way, choose, show
from govern.shell import quoted

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def handover(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT")],
    person: Annotated[str, typer.Argument(metavar="PERSON")],
    kind: Annotated[str, typer.Option(help="Which secret: password, totp, backup-codes, api-token, …")] = "",
    credential: Annotated[str, typer.Option(metavar="ID", help="Which of several of that kind: its id, or how it begins.")] = "",
    via: Annotated[str, typer.Option(help="How: in-person, call, messenger or paper.")] = "in-person",
    qr: Annotated[bool, typer.Option("--qr", help="As a QR code for the holder's phone.")] = False,
    stdout: Annotated[bool, typer.Option("--stdout", help="The secret alone, without a line break, on stdout.")] = False,
    copy: Annotated[bool, typer.Option("--copy", help="Into the clipboard, for 45 seconds.")] = False,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout; the secret in it only with --stdout.")] = False,
) -> None:
    """Show you a secret that a holder without keys is to have, after it was recorded that both of you know it."""
    from govern.cli.qr import drawn
    from govern.procedures.handover import hand_over

    kind = settings.need(kind, "--kind", "Which secret (password, totp, …)")
    way = choose(stdout=stdout, copy=copy, qr=qr)
    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        given = hand_over(tx, account, person, kind, via, reason, credential=credential)
        picture = drawn(given.scan) if way is Way.QR else []  # what can't be drawn is refused while nothing is recorded
    about = {
        "account": given.account, "person": given.person, "kind": given.kind, "version": given.version, "via": given.via,
        "waiting": list(given.waiting), "place": given.place or None,
    }  # fmt: skip
    if json:
        shown = {"secret": given.secret.reveal()} if way is Way.STDOUT else {"qr": picture} if way is Way.QR else {"copied": True}
        if way is Way.CLIPBOARD:
            show(way, given.secret)
        render.emit("handover", {**about, **shown})
    elif way is Way.QR:
        for row in picture:
            render.line(row)
    else:
        show(way, given.secret)
    render.note(
        f"recorded: {render.safe(given.person)} knows version {given.version} of the {given.kind} of {given.account}, and so do you"
    )
    if given.place:
        render.next_step(
            f"govern place clean {quoted(given.place)} --accounts {given.account}", "once the message is deleted on both sides"
        )
    for other in given.waiting:
        render.next_step(f"govern handover {given.account} {render.safe(given.person)} --kind {other}")
