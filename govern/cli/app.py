"""`govern app`: tools that are connected to accounts, and who connected them."""

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
from govern.shell import quoted

if TYPE_CHECKING:
    from govern.register.queries.inventory import App

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

Tool = Annotated[str, typer.Argument(metavar="TOOL", help="What it is called: hootsuite, buffer, canva, …")]


def row(one: App, names: dict[str, str]) -> dict[str, Any]:
    """One connection for JSON."""
    return {
        "id": one.id, "account": one.handle, "platform": one.platform, "tool": one.tool, "by": names.get(one.person) if one.person else None,
        "scopes": list(one.scopes), "login": one.login or None, "since": one.since or None, "recorded_at": one.recorded_at,
        "evidence": one.evidence or None, **ending(one, names),
    }  # fmt: skip


def table(rows: Sequence[dict[str, Any]], *, empty: str) -> None:
    """The same as columns."""
    render.table(
        ("account", "tool", "connected by", "may", "since", "ended"),
        [
            (
                one["account"], one["tool"], one["by"] or "nobody knows", ", ".join(one["scopes"]), one["since"] or render.day(one["recorded_at"]),
                gone(one),
            )
            for one in rows
        ],
        empty=empty,
    )  # fmt: skip


@app.command("add")
def add(
    selector: Selector,
    tool: Tool,
    by: Annotated[str, typer.Option(metavar="PERSON", help="Who connected it; empty where nobody knows.")] = "",
    scope: Annotated[
        list[str] | None, typer.Option(metavar="WORD", help="What it may do there: publish, read messages, …; repeatable.")
    ] = None,
    login: Annotated[str, typer.Option(help="The tool's own login or organisation; erasable.")] = "",
    since: Since = "",
    evidence: Evidence = None,
    json: Json = False,
) -> None:
    """Record a tool that is connected to an account."""
    from govern.procedures import apps as procedure
    from govern.register.queries.people import handles

    typed = procedure.Connection(tool=tool, by=by, scopes=tuple(scope or ()), login=login, since=since, evidence=digest(evidence))
    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        made, known = procedure.add(tx, selector, typed)
        rows = [row(one, handles(tx.register)) for one in made]
    if json:
        render.emit("app", {"apps": rows, "unchanged": known})
        return
    for one in rows:
        render.line(f"{render.safe(one['tool'])} is connected to {one['account']}, by {render.safe(one['by'] or 'nobody knows whom')}")
    tell_known(known, f"{render.safe(tool)} is recorded there")
    if rows and not by:
        render.next_step(f"govern app list {rows[0]['account']}", "look there who connected it: it may stop when they are removed")


@app.command("list")
def list_(
    selector: Among = "",
    person: Annotated[str, typer.Option(metavar="PERSON", help="Only what this person connected.")] = "",
    ended: Ended = False,
    json: Json = False,
) -> None:
    """Which tools are connected to which accounts."""
    from govern.register.queries import inventory

    rows = listed(inventory.apps, row, person=person, ended=ended, chosen=lambda db, found: among(db, selector, found))
    if json:
        render.emit("app", {"apps": rows})
        return
    table(rows, empty=f"no tool is recorded: govern app add {selector or 'ACCOUNT'} TOOL --by PERSON")


@app.command("end")
def end(
    selector: Selector,
    tool: Tool,
    by: Annotated[str, typer.Option(metavar="PERSON", help="Whose connection, where several are recorded.")] = "",
    on: On = "",
    evidence: Evidence = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Say that a tool was disconnected on the platform; items of departures end with it."""
    from govern.procedures import apps as procedure
    from govern.register.queries import inventory
    from govern.register.queries.people import handles

    workspace = settings.workspace()
    if dry_run:
        done = procedure.Ended(apps=tuple(procedure.plan_end(workspace.view(), selector, tool, by)))
    else:
        shown = digest(evidence)
        with workspace.transaction(settings.now()) as tx:
            done = procedure.end(tx, selector, tool, by, on=on, evidence=shown)
    db = workspace.view()
    names = handles(db)
    after = {one.id: one for one in inventory.apps(db, ended=True)}
    rows = [row(after[one.id], names) for one in done.apps]
    if json:
        render.emit("app", {"apps": rows, "items": items(done.items), "dry_run": dry_run})
        return
    for one in rows:
        told = "would be recorded as disconnected" if dry_run else "is recorded as disconnected"
        render.line(f"{render.safe(one['tool'])} {told} from {one['account']}")
    tell_items(done.items, names)
    if not dry_run and rows:
        render.next_step(
            f"govern app add {rows[0]['account']} {quoted(rows[0]['tool'])} --by PERSON", "where it is needed on, and connected anew"
        )
