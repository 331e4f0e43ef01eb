"""Keys for unattended work, as commands of `govern key`: add-service, withdraw-service."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from govern.cli import render, settings
from govern.errors import GovernError, Usage

if TYPE_CHECKING:
    import sqlite3

    from govern.vault.keys import Keys

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
PURPOSES = "run-due|remind|reconcile|probe"


def add_service(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A handle of its own, such as night-run.")],
    purpose: Annotated[list[str] | None, typer.Option("--purpose", metavar=PURPOSES, help="What it is there for; best one.")] = None,
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="Its authority ends by itself after this day.")] = "",
    home: Annotated[
        Path | None, typer.Option("--home", metavar="DIR", help="Its state folder; else one below GOVERN_HOME/services.")
    ] = None,
    key_out: Annotated[Path | None, typer.Option("--key-out", metavar="FILE", help="Its key file; else DIR/key.")] = None,
    json: Json = False,
) -> None:
    """Authorise a service for stated purposes, and make its key and state folder; of one that has a key only the authority is renewed."""
    from govern.fields import date
    from govern.holdings.services import Purpose
    from govern.procedures import services as procedure

    if not purpose or any(one not in set(Purpose) for one in purpose):
        raise Usage("--purpose is missing or unknown", hint=f"--purpose {PURPOSES}")
    if until and not date(until):
        raise Usage(f"{until!r} is no date", hint="write it as 2026-11-30")
    workspace = settings.workspace()
    ends = f"{until}T23:59:59Z" if until else None
    purposes = [Purpose(one) for one in dict.fromkeys(purpose)]
    folder = home.expanduser().absolute() if home else settings.current.home / "services" / name
    key_file = key_out.expanduser().absolute() if key_out else folder / "key"
    new = None if procedure.has_key(workspace, name) else _new(folder, key_file)
    try:
        with workspace.transaction(settings.now()) as tx:
            made = procedure.authorise(tx, name, purposes, ends, new)
    except GovernError:
        if new is not None:
            key_file.unlink(missing_ok=True)
        raise
    if new is not None:
        procedure.prepare(workspace, folder, key_file, made, new)
    if json:
        render.emit("key.add-service", {
            "service": made.handle, "purposes": [one.value for one in purposes], "until": ends, "authority": made.authority,
            "key": new.id.hex() if new else None, "home": str(folder) if new else None, "key_file": str(key_file) if new else None,
        })  # fmt: skip
        return
    render.line(f"{render.safe(made.handle)} is authorised: {', '.join(purposes)}{f', until {until}' if until else ''}")
    if new is None:
        render.next_step("govern key list")
        return
    render.line(render.safe(f"its key        {new.id.hex()} (keyfile: {key_file})"))
    render.line(render.safe(f"its folder     {folder}"))
    for warning in _wide(purposes, until):
        render.note(f"note: {warning}")
    render.next_step("govern offboard run-due", "as the service: with GOVERN_HOME, GOVERN_KEY_FILE and GOVERN_VAULT set to its own")


def _new(folder: Path, key_file: Path) -> Keys:
    """A key that nobody has yet, in a file of its own; refused where folder or file are somebody's."""
    from govern.errors import Refused
    from govern.procedures.services import check_home
    from govern.vault.custody import keyfile
    from govern.vault.custody.choose import create_seed
    from govern.vault.custody.files import present
    from govern.vault.custody.record import Custody
    from govern.vault.keys import Keys

    check_home(folder)
    if present(key_file, keyfile.WHAT):
        raise Refused(f"the key file {key_file} exists already", code="exists", hint="a service has a key of its own: --key-out FILE")
    return Keys(create_seed(Custody.KEYFILE, str(key_file), random=os.urandom))


def _wide(purposes: list[Any], until: str) -> list[str]:
    told = []
    if len(purposes) > 1:
        told.append("one service for one purpose is safer: whoever steals its key can do all that it may")
    if not until:
        told.append("its authority has no end: --until DATE")
    return told


def withdraw_service(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    cause: Annotated[str, typer.Option("--cause", metavar="replaced|lost|compromise", help="What became of its key.")] = "replaced",
    json: Json = False,
) -> None:
    """End a service: it records nothing more, and its key reads nothing that comes after."""
    from govern.procedures import services as procedure

    if cause not in ("replaced", "lost", "compromise"):
        raise Usage("--cause is unknown", hint="--cause replaced|lost|compromise")
    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        handle, authorities, revoked = procedure.withdraw(tx, name, cause)
    keys = list(revoked.keys) if revoked else []
    if json:
        render.emit("key.withdraw-service", {
            "service": handle, "authorities": authorities, "keys": keys, "epochs": revoked.epochs if revoked else 0,
        })  # fmt: skip
        return
    told = "1 authority" if authorities == 1 else f"{authorities} authorities"
    render.line(f"{render.safe(handle)} is a service no more: {told} withdrawn, {render.count(len(keys), 'key')} revoked")
    render.next_step("govern ledger show", "what it has recorded") if cause != "replaced" else render.next_step("govern key list")


def rows(db: sqlite3.Connection, now: str) -> dict[str, dict[str, Any]]:
    """Person id -> what stands of a service's authorities: purposes, the earliest end, why it stands no more."""
    from govern.holdings.services import why_not
    from govern.register.queries import services

    found: dict[str, dict[str, Any]] = {}
    for one in services.every(db, now):
        reason = why_not(one, now)
        row = found.setdefault(one.service, {"purposes": [], "until": None, "stands": False, "why": None})
        if reason is None:
            row["purposes"] = sorted({*row["purposes"], *one.purposes})
            row["until"] = min(filter(None, (row["until"], one.until)), default=None)
            row["stands"], row["why"] = True, None
        elif not row["stands"]:
            row["why"] = reason.rule
    return found


def register(app: typer.Typer) -> None:
    """Add these to `govern key`."""
    app.command("add-service")(add_service)
    app.command("withdraw-service")(withdraw_service)
