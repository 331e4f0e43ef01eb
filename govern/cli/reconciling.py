"""`govern rotation reconcile`: bringing what is under way to its end, by the connector that began it, or by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli import render, settings
from govern.cli.rotated import next_of, row, table
from govern.errors import Usage

if TYPE_CHECKING:
    from govern.register.queries.rotations import Rotation
    from govern.register.workspace import Workspace


def reconcile(
    id_: Annotated[str, typer.Argument(metavar="[ID]")] = "",
    server: Annotated[
        str, typer.Option(metavar="HOST", help="What a connector has begun: you know that this is the account's own server.")
    ] = "",
    cleared: Annotated[
        bool, typer.Option("--cleared", help="Of one that was given up: you have looked on the platform, nothing of it is left there.")
    ] = False,
    mailed_code: Annotated[
        bool, typer.Option("--mailed-code", help="The code that the platform has mailed comes from stdin, or is asked for on a terminal.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Bring what is under way to its end: by the connector that began it, else asked on a terminal, else told."""
    from govern.register.queries import connecting, people, rotations, services

    workspace = settings.workspace()
    if cleared:
        _cleared(workspace, id_, json=json)
        return
    db = workspace.view()
    serves = services.is_service(db, workspace.person)
    left = set() if serves else {one.id for one in connecting.left_behind(db)}
    under_way = rotations.rotations(db, only_open=True) + [rotations.by_id(db, one) for one in sorted(left)]
    found = [rotations.find(db, id_)] if id_ else under_way
    if serves:
        found = _entrusted(workspace, found, named=bool(id_))
    begun = [one for one in found if one.connector and (one.open or one.id in left) and (id_ or one.state.value != "lost")]
    by_hand = [one for one in found if one not in begun]
    if mailed_code and not begun:
        raise Usage("no code was mailed for it", hint="govern rotation list --open")
    if not json and (by_hand or not begun):
        _by_hand(workspace, by_hand)
    if begun:
        from govern.cli.connected import go_on

        go_on(workspace, begun, by_hand, server, mailed_code=mailed_code, json=json)
    elif json:
        names = people.handles(db)
        render.emit("rotation", {"rotations": [row(one, names) for one in by_hand]})


def _cleared(workspace: Workspace, id_: str, *, json: bool) -> None:
    """Somebody has looked: nothing is left on the platform of one that was given up."""
    from govern.procedures import rotation as steps
    from govern.register.queries import people, rotations

    if not id_:
        raise Usage("which rotation is missing", hint="govern rotation reconcile ID --cleared")
    with workspace.transaction(settings.now()) as tx:
        found = rotations.find(tx.register, id_)
        steps.cleared(tx, found)
    if json:
        render.emit("rotation", {"rotations": [row(found, people.handles(workspace.view()))]})
    else:
        table([found], empty="")


def _entrusted(workspace: Workspace, found: list[Rotation], *, named: bool) -> list[Rotation]:
    """Of these what a service may bring forward: by a connector, of what is entrusted to it. Of a single one that was named it is told why not."""
    from govern.errors import Refused
    from govern.register.queries import serving

    db, now = workspace.view(), settings.now()
    own = [one for one in found if serving.serves(db, workspace.person, one.account, one.kind, now)]
    if named and not own:
        raise Refused(
            f"the {found[0].kind} of {found[0].handle} is not entrusted to this service", rule="service-entrusted", control="AC-6",
            hint="an admin entrusts it: govern key add-service NAME --purpose reconcile --accounts SELECTOR",
        )  # fmt: skip
    return [one for one in own if one.connector]


def _by_hand(workspace: Workspace, found: list[Rotation]) -> None:
    """What people change: led through on a terminal, else told with what to confirm."""
    if settings.current.terminal:
        from govern.cli.guide import guide

        for one in found:
            guide(workspace, one.id)
        return
    table(found, empty="no rotation is under way")
    for one in found:
        if one.open:
            render.next_step(next_of(one))


def register(app: typer.Typer) -> None:
    """Add this to `govern rotation`."""
    app.command("reconcile")(reconcile)
