"""`govern entitlement`: roles that people have on platforms under their own logins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from govern.cli import render, settings
from govern.cli.beside import (
    Among,
    DryRun,
    Ended,
    Evidence,
    Json,
    On,
    Person,
    Selector,
    Since,
    among,
    digest,
    ending,
    gone,
    items,
    listed,
    tell_items,
    tell_known,
)
from govern.errors import Usage
from govern.shell import quoted

if TYPE_CHECKING:
    from govern.register.queries.inventory import Entitlement

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)


def row(one: Entitlement, names: dict[str, str]) -> dict[str, Any]:
    """One role for JSON."""
    return {
        "id": one.id, "account": one.handle, "platform": one.platform, "person": names.get(one.person, one.person), "role": one.role, "admin": one.admin,
        "login": one.login or None, "since": one.since or None, "recorded_at": one.recorded_at, "evidence": one.evidence or None,
        **ending(one, names),
    }  # fmt: skip


def table(rows: Sequence[dict[str, Any]], *, empty: str) -> None:
    """The same as columns."""
    render.table(
        ("account", "person", "role", "gives roles", "login there", "since", "ended"),
        [
            (
                one["account"], one["person"], one["role"], "yes" if one["admin"] else "", one["login"] or "",
                one["since"] or render.day(one["recorded_at"]), gone(one),
            )
            for one in rows
        ],
        empty=empty,
    )  # fmt: skip


@app.command("add")
def add(
    selector: Selector,
    person: Person,
    role: Annotated[str, typer.Option(metavar="ROLE", help="What the platform calls it: super admin, content, editor, …")] = "",
    admin: Annotated[
        bool, typer.Option("--admin", help="It gives and takes the roles of others; known of owner, admin and super admin.")
    ] = False,
    login: Annotated[str, typer.Option(help="Their own login there; erasable.")] = "",
    since: Since = "",
    evidence: Evidence = None,
    json: Json = False,
) -> None:
    """Record a role that somebody has on the platform under their own login."""
    from govern.procedures import entitlements as procedure
    from govern.register.queries.people import handles

    typed = procedure.Role(name=settings.need(role, "--role", "Role"), admin=admin, login=login, since=since, evidence=digest(evidence))
    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        added = procedure.add(tx, selector, person, typed)
        names = handles(tx.register)
    rows, who = [row(one, names) for one in added.entitlements], render.safe(added.person.handle)
    if json:
        render.emit("entitlement", {"entitlements": rows, "unchanged": list(added.known), "items": items(added.items)})
        return
    for one in rows:
        gives = ", and gives roles to others" if one["admin"] else ""
        render.line(f"{who} is {render.safe(one['role'])} on {one['account']}{gives}")
    tell_items(added.items, names)
    tell_known(added.known, f"{who} is recorded with this role")
    if rows:
        render.next_step(f"govern entitlement list {rows[0]['account']}", "everybody with a role there, as the platform lists them")


@app.command("list")
def list_(
    selector: Among = "",
    person: Annotated[str, typer.Option(metavar="PERSON", help="Only of this person.")] = "",
    ended: Ended = False,
    json: Json = False,
) -> None:
    """Who has which role on which platform."""
    from govern.register.queries import inventory

    rows = listed(inventory.entitlements, row, person=person, ended=ended, chosen=lambda db, found: among(db, selector, found))
    if json:
        render.emit("entitlement", {"entitlements": rows})
        return
    table(rows, empty=f"no role is recorded: govern entitlement add {selector or 'ACCOUNT'} PERSON --role ROLE")


@app.command("end")
def end(
    selector: Selector,
    person: Person,
    role: Annotated[str, typer.Option(metavar="ROLE", help="Which of several roles.")] = "",
    every: Annotated[bool, typer.Option("--all", help="All roles of the person there.")] = False,
    on: On = "",
    evidence: Evidence = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Say that a role was removed on the platform; items of departures end with it."""
    from govern.procedures import entitlements as procedure
    from govern.register.queries import inventory
    from govern.register.queries.people import handles

    if role and every:
        raise Usage("--role and --all exclude each other", hint="give one of them")
    workspace = settings.workspace()
    if dry_run:
        db = workspace.view()
        chosen = procedure.every_role(db, selector, person) if every else procedure.plan_end(db, selector, person, role)
        done = procedure.Ended(entitlements=tuple(chosen))
    else:
        shown = digest(evidence)
        with workspace.transaction(settings.now()) as tx:
            done = procedure.end(tx, selector, person, role, every=every, on=on, evidence=shown)
    db = workspace.view()
    names = handles(db)
    after = {one.id: one for one in inventory.entitlements(db, person=done.entitlements[0].person, ended=True)}
    rows = [row(after[one.id], names) for one in done.entitlements]
    if json:
        render.emit("entitlement", {"entitlements": rows, "items": items(done.items), "dry_run": dry_run})
        return
    for one in rows:
        told = "would be recorded as no longer" if dry_run else "is recorded as no longer"
        render.line(f"{render.safe(one['person'])} {told} {render.safe(one['role'])} on {one['account']}")
    tell_items(done.items, names)
    if dry_run:
        render.next_step(
            f"govern platform show {rows[0]['platform']}", f"how {quoted(rows[0]['role'])} is removed there; then without --dry-run"
        )
