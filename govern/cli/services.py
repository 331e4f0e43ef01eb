"""Keys for unattended work, as commands of `govern key`: add-service, withdraw-service."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from govern.cli import render, settings
from govern.errors import GovernError, Usage

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from govern.register.workspace import Workspace
    from govern.vault.keys import Keys

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
PURPOSES = "run-due|remind|reconcile|probe"


def add_service(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A handle of its own, such as night-run.")],
    purpose: Annotated[list[str] | None, typer.Option("--purpose", metavar=PURPOSES, help="What it is there for; best one.")] = None,
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="Its authority ends by itself after this day.")] = "",
    accounts: Annotated[
        list[str] | None,
        typer.Option("--accounts", metavar="SELECTOR", help="Entrust these to it: what connectors need of them is sealed to its key."),
    ] = None,
    home: Annotated[
        Path | None, typer.Option("--home", metavar="DIR", help="Its state folder; else one below GOVERN_HOME/services.")
    ] = None,
    key_out: Annotated[Path | None, typer.Option("--key-out", metavar="FILE", help="Its key file; else DIR/key.")] = None,
    json: Json = False,
) -> None:
    """Authorise a service for stated purposes, and make its key and state folder; of one that has a key only the authority is renewed."""
    from govern.cli.enrolment import missing_rows, tell_missing
    from govern.fields import date
    from govern.holdings.services import ENTRUSTABLE, ENTRUSTED, Purpose
    from govern.procedures import services as procedure

    if not purpose or any(one not in set(Purpose) for one in purpose):
        raise Usage("--purpose is missing or unknown", hint=f"--purpose {PURPOSES}")
    if until and not date(until):
        raise Usage(f"{until!r} is no date", hint="write it as 2026-11-30")
    workspace = settings.workspace()
    ends = f"{until}T23:59:59Z" if until else None
    purposes = [Purpose(one) for one in dict.fromkeys(purpose)]
    folder = settings.place(home) if home else settings.current.home / "services" / name
    key_file = settings.place(key_out) if key_out else folder / "key"
    entrusted = _accounts(workspace, accounts or [])
    if entrusted and not ENTRUSTABLE & set(purposes):
        raise Usage("--accounts is for a service that asks platforms or sends reminders", hint="--purpose reconcile, or --purpose remind")
    new = None if procedure.has_key(workspace, name) else _new(folder, key_file)
    try:
        with workspace.transaction(settings.now()) as tx:
            made = procedure.authorise(tx, name, purposes, ends, new, entrusted)
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
            "accounts": made.served, "sealed": made.sealed.added if made.sealed else 0,
            "missing": missing_rows(made.sealed.missing) if made.sealed else [],
        })  # fmt: skip
        return
    render.line(f"{render.safe(made.handle)} is authorised: {', '.join(purposes)}{f', until {until}' if until else ''}")
    if made.sealed is not None:
        told = f"{render.count(made.served, 'account')} entrusted to it, {render.count(made.sealed.added, 'secret')} sealed to its key"
        render.line(told)
        tell_missing(made.sealed.missing, made.handle)
        render.note("note: whoever has its key can open these secrets, and change them: keep it where it is used, and nowhere else")
    elif ENTRUSTED & set(purposes):
        render.note("note: no account is entrusted to it, so it can ask no platform: --accounts SELECTOR")
    if new is None:
        render.next_step("govern key list")
        return
    render.line(render.safe(f"its key        {new.id.hex()} (keyfile: {key_file})"))
    render.line(render.safe(f"its folder     {folder}"))
    for warning in _wide(purposes, until):
        render.note(f"note: {warning}")
    render.next_step("govern tick", "as the service: with GOVERN_HOME, GOVERN_KEY_FILE and GOVERN_VAULT set to its own")
    if folder == settings.current.home / "services" / name:
        render.next_step(f"govern schedule install --service {render.safe(made.handle)}", "has this machine run it every hour")


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


def _accounts(workspace: Workspace, selectors: Sequence[str]) -> list[str]:
    """Ids of the accounts in use that these name."""
    from govern.register.queries.accounts import select

    db = workspace.view()
    return list(dict.fromkeys(one.id for selector in selectors for one in select(db, selector) if one.state == "active"))


def withdraw_service(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    accounts: Annotated[
        list[str] | None, typer.Option("--accounts", metavar="SELECTOR", help="Only entrust these to it no longer; it stays a service.")
    ] = None,
    cause: Annotated[str, typer.Option("--cause", metavar="replaced|lost|compromise", help="What became of its key.")] = "replaced",
    json: Json = False,
) -> None:
    """End a service: it records nothing more, and its key reads nothing that comes after."""
    from govern.procedures import services as procedure

    if cause not in ("replaced", "lost", "compromise"):
        raise Usage("--cause is unknown", hint="--cause replaced|lost|compromise")
    workspace = settings.workspace()
    if accounts:
        _relieve(workspace, name, accounts, json=json)
        return
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


def _relieve(workspace: Workspace, name: str, selectors: Sequence[str], *, json: bool) -> None:
    from govern.procedures.services import relieve

    ids = _accounts(workspace, selectors)
    with workspace.transaction(settings.now()) as tx:
        handle, ended, wraps = relieve(tx, name, ids)
    if json:
        render.emit(
            "key.withdraw-service", {"service": handle, "authorities": 0, "keys": [], "epochs": 0, "accounts": ended, "wraps": wraps}
        )
        return
    render.line(f"{render.count(ended, 'account')} entrusted to {render.safe(handle)} no longer, {render.count(wraps, 'wrap')} ended")
    render.note("it could know these secrets until they are changed: govern holds " + render.safe(handle))


def rows(db: sqlite3.Connection, now: str) -> dict[str, dict[str, Any]]:
    """Person id -> what stands of a service's authorities: purposes, the earliest end, why it stands no more, which accounts are entrusted to it."""
    from govern.holdings.services import why_not
    from govern.register.queries import services, serving
    from govern.register.queries.accounts import by_id

    found: dict[str, dict[str, Any]] = {}
    for one in services.every(db, now):
        reason = why_not(one, now)
        if one.service not in found:
            handles = [account.handle for account in map(partial(by_id, db), serving.accounts(db, one.service, now))]
            found[one.service] = {"purposes": [], "until": None, "stands": False, "why": None, "accounts": sorted(handles)}
        row = found[one.service]
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
