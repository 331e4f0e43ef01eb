"""`govern recovery`: whether the sheets would work, and another recovery key in place of the one in force."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli import render, settings
from govern.errors import Usage

if TYPE_CHECKING:
    from govern.procedures.keepers import Keeper

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)


@app.callback()
def root() -> None:
    """Recovery sheets."""


Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
Locale = Annotated[str, typer.Option(metavar="en|fr|nl|da|nb|es", help="The language of whoever keeps them; else yours or the machine's.")]


@app.command("replace")
def replace(
    recovery: Annotated[str, typer.Option(metavar="K-of-N", help="How many of how many sheets recover the vault.")] = "2-of-3",
    recovery_out: Annotated[Path | None, typer.Option(help="Folder for the new sheets.")] = None,
    reason: Annotated[str, typer.Option(help="Told to whoever approves it.")] = "",
    locale: Locale = "",
    json: Json = False,
) -> None:
    """Draw another recovery key, write its sheets, and propose it. The old sheets count until a second person has approved."""
    from govern.cli.init import split
    from govern.cli.proposed import row, tell_proposed
    from govern.procedures.replace_recovery import propose
    from govern.register.queries.people import handles

    threshold, shares = split(recovery)
    workspace, now = settings.workspace(), settings.now()
    done = propose(
        workspace,
        threshold,
        shares,
        settings.place(recovery_out) if recovery_out else None,
        now,
        reason,
        settings.reading(locale, workspace).say,
    )
    if json:
        proposal = row(done.proposal, handles(workspace.view()), now)
        render.emit("recovery.replace", {"proposals": [proposal], "sheets": [str(path) for path in done.sheets]})
    render.note("print these sheets, then remove the files; they recover nothing before the proposal is approved:")
    for path in done.sheets:
        render.note(render.safe(f"  {path}"))
    if not json:
        tell_proposed(workspace.view(), done.proposal, now, json=False)


@app.command("print")
def print_(
    sheet: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Recovery sheets as they were written.")],
    locale: Locale = "",
    json: Json = False,
) -> None:
    """Make a page to print of each sheet, beside its file: the text, and the words as a QR code where the extra qr is installed."""
    from govern.cli.sheet_page import has_codes, page, target
    from govern.languages import language
    from govern.procedures.recovery import read_sheets
    from govern.procedures.sheets import remember
    from govern.vault.custody.files import write_private

    spoken = language(settings.locale(locale, str))
    pages = [(target(settings.place(file)), page(read, spoken)) for file, read in zip(sheet, read_sheets(sheet), strict=True)]
    for path, text in pages:
        write_private(path, text.encode(), "the page of a recovery sheet")
    if (settings.current.home / "seed.json").exists():
        remember(settings.current.home, [path for path, _ in pages])
    if json:
        render.emit("recovery.print", {"pages": [str(path) for path, _ in pages], "codes": has_codes()})
    else:
        for path, _ in pages:
            render.line(render.safe(str(path)))
    if not has_codes():
        render.note("without QR codes: they need the extra qr (in the folder of its source: pip install '.[qr]')")
    render.note("print them, then remove the pages and the sheets' files")


@app.command("rewrap")
def rewrap(json: Json = False) -> None:
    """Seal to the recovery key in force whatever you can open and it can't."""
    from govern.procedures.replace_recovery import rewrap as procedure

    done = procedure(settings.workspace(), settings.now())
    if json:
        render.emit("recovery.rewrap", {"sealed": done.sealed, "epochs": done.epochs, "left": done.left})
    else:
        render.line(done.told())
    render.next_step("govern doctor" if done.left else "govern recovery drill --sheet FILE", "what is left" if done.left else "")


@app.command("given")
def given(
    sheet: Annotated[int, typer.Argument(metavar="SHEET", help="The number that stands on it.")],
    person: Annotated[str, typer.Argument(metavar="PERSON")],
    json: Json = False,
) -> None:
    """Note who keeps a sheet of the recovery key in force: when they leave, the key is replaced."""
    from govern.procedures.keepers import give

    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        found = give(tx, sheet, person)
    _keepers(found, json=json)


@app.command("keepers")
def keepers(json: Json = False) -> None:
    """Who keeps which sheet, as far as it was noted."""
    from govern.procedures.keepers import keepers as procedure

    _keepers(procedure(settings.workspace().view()), json=json)


def _keepers(found: Sequence[Keeper], *, json: bool) -> None:
    if json:
        rows = [{"sheet": one.sheet, "person": one.person, "since": one.since, "now": one.now} for one in found]
        render.emit("recovery.keepers", {"keepers": rows})
        return
    render.table(
        ("sheet", "person", "since", ""),
        [(one.sheet, one.person, render.day(one.since), "" if one.now else "gave it on") for one in found],
        empty="nobody is noted: govern recovery given SHEET PERSON",
    )


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
