"""`govern credential reaches`: whose the recovery mail address or phone number of an account is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from govern.cli import render, settings
from govern.cli.beside import DryRun, Json, Selector, tell_known
from govern.errors import Usage

if TYPE_CHECKING:
    from govern.register.queries.inventory import Channel


def row(one: Channel, names: dict[str, str]) -> dict[str, Any]:
    """One channel for JSON."""
    return {
        "account": one.handle, "kind": one.kind, "version": one.version, "reaches": one.reach or None,
        "person": names.get(one.person) if one.person else None, "told_at": one.told_at or None,
        "told_by": names.get(one.teller) if one.teller else None, "entry": one.entry or None,
    }  # fmt: skip


def words(one: dict[str, Any]) -> str:
    """Whose it is, in words."""
    if one["reaches"] is None:
        return "nobody has said whose it is"
    if one["reaches"] == "personal":
        return f"{render.safe(one['person'])}'s own"
    return f"the company's, in the hands of {render.safe(one['person'])}" if one["person"] else "the company's"


def reaches(
    selector: Selector,
    kind: Annotated[str, typer.Option(metavar="recovery-email|recovery-phone")] = "",
    company: Annotated[bool, typer.Option("--company", help="A mailbox or number of the company.")] = False,
    personal: Annotated[bool, typer.Option("--personal", help="Somebody's own.")] = False,
    person: Annotated[str, typer.Option(metavar="PERSON", help="Whose own it is, or who has the company's phone or mailbox.")] = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Say whose a recovery mail address or phone number is: the company's, or somebody's own."""
    from govern.procedures import channels as procedure
    from govern.register.queries.people import handles

    if company and personal:
        raise Usage("--company and --personal exclude each other", hint="give one of them")
    reach, wanted = "company" if company else "personal" if personal else "", settings.need(kind, "--kind", "Kind")
    workspace = settings.workspace()
    known: list[str] = []
    if dry_run:
        db = workspace.view()
        found = procedure.plan(db, selector, wanted)
    else:
        with workspace.transaction(settings.now()) as tx:
            found, known = procedure.reaches(tx, selector, wanted, reach, person)
        db = workspace.view()
    rows = [row(one, handles(db)) for one in found]
    if json:
        render.emit("credential", {"channels": rows, "unchanged": known, "dry_run": dry_run})
        return
    for one in rows:
        if one["account"] not in known:
            render.line(f"{'would be said of ' if dry_run else ''}the {one['kind']} of {one['account']}: {words(one)}")
    tell_known(known, "said so")
    if personal and rows and not dry_run:
        render.next_step(f"govern rotate {rows[0]['account']} --kind {wanted}", "put a mailbox or number of the company in its place")


def register(app: typer.Typer) -> None:
    """Make it a verb of `govern credential`."""
    app.command("reaches")(reaches)
