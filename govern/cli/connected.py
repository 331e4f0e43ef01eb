"""Rotations that a connector carries out: begun or gone on with one after the other, and told as they come out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from govern.cli import render, settings
from govern.cli.rotated import confirmed, row, short, tell_confirmed
from govern.errors import Failed, GovernError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from govern.procedures.connected import Carried
    from govern.procedures.connecting import Way
    from govern.register.queries.rotations import Rotation
    from govern.register.workspace import Workspace


def begin(workspace: Workspace, waiting: Sequence[Rotation], connector: str, by: str, *, json: bool) -> None:
    """Carry these rotations out by the connector of that name."""
    from govern.procedures.ways import way

    def find(found: Rotation) -> Way:
        return way(workspace.view(), connector, account=found.account, by=by, monotonic=time.monotonic)

    _carry(workspace, waiting, find, (), json=json, command="rotate")


def go_on(workspace: Workspace, waiting: Sequence[Rotation], by_hand: Sequence[Rotation], *, json: bool) -> None:
    """Bring rotations that a connector has begun forward, by the one that has begun them; `by_hand`: others, which JSON lists as well."""
    from govern.procedures.ways import again
    from govern.register.queries.connecting import in_hand

    def find(found: Rotation) -> Way:
        hand = in_hand(workspace.view(), found.id)
        return again(workspace.view(), hand.connector, hand.by, monotonic=time.monotonic)

    _carry(workspace, waiting, find, by_hand, json=json, command="rotation")


def _carry(
    workspace: Workspace,
    waiting: Sequence[Rotation],
    find: Callable[[Rotation], Way],
    by_hand: Sequence[Rotation],
    *,
    json: bool,
    command: str,
) -> None:
    from govern.procedures.connected import Carried, carry_on
    from govern.register.queries import accounts, rotations
    from govern.register.queries.people import handles

    carried: list[Carried] = []
    for found in waiting:
        try:
            way = find(found)
            at = accounts.by_id(workspace.view(), found.account).url
            made_by = f"{way.found.name}, {way.found.distribution} {way.found.release}"
            render.note(f"{render.safe(found.handle)} {found.kind}: by the connector {made_by}, at {render.safe(at)}")
            carried.append(carry_on(workspace, found.id, way, settings.now))
        except GovernError as error:
            if len(waiting) == 1:
                raise
            carried.append(Carried(rotation=rotations.by_id(workspace.view(), found.id), why=error.message))
    names = handles(workspace.view())
    if json:
        render.emit(command, {"rotations": [*(_row(one, names) for one in carried), *(row(one, names) for one in by_hand)]})
    for one in carried:
        _tell(one, names)
    left = [one for one in carried if one.rotation.open]
    if left and not json:
        raise Failed(
            _unfinished(left),
            hint=f"nothing is lost; later: govern rotation reconcile{f' {short(left[0].rotation.id)}' if len(left) == 1 else ''}",
        )
    if left:
        raise SystemExit(Failed.exit_code)


def _unfinished(left: Sequence[Carried]) -> str:
    if len(left) > 1:
        return f"{len(left)} rotations are not done yet"
    one = left[0]
    return f"the {one.rotation.kind} of {one.rotation.handle} is {one.rotation.state}: {one.why}"


def _row(one: Carried, names: dict[str, str]) -> dict[str, object]:
    about = {**row(one.rotation, names), "why": one.why or None, "retry_at": one.retry_at or None, "survives": list(one.survives)}
    return {**about, **confirmed(one.confirmed, names)} if one.confirmed else about


def _tell(one: Carried, names: dict[str, str]) -> None:
    where = f"{render.safe(one.rotation.handle)} {one.rotation.kind}"
    if one.confirmed is not None:
        tell_confirmed(one.confirmed, names)
        for what in one.survives:
            render.note(f"{where}: goes on working: {render.safe(what)}")
        return
    if one.rotation.open:
        until = f", not before {one.retry_at}" if one.retry_at else ""
        render.note(f"{where}: {one.rotation.state}: {render.safe(one.why)}{until}")
