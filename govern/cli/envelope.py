"""`govern envelope`: sealed paper for the day on which nobody with keys is there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli import render, settings
from govern.cli.reason import ask_reason
from govern.shell import quoted

if TYPE_CHECKING:
    from govern.register.queries.copies import Copy

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

Account = Annotated[str, typer.Argument(metavar="ACCOUNT")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, without any secret.")]


@app.command("print")
def print_(
    account: Account,
    kind: Annotated[
        list[str] | None, typer.Option(help="Only this kind of secret; may be repeated. Else all that are sealed here.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="The page to write (HTML); it must not exist.")] = None,
    reason: Annotated[str, typer.Option(help="Why; asked for on the critical tier.")] = "",
    locale: Annotated[str, typer.Option(metavar="en|fr|nl|da|nb|es", help="The language of the page; else yours.")] = "",
    json: Json = False,
) -> None:
    """Write a page with an account's secrets, to be printed and sealed, after it was recorded who was shown them."""
    from govern.cli.envelope_page import page
    from govern.cli.reserved import fill, reserved
    from govern.holdings.credentials import check_kind
    from govern.procedures import sheets
    from govern.procedures.copies import fill as fill_envelope
    from govern.register.connection import state
    from govern.register.queries import people
    from govern.register.queries.accounts import find

    for one in kind or ():
        check_kind(one)
    path = settings.place(settings.need(str(out) if out else "", "--out", "File to write"))
    workspace, now = settings.workspace(), settings.now()
    language = settings.reading(locale, workspace)
    why = ask_reason(reason, workspace.view, lambda db: [find(db, account).tier])
    with reserved(path) as descriptor:
        with workspace.transaction(now) as tx:
            envelope = fill_envelope(tx, account, kind or (), why)
        sheets.remember(workspace.home, [path], sheets.PAGES)
        db = workspace.view()
        by, note = people.by_id(db, workspace.person).handle, (state(db, "note") or b"").decode()
        fill(descriptor, page(envelope, made_at=now, by=by, vault=workspace.vault.hex(), note=note, language=language).encode(), "page")
    inside = [{"kind": one.kind, "version": one.version} for one in envelope.inside]
    if json:
        render.emit("envelope", {"account": envelope.account, "envelope": envelope.name, "inside": inside, "out": str(path)})
    else:
        told = ", ".join(f"{one.kind} v{one.version}" for one in envelope.inside)
        render.line(f"{envelope.name}: {told}: {render.safe(path)}")
    render.note("recorded: you know what is on it. Print it, seal it, and delete the file, in the bin and the cloud too")
    render.next_step(f"rm {quoted(path)}", "once it is printed")
    render.next_step(f"govern place member {quoted(envelope.name)} PERSON", "whoever has the safe")


@app.command("opened")
def opened(
    account: Account,
    by: Annotated[str, typer.Option("--by", metavar="PERSON", help="Who opened it; else you.")] = "",
    envelope: Annotated[str, typer.Option("--envelope", metavar="NAME", help="Which of several.")] = "",
    note: Annotated[str, typer.Option("--note", help="What for; kept with the fact, erasable.")] = "",
    json: Json = False,
) -> None:
    """Say that an envelope was opened: whoever did knows what was in it, and what still works is to be changed."""
    from govern.procedures.copies import opened as procedure

    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        told = procedure(tx, account, by, note, envelope=envelope)
    if json:
        render.emit("envelope", {
            "account": told.account, "envelope": told.name, "person": told.person, "kinds": list(told.kinds), "rotations": list(told.rotations),
        })  # fmt: skip
    else:
        render.line(f"{render.safe(told.person)} opened {told.name} and knows its {', '.join(told.kinds)}")
    for kind in told.kinds:
        render.next_step(f"govern rotate {told.account} --kind {kind}", "somebody opened its envelope")


@app.command("list")
def list_(account: Annotated[str, typer.Argument(metavar="[ACCOUNT]")] = "", json: Json = False) -> None:
    """The envelopes that are out there: what is in each, and whether it still counts."""
    from govern.register.queries import copies, people
    from govern.register.queries.accounts import find

    db = settings.workspace().view()
    found = copies.envelopes(copies.copies(db, find(db, account).id if account else ""))
    names = people.handles(db)
    if json:
        render.emit("envelope", {"envelopes": [
            {
                "envelope": one.name, "account": one.handle, "kind": one.kind, "version": one.n, "printed_at": one.since, "state": _state(one),
                "opened_at": one.opened_at or None, "opened_by": names.get(one.opener) if one.opener else None,
            }
            for one in found
        ]})  # fmt: skip
        return
    render.table(
        ("envelope", "account", "what", "printed", "state"),
        [(one.name, one.handle, f"{one.kind} v{one.n}", render.day(one.since), _state(one)) for one in found],
        empty="there is no envelope: govern envelope print ACCOUNT --out FILE",
    )
    for command in dict.fromkeys(copies.renewal(one) for one in found if copies.is_stale(one)):
        render.next_step(command, "an envelope that counts no more: print anew, destroy the old")


def _state(one: Copy) -> str:
    return "opened" if one.opened_at else "sealed" if one.works else "stale"
