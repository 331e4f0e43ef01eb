"""`govern device`: devices of the company that people have, and what is signed in on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from govern.cli import render, settings
from govern.cli.beside import DryRun, Ended, Evidence, Json, On, Person, Since, digest, ending, items, listed, tell_items
from govern.errors import Usage
from govern.shell import quoted

if TYPE_CHECKING:
    from govern.register.queries.cases import Case, Entry
    from govern.register.queries.inventory import Device

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="DEVICE", help="Its name, or six or more of the first hex digits of its id.")]


def row(one: Device, names: dict[str, str]) -> dict[str, Any]:
    """One device for JSON."""
    return {
        "id": one.id, "name": one.name or None, "kind": one.kind, "person": names.get(one.person, one.person), "state": one.state,
        "accounts": list(one.accounts), "since": one.since or None, "recorded_at": one.recorded_at, "evidence": one.evidence or None,
        **ending(one, names),
    }  # fmt: skip


def table(rows: Sequence[dict[str, Any]], *, empty: str) -> None:
    """The same as columns."""
    render.table(
        ("device", "kind", "person", "state", "signed in to", "since"),
        [
            (
                one["name"] or one["id"][:8], one["kind"], one["person"], one["state"], ", ".join(one["accounts"]),
                one["since"] or render.day(one["recorded_at"]),
            )
            for one in rows
        ],
        empty=empty,
    )  # fmt: skip


@app.command("add")
def add(
    person: Person,
    kind: Annotated[str, typer.Option(metavar="phone|sim|laptop|tablet|security-key|other")] = "",
    name: Annotated[str, typer.Option(help="What it is called: model, inventory number; erasable.")] = "",
    signed_in: Annotated[list[str] | None, typer.Option(metavar="SELECTOR", help="Accounts that are signed in on it; repeatable.")] = None,
    since: Since = "",
    evidence: Evidence = None,
    json: Json = False,
) -> None:
    """Record that somebody has a device of the company."""
    from govern.procedures import devices as procedure
    from govern.register.queries.people import handles

    given = procedure.Given(
        kind=settings.need(kind, "--kind", "Kind"), name=name, signed_in=tuple(signed_in or ()), since=since, evidence=digest(evidence)
    )
    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        rows = [row(procedure.add(tx, person, given), handles(tx.register))]
    if json:
        render.emit("device", {"devices": rows})
        return
    table(rows, empty="")
    if not signed_in:
        render.next_step(
            f"govern device signed-in {quoted(rows[0]['name'] or rows[0]['id'][:8])} --accounts SELECTOR", "what is signed in on it"
        )


@app.command("list")
def list_(
    person: Annotated[str, typer.Option(metavar="PERSON", help="Only what this person has.")] = "",
    ended: Ended = False,
    json: Json = False,
) -> None:
    """Which devices of the company people have."""
    from govern.register.queries import inventory

    rows = listed(inventory.devices, row, person=person, ended=ended)
    if json:
        render.emit("device", {"devices": rows})
        return
    table(rows, empty=f"no device is recorded: govern device add {person or 'PERSON'} --kind phone")


@app.command("signed-in")
def signed_in(
    device: Name,
    accounts: Annotated[list[str], typer.Option("--accounts", metavar="SELECTOR", help="Which accounts; repeatable.")],
    out: Annotated[bool, typer.Option("--out", help="They are signed in there no more.")] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Say which accounts are signed in on a device, or with --out no more."""
    from govern.procedures import devices as procedure
    from govern.register.queries.people import handles

    workspace = settings.workspace()
    ended: list[tuple[Case, Entry]] = []
    if dry_run:
        db = workspace.view()
        found, after = procedure.plan_sign_in(db, device, accounts, out=out)
        names = handles(db)
        changed, told = after != found.accounts, {**row(found, names), "accounts": list(after)}
    else:
        with workspace.transaction(settings.now()) as tx:
            found, changed, ended = procedure.sign_in(tx, device, accounts, out=out)
            names = handles(tx.register)
            told = row(found, names)
    if json:
        render.emit("device", {"devices": [told], "changed": changed, "items": items(ended), "dry_run": dry_run})
        return
    if not changed:
        render.note(f"{render.safe(found.called)} is recorded just so already")
        return
    table([told], empty="")
    tell_items(ended, names)


@app.command("return")
def return_(
    device: Name,
    lost: Annotated[bool, typer.Option("--lost", help="It is lost: what is signed in on it stays so.")] = False,
    wiped: Annotated[bool, typer.Option("--wiped", help="It was wiped, from afar or for good.")] = False,
    on: On = "",
    evidence: Evidence = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Say that a device came back, or that it is lost or was wiped; items of departures end with it, but not with a loss."""
    from govern.procedures import devices as procedure
    from govern.register.queries.people import handles

    if lost and wiped:
        raise Usage("--lost and --wiped exclude each other", hint="first --lost, and once it was wiped --wiped")
    how = "lost" if lost else "wiped" if wiped else "returned"
    workspace = settings.workspace()
    if dry_run:
        done = procedure.Ended(device=procedure.find(workspace.view(), device))
    else:
        shown = digest(evidence)
        with workspace.transaction(settings.now()) as tx:
            done = procedure.end(tx, device, how, on=on, evidence=shown)
    names = handles(workspace.view())
    told = row(done.device, names)
    if json:
        render.emit("device", {"devices": [told], "items": items(done.items), "dry_run": dry_run})
        return
    name, who = render.safe(done.device.called), render.safe(told["person"])
    render.line(f"{name} of {who} {'would be' if dry_run else 'is'} recorded as {how}")
    tell_items(done.items, names)
    if dry_run:
        return
    if how == "lost":
        render.next_step(f"govern offboard open {who} --kind device-lost", "every secret that lay open on it changes")
