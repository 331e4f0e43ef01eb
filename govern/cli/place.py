"""`govern place`: where copies of secrets lie outside, who could see them there, and what lies there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from govern.cli import render, settings
from govern.shell import quoted

if TYPE_CHECKING:
    import sqlite3

    from govern.procedures.places import Told
    from govern.register.queries.places import MadeKnown, Place

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what it would touch, and record nothing.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="What the place is called.")]
Accounts = Annotated[
    list[str], typer.Option("--accounts", metavar="SELECTOR", help="An account, or platform:…, department:…, client:…, tag:…; repeatable.")
]

_SHOWN = 20


def _row(db: sqlite3.Connection, place: Place, names: dict[str, str]) -> dict[str, Any]:
    from govern.register.queries.places import handles_of

    people = [
        {"person": names.get(presence.person, presence.person), "since": presence.since or None, "until": presence.until or None}
        for presence in place.people
    ]
    return {
        "name": place.name, "kind": place.kind, "people": sorted({str(one["person"]) for one in people}),
        "accounts": handles_of(db, place.accounts | place.keeps), "kept": handles_of(db, place.keeps), "presences": people,
    }  # fmt: skip


def _table(rows: Sequence[dict[str, Any]]) -> None:
    render.table(
        ("place", "kind", "people", "accounts"),
        [(row["name"], row["kind"], ", ".join(row["people"]), _few(row["accounts"])) for row in rows],
        empty="no place yet: govern place add NAME --kind sheet",
    )


def _few(handles: Sequence[str]) -> str:
    return ", ".join(handles[:3]) + (f" and {len(handles) - 3} more" if len(handles) > 3 else "")


def _known(known: Sequence[MadeKnown], names: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {"person": names.get(one.person, one.person), "account": one.account, "kind": one.kind, "version": one.n} for one in known
    ]  # fmt: skip


def _tell_known(known: Sequence[dict[str, Any]]) -> None:
    for one in known[:_SHOWN]:
        render.line(f"{render.safe(one['person'])} could know the {one['kind']} of {one['account']}")
    if len(known) > _SHOWN:
        render.line(f"… and {len(known) - _SHOWN} more")


@app.command("add")
def add(
    name: Name,
    kind: Annotated[str, typer.Option(metavar="sheet|manager|chat|browser|paper|other")],
    json: Json = False,
) -> None:
    """Name a place outside: a shared sheet, another manager's collection, a chat, a browser, paper."""
    from govern.procedures import places as procedure

    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        rows = [_row(tx.register, procedure.add(tx, name, kind), {})]
    if json:
        render.emit("place", {"places": rows})
    else:
        _table(rows)
    named = quoted(rows[0]["name"])
    render.next_step(f"govern place member {named} PERSON", "whoever can see it, one by one")
    render.next_step(f"govern place holds {named} --accounts SELECTOR", "what lies there")


@app.command("list")
def list_(json: Json = False) -> None:
    """All places, who could see them, and what lies there."""
    from govern.register.queries.people import handles
    from govern.register.queries.places import places

    db = settings.workspace().view()
    names = handles(db)
    rows = [_row(db, place, names) for place in places(db)]
    if json:
        render.emit("place", {"places": rows})
        return
    _table(rows)


@app.command("member")
def member(
    name: Name,
    person: Annotated[str, typer.Argument(metavar="PERSON")],
    since: Annotated[str, typer.Option(metavar="DATE", help="First day; without it as long as the place is there.")] = "",
    until: Annotated[str, typer.Option(metavar="DATE", help="Last day; without it they still can.")] = "",
    json: Json = False,
) -> None:
    """Say that a person can, or could, see a place; said again with --until, it ends."""
    from govern.procedures import places as procedure
    from govern.register.queries.people import handles

    now = settings.now()
    procedure.check_days(since, until, now)
    workspace = settings.workspace()
    with workspace.transaction(now) as tx:
        told, who, recorded = procedure.member(tx, name, person, since=since, until=until)
        names = handles(tx.register)
        row = _row(tx.register, told.place, names)
    known = _known(told.known, names)
    if json:
        render.emit("place", {"places": [row], "known": known, "recorded": recorded})
        return
    if not recorded:
        render.note(f"{render.safe(who.handle)} is recorded just so already")
        return
    end = f" until {until}" if until else ""
    render.line(f"{render.safe(who.handle)} in {render.safe(told.place.name)}{f' since {since}' if since else ''}{end}")
    _tell_known(known)
    if until and any(presence.person == who.id for presence in told.place.people):
        render.next_step(f"govern holds {render.safe(who.handle)}", "what they know they still know: only a change on the platform ends it")


@app.command("holds")
def holds(name: Name, accounts: Accounts, dry_run: DryRun = False, json: Json = False) -> None:
    """Say that a place has copies of what these accounts use now."""
    from govern.procedures import places as procedure

    workspace = settings.workspace()
    if dry_run:
        db = workspace.view()
        _told(db, procedure.plan_holds(db, name, accounts), "would hold", dry_run=True, json=json)
        return
    with workspace.transaction(settings.now()) as tx:
        told = procedure.holds(tx, name, accounts)
    _told(workspace.db, told, "holds", dry_run=False, json=json)


@app.command("clean")
def clean(name: Name, accounts: Accounts, dry_run: DryRun = False, json: Json = False) -> None:
    """Say that the copies are gone from a place. Whoever saw them there still knows."""
    from govern.procedures import places as procedure

    workspace = settings.workspace()
    if dry_run:
        db = workspace.view()
        _told(db, procedure.plan_clean(db, name, accounts), "would be clean of", dry_run=True, json=json)
        return
    with workspace.transaction(settings.now()) as tx:
        told = procedure.clean(tx, name, accounts)
    _told(workspace.db, told, "is clean of", dry_run=False, json=json)
    for handle in told.accounts[:5]:
        render.next_step(f"govern rotate {handle}", "only this ends what was known by the place")


def _told(db: sqlite3.Connection, told: Told, what: str, *, dry_run: bool, json: bool) -> None:
    from govern.register.queries.people import handles
    from govern.register.queries.places import find

    names = handles(db)
    known = _known(told.known, names)
    if json:
        row = _row(db, find(db, told.place.name), names)
        render.emit(
            "place",
            {"places": [row], "touched": list(told.accounts), "left_out": list(told.left_out), "known": known, "dry_run": dry_run},
        )
        return
    for handle in told.accounts:
        render.line(f"{render.safe(told.place.name)} {what} {handle}")
    if told.left_out:
        render.note(f"not recorded to lie there: {', '.join(told.left_out)}")
    _tell_known(known)
