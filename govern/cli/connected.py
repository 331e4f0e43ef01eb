"""Rotations that a connector carries out: begun or gone on with, told as they come out, and in the end all of them in one table."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from govern.cli import render, settings
from govern.cli.rotated import confirmed, next_of, row, short, tell_confirmed, tell_lister
from govern.errors import Failed, GovernError
from govern.rotation.kinds import label

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from govern.procedures.connected import Carried
    from govern.procedures.connecting import Way
    from govern.procedures.many import Ended
    from govern.register.queries.rotations import Rotation
    from govern.register.workspace import Workspace


def begin(
    workspace: Workspace, waiting: Sequence[Rotation], connectors: Mapping[str, str], by: str, server: str, *,
    also: Sequence[Mapping[str, Any]], more: Mapping[str, Any], json: bool,
) -> None:  # fmt: skip
    """Carry these rotations out, each by the connector that `connectors` (credential -> name) has for it. For JSON: `also`, rows of others; `more`."""
    from govern.procedures.ways import way

    def find(found: Rotation) -> Way:
        named = server or _named(workspace, found)
        return way(workspace.view(), connectors[found.credential], account=found.account, by=by, server=named, monotonic=time.monotonic)

    _carry(workspace, waiting, find, also, more, json=json, command="rotate")


def go_on(workspace: Workspace, waiting: Sequence[Rotation], by_hand: Sequence[Rotation], server: str, *, json: bool) -> None:
    """Bring rotations that a connector has begun forward, by the one that has begun them; `by_hand`: others, which JSON lists as well."""
    from govern.procedures.ways import again
    from govern.register.queries.connecting import in_hand
    from govern.register.queries.people import handles

    def find(found: Rotation) -> Way:
        hand = in_hand(workspace.view(), found.id)
        named = server or _named(workspace, found)
        return again(workspace.view(), hand.connector, hand.by, server=named, monotonic=time.monotonic)

    names = handles(workspace.view())
    _carry(workspace, waiting, find, [row(one, names) for one in by_hand], {}, json=json, command="rotation")


def clear_away(workspace: Workspace, found: Rotation) -> str:
    """Have the connector of a rotation that was given up take away what it left on the platform; empty, or why it could not."""
    from govern.procedures.connected import carry_on
    from govern.procedures.ways import again
    from govern.register.queries.connecting import in_hand

    hand = in_hand(workspace.view(), found.id)
    try:
        named = _named(workspace, found)
        way = again(workspace.view(), hand.connector, hand.by, server=named, monotonic=time.monotonic)
        return carry_on(workspace, found.id, way, settings.now).why
    except GovernError as error:
        return error.message


def _named(workspace: Workspace, found: Rotation) -> str:
    """The server as a person types it, where it is in doubt and somebody can be asked; empty otherwise."""
    from govern.cli.prompt import ask
    from govern.procedures.servers import why_in_doubt

    doubt = why_in_doubt(workspace.view(), found, reader=workspace.person) if settings.current.terminal else None
    if doubt is None:
        return ""
    where, why = doubt
    render.note(f"{render.safe(found.handle)}: {render.safe(why)}. Its secrets would be sent to {render.safe(where.server)}")
    return ask("Type that server's name, once you know that it is yours; an empty line sends nothing")


def _carry(
    workspace: Workspace, waiting: Sequence[Rotation], find: Callable[[Rotation], Way], also: Sequence[Mapping[str, Any]],
    more: Mapping[str, Any], *, json: bool, command: str,
) -> None:  # fmt: skip
    from govern.register.queries.people import handles

    names = handles(workspace.view())
    ended, interrupted = _all(workspace, waiting, find, names) if len(waiting) > 1 else (_one(workspace, waiting, find), False)
    if json:
        render.emit(command, {"rotations": [*(_row(one, names) for one in ended), *also], **more})
    elif len(ended) > 1:
        _table(ended)
    tell_lister(workspace.view(), [one.carried.rotation for one in ended])
    if interrupted:
        raise KeyboardInterrupt
    left = [one.carried for one in ended if one.carried.unfinished]
    if left and not json:
        raise Failed(
            _unfinished(left),
            hint=f"nothing is lost; later: govern rotation reconcile{f' {short(left[0].rotation.id)}' if len(left) == 1 else ''}",
        )
    if left:
        raise SystemExit(Failed.exit_code)


def _one(workspace: Workspace, waiting: Sequence[Rotation], find: Callable[[Rotation], Way]) -> list[Ended]:
    """A single one: what is wrong with it is raised."""
    from govern.cli.many import begun
    from govern.procedures.connected import carry_on
    from govern.procedures.many import Ended, job
    from govern.register.queries.people import handles

    ended = []
    for found in waiting:
        one = job(workspace, found, find(found))
        begun(one)
        ended.append(Ended(carried=carry_on(workspace, found.id, one.way, settings.now)))
        _tell(ended[0], handles(workspace.view()))
    return ended


def _all(
    workspace: Workspace, waiting: Sequence[Rotation], find: Callable[[Rotation], Way], names: dict[str, str]
) -> tuple[list[Ended], bool]:
    """Several, at a time where they are on several servers; one that has no way there is told with the rest."""
    from govern.cli.many import carry
    from govern.procedures.connected import Carried
    from govern.procedures.many import Ended, job

    jobs, without = [], {}
    for found in waiting:
        try:
            jobs.append(job(workspace, found, find(found)))
        except GovernError as error:
            without[found.id] = Ended(carried=Carried(rotation=found, why=error.message), error=error)
    told: set[str] = set()

    def say(one: Ended) -> None:
        told.add(one.carried.rotation.id)
        _tell(one, names)

    ended, interrupted = carry(workspace, jobs, say=say)
    found_by = {one.carried.rotation.id: one for one in ended} | without
    all_of_them = [found_by[one.id] for one in waiting]
    for one in all_of_them:
        if one.carried.rotation.id not in told:
            _tell(one, names)
    return all_of_them, interrupted


def outcome(one: Ended) -> str:
    """One word: done, waiting (the platform says until when), interrupted, lost, or failed, which can be gone on with as well."""
    match one.carried.rotation.state.value:
        case "aborted" if one.carried.cleared:
            return "cleared"
        case "aborted" if one.carried.why:
            return "failed"
        case "done" | "aborted" | "lost" as state:
            return state
        case _:
            return "interrupted" if one.carried.stopped else "waiting" if one.carried.retry_at else "failed"


def _table(ended: Sequence[Ended]) -> None:
    render.table(
        ("account", "kind", "outcome", "grade", "next step"),
        [(o.carried.rotation.handle, o.carried.rotation.kind, outcome(o), o.carried.rotation.grade, _next(o.carried)) for o in ended],
    )


def _next(one: Carried) -> str:
    if one.rotation.open:
        return next_of(one.rotation)
    if one.confirmed is not None and one.confirmed.waiting:
        left = len(one.confirmed.waiting)
        return f"govern handover {one.rotation.handle} PERSON --kind {one.rotation.kind}" + (f"    ({left} people)" if left > 1 else "")
    return ""


def _unfinished(left: Sequence[Carried]) -> str:
    if len(left) > 1:
        return f"{len(left)} rotations are not done yet"
    one = left[0]
    return f"the {one.rotation.kind} of {one.rotation.handle} is {one.rotation.state}: {one.why}"


def _row(ended: Ended, names: dict[str, str]) -> dict[str, object]:
    one = ended.carried
    about = {
        **row(one.rotation, names), "outcome": outcome(ended), "why": one.why or None, "retry_at": one.retry_at or None,
        "survives": list(one.survives),
    }  # fmt: skip
    return {**about, **confirmed(one.confirmed, names)} if one.confirmed else about


def _tell(ended: Ended, names: dict[str, str]) -> None:
    one = ended.carried
    where = f"{render.safe(one.rotation.handle)} {one.rotation.kind}"
    if one.confirmed is not None:
        tell_confirmed(one.confirmed, names)
        for what in one.survives:
            render.note(f"{where}: goes on working: {render.safe(what)}")
        return
    if one.cleared:
        render.note(f"{where}: nothing called {label(one.rotation.id)} is left there")
    if one.unfinished:
        until = f", not before {one.retry_at}" if one.retry_at else ""
        render.note(f"{where}: {one.rotation.state}: {render.safe(one.why)}{until}")
