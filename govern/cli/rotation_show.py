"""`govern rotation show`: how one stands and what to know before it is changed; or a secret or code of it, after that was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli import render, settings
from govern.cli.rotated import named, row, short, table, tell_next, tell_residue
from govern.errors import Usage
from govern.rotation.kinds import LABELLED, label

if TYPE_CHECKING:
    from govern.register.workspace import Workspace

Id = Annotated[str, typer.Argument(metavar="ID", help="Its id, or six or more of the first hex digits.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


def show(
    id_: Id,
    secret: Annotated[
        str, typer.Option("--secret", metavar="new|current|previous|N", help="Show one version's secret; recorded first.")
    ] = "",
    code: Annotated[bool, typer.Option("--code", help="A code computed from the stored seed; recorded first.")] = False,
    stdout: Annotated[bool, typer.Option("--stdout", help="The secret alone, without a line break, on stdout.")] = False,
    json: Json = False,
) -> None:
    """One rotation; or its new or current secret, after that was recorded."""
    if secret not in ("", "new", "current", "previous") and not (secret.isdecimal() and len(secret) < 7):
        raise Usage(f"there is no secret {secret[:40]!r} of a rotation", hint="--secret new, current, previous, or the number of a version")
    if code and secret:
        raise Usage("--secret and --code exclude each other", hint="--code shows a code, not the seed")
    workspace = settings.workspace()
    if code:
        _show_code(workspace, id_, json=json)
    elif secret:
        _show_secret(workspace, id_, secret, stdout=stdout, json=json)
    else:
        _show(workspace, id_, json=json)


def _show_secret(workspace: Workspace, id_: str, which: str, *, stdout: bool, json: bool) -> None:
    from govern.cli.showing import Way, choose
    from govern.cli.showing import show as let_out
    from govern.procedures import rotation as steps
    from govern.register.queries.rotations import find

    way = choose(stdout=stdout)
    with workspace.transaction(settings.now()) as tx:
        shown = steps.show(tx, find(tx.register, id_), which)
    about = {"id": shown.rotation.id, "account": shown.rotation.handle, "kind": shown.rotation.kind, "version": shown.version}
    if json and way is Way.STDOUT:
        render.emit("rotation", {**about, "secret": shown.secret.reveal()})
    else:
        let_out(way, shown.secret)
        if json:
            render.emit("rotation", {**about, "copied": True})
    if which == "new":
        render.next_step(f"govern rotation confirm {short(shown.rotation.id)}", "once the platform has it; else: rotation reject")
    else:
        render.next_step(f"govern rotation show {short(shown.rotation.id)}", "how it stands")


def _show_code(workspace: Workspace, id_: str, *, json: bool) -> None:
    from govern.cli.showing import check_stdout
    from govern.procedures import rotation as steps
    from govern.register.queries.rotations import find
    from govern.vault.otp import code as code_at

    check_stdout()
    with workspace.transaction(settings.now()) as tx:
        rotation = find(tx.register, id_)
        otp = steps.show_code(tx, rotation)
    digits, left = code_at(otp, settings.seconds())
    if json:
        render.emit("rotation", {"id": rotation.id, "account": rotation.handle, "kind": rotation.kind, "code": digits, "seconds": left})
    else:
        render.line(digits)
        render.note(f"{left} s left")
    render.next_step(f"govern rotation confirm {short(rotation.id)}", "once the platform has taken the code")


def _show(workspace: Workspace, id_: str, *, json: bool) -> None:
    from govern.cli.telling_platform import before_json, tell_after, tell_before, tell_steps
    from govern.procedures.preflight import preflight
    from govern.register.queries import knowers, people, rotations

    db = workspace.view()
    found = rotations.find(db, id_)
    names = people.handles(db)
    told = preflight(db, found)
    versions = [
        version for version in rotations.versions(db, found.credential) if version.n >= found.candidate - 1 or version.state == "current"
    ]
    if json:
        render.emit("rotation", {
            "rotations": [row(found, names)],
            "versions": [
                {
                    "version": v.n, "state": v.state, "origin": v.origin, "staged_at": v.staged_at, "reuses": v.reuses or None,
                    "sealed": bool(v.manifest), "known_to": [names.get(p, p) for p in knowers.knowers(db, found.credential, v.n)],
                }
                for v in versions
            ],
            "preflight": before_json(told, found) if found.open else None,
        })  # fmt: skip
        return
    table([found], empty="")
    if found.kind in LABELLED:
        render.line(f"called {label(found.id)} on its platform")
    if found.awaits:
        render.line(
            f"{render.safe(found.platform)} has mailed a code to the account's mailbox; nothing is changed there until it is typed in"
        )
    if found.cut:
        render.line(f"ended there with it: {', '.join(found.cut)}")
    tell_residue(found)
    render.line()
    render.table(
        ("version", "state", "from", "staged", "could know"),
        [(v.n, v.state, v.origin, render.day(v.staged_at), named(knowers.knowers(db, found.credential, v.n), names)) for v in versions],
    )
    if found.open:
        tell_before(told, found)
        tell_steps(told, found)
        tell_after(told, found)
        tell_next([found])
    else:
        render.next_step(f"govern who {found.handle}", "who holds it, and who could know what is in force now")


def register(app: typer.Typer) -> None:
    """Add it to `govern rotation`."""
    app.command("show")(show)
