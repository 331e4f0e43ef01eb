"""Sessions, app passwords and connected apps of an account, as commands of `govern credential`: ways-in, end-way."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from govern.cli import render, settings
from govern.errors import Failed, NotFound, Refused, Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from govern.procedures.connecting import Way
    from govern.procedures.ways_in import Ended, WayIn
    from govern.register.queries.accounts import Account
    from govern.register.workspace import Workspace

Handle = Annotated[str, typer.Argument(metavar="ACCOUNT")]
By = Annotated[str, typer.Option(metavar="ACCOUNT", help="The admin's account there whose credential looks.")]
Connector = Annotated[str, typer.Option(metavar="NAME", help="By this connector; else by the one that can.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


def ways_in(account: Handle, connector: Connector = "", by: By = "", json: Json = False) -> None:
    """Who and what else gets in, as the platform lists it: sessions, app passwords, people."""
    from govern.procedures.ways_in import look
    from govern.register.queries import people, ways

    workspace = settings.workspace()
    one, way = _way(workspace, account, connector, by)
    found = look(workspace, one, way, settings.now)
    db = workspace.view()
    names = people.handles(db)
    ended = [
        {
            "kind": gone.kind, "name": gone.name or None, "by": names.get(gone.actor, gone.actor), "at": gone.at, "gone": gone.gone,
        }
        for gone in ways.of_account(db, one.id)
    ]  # fmt: skip
    if json:
        render.emit("credential.ways-in", {"account": one.handle, "ways": [_row(each) for each in found], "ended": ended})
        return
    _table(found)
    if any(not each.ours for each in found):
        render.next_step(f"govern credential end-way {one.handle} ID", "what nobody knows, or what somebody who left has made")


def end_way(
    account: Handle,
    ids: Annotated[list[str] | None, typer.Argument(metavar="ID…", help="Its id or name, as ways-in shows it.")] = None,
    all_of: Annotated[str, typer.Option("--all-of", metavar="KIND", help="All of this kind but our own: session, app-password.")] = "",
    connector: Connector = "",
    by: By = "",
    json: Json = False,
) -> None:
    """End some of these on the platform; recorded first, and looked for again afterwards."""
    from govern.procedures.ways_in import end, unnamed

    if bool(ids) is bool(all_of):
        raise Usage("what to end is missing, or named twice", hint=f"govern credential ways-in {account}, then its ID, or --all-of KIND")
    workspace = settings.workspace()
    one, way = _way(workspace, account, connector, by)
    kept = unnamed(workspace.view(), one.id)
    done = end(workspace, one, way, lambda found: _chosen(found, ids or [], all_of, one.handle, kept), settings.now)
    if json:
        rows = [
            {"id": each.way.id, "kind": each.way.kind, "name": each.way.name, "gone": each.gone, "why": each.why or None} for each in done
        ]
        render.emit("credential.end-way", {"account": one.handle, "ended": rows})
    else:
        for each in done:
            render.note(f"{render.safe(each.way.kind)} {render.safe(each.way.name)}: {_told(each)}")
        if not done:
            render.note("there is none")
    if any(each.gone is not True for each in done):
        if json:
            raise SystemExit(Failed.exit_code)
        raise Failed("not everything is ended there", hint=f"look again: govern credential ways-in {one.handle}")


def _told(one: Ended) -> str:
    said = f" ({render.safe(one.why)})" if one.why else ""
    return "ended" if one.gone else f"still there{said}" if one.gone is False else f"nobody can tell{said}"


def _way(workspace: Workspace, account: str, connector: str, by: str) -> tuple[Account, Way]:
    from govern.procedures.ways import way
    from govern.procedures.ways_in import lister
    from govern.register.queries.accounts import find
    from govern.register.queries.policies import policy

    db = workspace.view()
    one = find(db, account)
    name = connector or lister(one.platform, policy(db))
    if not name:
        raise NotFound(
            f"no connector lists what gets into an account on {one.platform}", hint=f"look there: govern platform show {one.platform}"
        )
    return one, way(db, name, account=one.id, by=by, monotonic=time.monotonic)


def _chosen(found: Sequence[WayIn], ids: Sequence[str], all_of: str, handle: str, unnamed: set[str]) -> list[WayIn]:
    if all_of:
        if all_of in unnamed and not any(one.ours == all_of for one in found):
            raise Refused(
                f"one of them may be the {all_of} of {handle} that this vault keeps: somebody typed it in, so its name there is not known",
                rule="own-way", hint=f"govern rotate {handle} --kind {all_of} gives it one; or name each that is to end by its ID",
            )  # fmt: skip
        return [one for one in found if one.way.kind == all_of and not one.ours]
    chosen = []
    for wanted in ids:
        fitting = [one for one in found if one.way.id == wanted] or [one for one in found if one.way.name == wanted]
        if not fitting:
            raise NotFound(f"the platform lists no {wanted[:80]!r}", hint=f"govern credential ways-in {handle}")
        if len(fitting) > 1:
            raise Refused(f"{len(fitting)} are called {wanted[:80]!r}", rule="ambiguous", hint="name its id")
        chosen += fitting
    return chosen


def _row(one: WayIn) -> dict[str, Any]:
    found = one.way
    return {
        "id": found.id, "kind": found.kind, "name": found.name or None, "created": found.created or None, "last_used": found.last_used or None,
        "ours": one.ours or None,
    }  # fmt: skip


def _table(found: Sequence[WayIn]) -> None:
    render.table(
        ("id", "kind", "name", "since", "last used", ""),
        [
            (one.way.id, one.way.kind, one.way.name, render.day(one.way.created), render.day(one.way.last_used), _whose(one))
            for one in found
        ],
        empty="the platform lists nothing else",
    )


def _whose(one: WayIn) -> str:
    return f"the {one.ours} of this vault" if one.ours else ""


def register(app: typer.Typer) -> None:
    """Add these to `govern credential`."""
    app.command("ways-in")(ways_in)
    app.command("end-way")(end_way)
