"""`govern export`: give everything back, recorded first."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from govern.cli import render, settings
from govern.cli.reserved import fill, reserved
from govern.errors import Usage

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_FORMATS = ("bitwarden-json",)


@app.command()
def export(
    format: Annotated[str, typer.Option(metavar="F", help="bitwarden-json: nearly every password manager reads it.")] = "bitwarden-json",
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="The file to write; it must not exist.")] = None,
    reason: Annotated[str, typer.Option(metavar="R", help="Why: kept with the fact, erasable.")] = "",
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout, without any secret.")] = False,
) -> None:
    """Write everything that you can open into one file, in the clear."""
    from govern.procedures.export import export as procedure

    if format not in _FORMATS:
        raise Usage(f"no format {format[:40]!r} is written", hint=f"--format {_FORMATS[0]}")
    path = settings.place(settings.need(str(out) if out else "", "--out", "File to write"))
    why = settings.need(reason.strip(), "--reason", "Why do you export everything")
    workspace = settings.workspace()
    with reserved(path) as descriptor:
        found = procedure(workspace, path=os.fsencode(path).decode("utf-8", "replace")[:2000], reason=why, now=settings.now())
        fill(descriptor, found.content.reveal().encode(), "export")
    if json:
        render.emit("export", {
            "format": format, "out": str(path), "accounts": list(found.accounts), "versions": found.versions,
            "not_opened": [{"account": account, "kind": kind} for account, kind in found.not_opened],
            "elsewhere": [{"account": account, "kind": kind} for account, kind in found.elsewhere],
        })  # fmt: skip
    else:
        render.line(f"{render.count(found.versions, 'secret')} of {render.count(len(found.accounts), 'account')}: {render.safe(path)}")
    for account, kind in found.not_opened[:20]:
        render.note(f"not in it: the {kind} of {account}, which is not sealed to your key")
    for account, kind in found.elsewhere[:20]:
        render.note(f"not in it: the {kind} of {account}, which is kept elsewhere")
    if len(found.not_opened) > 20 or len(found.elsewhere) > 20:
        render.note("  and more: --json lists them all")
    render.note(f"{render.safe(path)} holds every secret in the clear; delete it when it has done its work, in the bin and the cloud too")
    render.next_step("govern status", "you could now know everything that is in it")
