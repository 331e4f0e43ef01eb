"""`govern import`: take in another program's export, or a spreadsheet."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli import render, settings

if TYPE_CHECKING:
    from govern.procedures.import_ import Asked, Result
    from govern.register.workspace import Workspace

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The export, or a spreadsheet (.csv, .xlsx).")],
    format: Annotated[str, typer.Option(metavar="F", help="Its format, where it is not found by content.")] = "",
    map: Annotated[
        Path | None, typer.Option("--map", metavar="FILE", help="Which column is what: lines like 'login = Brugernavn'.")
    ] = None,
    passphrase_file: Annotated[Path | None, typer.Option(metavar="F", help="What opens a protected export.")] = None,
    kdbx_keyfile: Annotated[Path | None, typer.Option(metavar="F", help="The key file of a KeePass database.")] = None,
    known_to: Annotated[list[str] | None, typer.Option(metavar="PERSON", help="Somebody who knows all of it; may be repeated.")] = None,
    folder: Annotated[list[str] | None, typer.Option(metavar="X", help="Only this folder; may be repeated.")] = None,
    collection: Annotated[list[str] | None, typer.Option(metavar="X", help="Only this collection; may be repeated.")] = None,
    platform: Annotated[list[str] | None, typer.Option(metavar="X", help="Only this platform; may be repeated.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(metavar="X", help="Not this folder, collection or platform.")] = None,
    without_secrets: Annotated[bool, typer.Option("--without-secrets", help="Leave secrets where they are, record the place.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would come in, write nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Take in a password manager's export or a spreadsheet."""
    from govern.cli import import_inputs, import_show
    from govern.holdings.importing import Choice
    from govern.importers.read import read
    from govern.procedures import import_ as procedure
    from govern.procedures.import_told import sentences

    again = import_show.again(file, (
        ("--format", format), ("--map", map), ("--passphrase-file", passphrase_file), ("--kdbx-keyfile", kdbx_keyfile),
        ("--known-to", known_to), ("--folder", folder), ("--collection", collection), ("--platform", platform), ("--exclude", exclude),
        ("--without-secrets", without_secrets),
    ))  # fmt: skip
    file = settings.place(file).resolve()
    word = import_inputs.Passphrase(passphrase_file, file.name, kdbx_keyfile)
    workspace = _workspace(dry_run=dry_run)
    reading = read(
        file, format=format or None, passphrase=word.source(), keyfile=kdbx_keyfile, columns=import_inputs.columns(map)
    )  # fmt: skip
    logins = procedure.places(reading.logins)
    choice = Choice(
        folders=tuple(folder or ()), collections=tuple(collection or ()), platforms=tuple(platform or ()), excluded=tuple(exclude or ())
    )
    if settings.current.terminal and not (dry_run or json or choice != Choice()) and logins:
        chosen = import_inputs.ask_choice(logins)
        if chosen is None:
            render.note("nothing was imported")
            return
        choice = chosen
    taken = procedure.choose(logins, choice)
    holds = procedure.holds_secrets(logins)
    is_sealed = word.asked or reading.format == "kdbx" or not (holds or reading.unread)
    stays = is_sealed or (without_secrets and reading.format == "spreadsheet" and not reading.program)
    asked = procedure.Asked(
        reading=reading, logins=taken, path="" if stays else _written(file), file=_written(Path(file.name)), sealed=is_sealed,
        known_to=tuple(known_to or ()), without_secrets=without_secrets,
    )  # fmt: skip
    if workspace is None or dry_run:
        result = procedure.preview(workspace, asked, settings.now(), random=os.urandom)
    else:
        result = procedure.bring_in(workspace, asked, settings.now(), progress=_progress(len(taken)))
        if result.undecided and settings.current.terminal and not json:
            result = _decide(workspace, asked, result)
    warnings = sentences(result, reading, [login for login, _ in taken])
    skipped = [*reading.skipped, *result.skipped]
    if json:
        told = import_show.as_json(result, skipped, warnings)
        render.emit("import", {
            **told, "format": reading.format, "left_out": len(logins) - len(taken), "dry_run": dry_run, "lies_at": asked.path or None,
        })  # fmt: skip
    else:
        import_show.show(result, skipped, warnings, dry_run=dry_run)
    if asked.path and not dry_run:
        what = "this plaintext export" if holds else "this file, of which not all was read and which may hold secrets,"
        render.note(f"{what} still lies at {render.safe(file)}; delete it, in the bin and the cloud too")
    _go_on(result, again, dry_run=dry_run, no_vault=workspace is None)


def _workspace(*, dry_run: bool) -> Workspace | None:
    """The vault; None for a preview where there is none yet."""
    from govern.store.address import may_be_there

    if dry_run and not may_be_there(settings.current.path) and not (settings.current.home / "seed.json").exists():
        return None
    return settings.workspace()


def _written(path: Path) -> str:
    """A path as text that can be kept; bytes in it that are no text are replaced."""
    return os.fsencode(path).decode("utf-8", "replace")


def _progress(total: int) -> Callable[[int], None] | None:
    if not sys.stderr.isatty():
        return None
    return lambda done: render.note(f"  {done} of {total}") if done % 1000 == 0 else None


def _decide(workspace: Workspace, asked: Asked, result: Result) -> Result:
    """Ask of each conflict which secret works, where the answer can be used. The import is committed by now: whoever stops loses nothing."""
    from govern.cli.prompt import confirm
    from govern.procedures.import_conflicts import obstacles, take_theirs

    theirs = []
    for conflict in result.undecided:
        changed = conflict.found[0].password_changed
        claim = f", changed on {render.day(changed)} as the file claims" if changed else ""
        in_the_way = obstacles(workspace, conflict)
        for kind, why in in_the_way.items():
            render.note(f"{conflict.handle}: the {kind} differs from the file's, and stays as it is: {why}")
        kinds = " and ".join(kind for kind in conflict.kinds if kind not in in_the_way)
        if not kinds:
            continue
        if confirm(
            f"{conflict.handle}: the {kinds} of {render.safe(conflict.found[0].row)} differs from ours{claim}. Does the file's work?"
        ):
            theirs.append(conflict)
    if not theirs:
        return result
    result.settle(theirs, take_theirs(workspace, asked, theirs, settings.now()))
    return result


def _go_on(result: Result, again: str, *, dry_run: bool, no_vault: bool) -> None:
    from govern.cli.import_show import rotate

    if no_vault:
        render.next_step("govern init", "there is no vault yet; then the same import without --dry-run")
    elif dry_run:
        render.next_step(render.safe(again), "nothing was written")
    elif result.undecided:
        render.next_step(*rotate(result.undecided[0]))
    else:
        render.next_step("govern status", "what to change first")
