"""`govern ledger`: read it, verify it, prove an entry of it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from govern.cli import render, settings
from govern.errors import Refused, Usage
from govern.shell import quoted

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


@app.command("show")
def show(
    since: Annotated[int, typer.Option(metavar="N", help="From this entry on.")] = 0,
    json: Json = False,
) -> None:
    """What was recorded, by whom, in order."""
    from govern.register.queries import ledger, people

    db = settings.workspace().view()
    names = people.handles(db)
    entries = ledger.entries(db, since)
    if json:
        size, root = ledger.head(db)
        render.emit("ledger.show", {"size": size, "root": root, "findings": ledger.findings(db), "entries": [
            {"index": e.index, "at": e.at, "type": e.type, "actor": names.get(e.actor, e.actor), "key": e.key} for e in entries
        ]})  # fmt: skip
        return
    render.table(
        ("index", "at", "type", "by"),
        [(e.index, e.at, e.type, names.get(e.actor, "recovery" if e.actor else "")) for e in entries],
        empty="nothing there",
    )


@app.command("verify")
def verify(
    deep: Annotated[bool, typer.Option("--deep", help="Also personal parts, versions and wraps, and rebuild the register.")] = False,
    json: Json = False,
) -> None:
    """Read the whole ledger again and hold it against this machine's memory. Exit 6: altered; exit 7: findings."""
    from govern.register.queries import ledger
    from govern.register.reread import reread

    workspace = settings.workspace()
    result = reread(workspace, deep=deep)
    findings = [*ledger.findings(workspace.view()), *result.findings]
    if json:
        render.emit("ledger.verify", {
            "size": result.size, "root": result.root, "findings": findings, "versions": result.versions, "wraps": result.wraps, "deep": deep,
        })  # fmt: skip
    else:
        render.line(f"verified {result.size} entries, root {result.root}")
        if deep:
            render.line(
                f"verified {render.count(result.versions, 'sealed version')}, {render.count(result.wraps, 'wrap')}, and the register row for row"
            )
        for finding in findings:
            render.line(render.safe(f"entry {finding['index']}: {finding['code']}: {finding['found']}"))
    if findings:
        raise typer.Exit(7)


@app.command("checkpoint")
def checkpoint(
    remembered: Annotated[
        bool, typer.Option("--remembered", help="What this machine has verified last; the database, which may show another, is not asked.")
    ] = False,
    json: Json = False,
) -> None:
    """The newest checkpoint: print it, keep it elsewhere, compare it later."""
    from govern.procedures import ledger
    from govern.register.queries import ledger as queries

    if remembered:
        from govern.ledger.checkpoint import parse_checkpoint
        from govern.ledger.note import parse_note

        kept = ledger.remembered(settings.current.home / "pin")
        if json:
            told = parse_checkpoint(parse_note(kept).text)
            render.emit("ledger.checkpoint", {"size": told.size, "root": told.root.hex(), "note": kept.decode(), "findings": []})
        else:
            sys.stdout.write(kept.decode())
        return
    workspace = settings.workspace()
    note = ledger.checkpoint(workspace).decode()
    if json:
        size, root = queries.head(workspace.view())
        render.emit("ledger.checkpoint", {"size": size, "root": root, "note": note, "findings": queries.findings(workspace.view())})
    else:
        sys.stdout.write(note)


@app.command("compare")
def compare(notes: Annotated[list[Path], typer.Argument(metavar="NOTE…")], json: Json = False) -> None:
    """Hold checkpoints that were printed, mailed or kept elsewhere against this vault. Exit 6: a fork or a rollback."""
    from govern.procedures import ledger
    from govern.register.queries import ledger as queries

    workspace = settings.workspace()
    compared = ledger.compare(workspace, notes)
    if json:
        size, root = queries.head(workspace.view())
        render.emit("ledger.compare", {"size": size, "root": root, "findings": [], "compared": [
            {"file": one.file, "size": one.size, "signer": one.signer} for one in compared
        ]})  # fmt: skip
        return
    for one in compared:
        render.line(render.safe(f"{one.file}: entries 0..{one.size - 1} of this ledger, signed by {one.signer}"))


@app.command("prove")
def prove(
    index: Annotated[int, typer.Argument(min=0, max=2**53)],
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where the proof is written.")] = None,
    json: Json = False,
) -> None:
    """Write a proof of one entry that anybody can check with docs/verify.py and the vault id."""
    from govern.procedures import ledger

    if out is None:
        raise Usage("--out is missing", hint="name a file for the proof")
    workspace = settings.workspace()
    proof = ledger.prove(workspace, index)
    try:
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600), "wb") as file:
            file.write(proof)
    except FileExistsError:
        raise Refused(f"{out} exists already", code="exists", hint="name another file") from None
    if json:
        render.emit("ledger.prove", {"index": index, "file": str(out), "vault": workspace.vault.hex()})
    else:
        render.line(render.safe(str(out)))
    render.next_step(f"python docs/verify.py {workspace.vault.hex()} {quoted(out)}", "needs no govern")


@app.command("export")
def export(
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where it is written.")] = None,
    pseudonymous: Annotated[
        bool, typer.Option("--pseudonymous", help="Without names, handles, reasons: people and accounts are numbers.")
    ] = False,
    json: Json = False,
) -> None:
    """Write every entry, opened, with all checkpoints: whoever has the vault id replays it with docs/replay.py and sees that none is missing."""
    from govern.procedures.ledger_export import Counted, lines

    if out is None:
        raise Usage("--out is missing", hint="name a file for the export")
    workspace, counted = settings.workspace(), Counted()
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    except FileExistsError:
        raise Refused(f"{out} exists already", code="exists", hint="name another file") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            for line in lines(workspace, counted, pseudonymous=pseudonymous):
                file.write(line)
    except BaseException:
        out.unlink(missing_ok=True)
        raise
    if json:
        render.emit("ledger.export", {
            "file": str(out), "vault": workspace.vault.hex(), "size": counted.size, "sealed": counted.sealed, "void": counted.void,
            "pseudonymous": pseudonymous,
        })  # fmt: skip
    else:
        render.line(render.safe(str(out)))
        hidden = f", {counted.sealed} of them not shown: they are sealed to others" if counted.sealed else ""
        render.note(f"{render.count(counted.size, 'entry', 'entries')}{hidden}")
        if not pseudonymous:
            render.note("names and reasons stand in it; without them: --pseudonymous")
    render.next_step(f"python docs/replay.py {workspace.vault.hex()} {quoted(out)}", "needs no govern")
