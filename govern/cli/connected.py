"""Rotations that a connector carries out: begun or gone on with, told as they come out, and in the end all of them in one table."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from govern.cli import render, settings
from govern.cli.rotated import confirmed, next_of, row, short, tell_confirmed, tell_lister
from govern.errors import Failed, GovernError, Usage
from govern.rotation.kinds import label

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from govern.procedures.connecting import Carried, Way
    from govern.procedures.many import Ended
    from govern.register.queries.rotations import Rotation
    from govern.register.workspace import Workspace
    from govern.vault.secret import Secret


def begin(
    workspace: Workspace, waiting: Sequence[Rotation], connectors: Mapping[str, str], by: str, server: str, *, mailed_code: bool,
    also: Sequence[Mapping[str, Any]], more: Mapping[str, Any], json: bool,
) -> None:  # fmt: skip
    """Carry these rotations out, each by the connector that `connectors` (credential -> name) has for it. What takes a code that the platform mails
    has one mailed anew, unless it was given. For JSON: `also`, rows of others; `more`."""
    code = _codes(waiting, mailed_code=mailed_code)
    from govern.procedures.ways import way

    def find(found: Rotation) -> Way:
        named = server or _named(workspace, found)
        made = way(workspace.view(), connectors[found.credential], account=found.account, by=by, server=named, monotonic=time.monotonic)
        return replace(made, code=code, anew=not mailed_code)

    _carry(workspace, waiting, find, also, more, json=json, command="rotate")


def go_on(
    workspace: Workspace, waiting: Sequence[Rotation], by_hand: Sequence[Rotation], server: str, *, mailed_code: bool, json: bool
) -> None:
    """Bring rotations that a connector has begun forward, by the one that has begun them; `by_hand`: others, which JSON lists as well."""
    from govern.procedures.ways import again
    from govern.register.queries.connecting import in_hand
    from govern.register.queries.people import handles

    code = _codes(waiting, mailed_code=mailed_code)

    def find(found: Rotation) -> Way:
        hand = in_hand(workspace.view(), found.id)
        named = server or _named(workspace, found)
        return replace(again(workspace.view(), hand.connector, hand.by, server=named, monotonic=time.monotonic), code=code)

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


def _codes(waiting: Sequence[Rotation], *, mailed_code: bool) -> Callable[[Rotation], Secret | None]:
    """Asks for a code that was mailed, of a single rotation: on a terminal, where nothing typed means later; on stdin where it was said to be there."""
    from govern.cli.prompt import mailed, secret

    if mailed_code and (len(waiting) != 1 or not waiting[0].awaits):
        raise Usage(
            "no code was mailed for it" if len(waiting) == 1 else "one code is for one rotation", hint="govern rotation list --open"
        )
    if settings.current.terminal and len(waiting) == 1:
        return lambda found: mailed(f"The code that was mailed to change the {found.kind} of {render.safe(found.handle)} (empty: later)")
    if mailed_code:
        given = [secret("The code", terminal=False)]
        return lambda _found: given.pop() if given else None
    return lambda _found: None


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
            hint=_later(left),
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
    from govern.procedures.connecting import Carried
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


def _later(left: Sequence[Carried]) -> str:
    if len(left) > 1:
        return "nothing is lost; later: govern rotation reconcile"
    rotation = left[0].rotation
    later = f"nothing is lost; later: govern rotation reconcile {short(rotation.id)}"
    if not rotation.awaits:
        return later
    return f"{later} --mailed-code; another one: govern rotate {rotation.handle} --kind {rotation.kind} --connector {rotation.connector}"


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
