"""`govern rotation`: what is under way, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli import reconciling, render, rotation_show, settings
from govern.cli.rotated import confirmed, row, short, table, tell_confirmed, tell_lister, tell_next
from govern.errors import Usage
from govern.rotation.kinds import label

if TYPE_CHECKING:
    from govern.register.queries.rotations import Rotation
    from govern.register.workspace import Workspace

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="Its id, or six or more of the first hex digits.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


@app.command("list")
def list_(
    only_open: Annotated[bool, typer.Option("--open", help="Only what is under way.")] = False,
    due: Annotated[int | None, typer.Option(metavar="DAYS", help="Only what is under way and due within so many days.")] = None,
    json: Json = False,
) -> None:
    """Rotations: what is due first."""
    from govern.notices.due import upcoming
    from govern.register.queries import rotations
    from govern.register.queries.people import handles
    from govern.register.queries.policies import policy
    from govern.rotation.triggers import later

    if due is not None and not 0 <= due <= 36_500:
        raise Usage(f"{due} days is no time", hint="--due 0 shows what is due today or overdue")
    workspace = settings.workspace()
    db, now = workspace.view(), settings.now()
    by = "" if due is None else f"{later(now, due)[:10]}T23:59:59Z"
    found = rotations.rotations(db, only_open=only_open, due_by=by)
    told = upcoming(db, policy(db), now, reader=workspace.person, rotations=True) if any(not one.ended_at for one in found) else {}
    if json:
        names = handles(db)
        render.emit("rotation", {"rotations": [{**row(one, names), "next_reminder": told.get((one.id, ""))} for one in found]})
        return
    table(found, told, empty="no rotation" + (" is under way" if only_open or due is not None else " yet: govern rotate ACCOUNT"))


rotation_show.register(app)


@app.command("confirm")
def confirm(
    id_: Id,
    version: Annotated[
        int, typer.Option(metavar="N", min=0, max=2**53, help="Which candidate is in force, where it is an earlier one.")
    ] = 0,
    sessions_cut: Annotated[bool, typer.Option("--sessions-cut", help="Everybody was signed out there.")] = False,
    cut: Annotated[
        list[str] | None,
        typer.Option("--cut", help="What was ended there: sessions, app-passwords, oauth-apps, api-tokens; may be repeated."),
    ] = None,
    residual_until: Annotated[
        str, typer.Option("--residual-until", metavar="TIME", help="Until when whoever was signed in still gets in (UTC).")
    ] = "",
    json: Json = False,
) -> None:
    """The platform has the new secret: what was known before works no more."""
    from govern.cli.telling_platform import tell_shared
    from govern.procedures import rotation as steps
    from govern.procedures.preflight import preflight
    from govern.register.queries import people, rotations

    workspace = settings.workspace()
    ended = [*(cut or ()), *(["sessions"] if sessions_cut else [])]
    if settings.current.terminal and not ended:
        from govern.cli.cutting import ask

        asked = rotations.find(workspace.view(), id_)
        ended = ask(asked.platform, asked.kind)
    with workspace.transaction(settings.now()) as tx:
        found = rotations.find(tx.register, id_)
        done = steps.confirm(
            tx, found, version=version, sessions_cut=sessions_cut or None, cut=ended, residual_until=residual_until
        )  # fmt: skip
    names = people.handles(workspace.view())
    if json:
        render.emit("rotation", {
            "rotations": [row(done.rotation, names)], **confirmed(done, names),
            "same_login": list(preflight(workspace.view(), done.rotation).with_it),
        })  # fmt: skip
    tell_confirmed(done, names)
    tell_shared(workspace.view(), done.rotation)
    tell_lister(workspace.view(), [done.rotation])


@app.command("reject")
def reject(
    id_: Id,
    stdin: Annotated[bool, typer.Option("--stdin", help="The next secret comes from stdin, or is asked for on a terminal.")] = False,
    typeable: Annotated[bool, typer.Option("--typeable", help="Make one that is easy to read out and type.")] = False,
    json: Json = False,
) -> None:
    """The platform refused the new secret: another one is sealed, in the same rotation."""
    from govern.cli.prompt import secret
    from govern.procedures import rotation as steps
    from govern.procedures.candidates import stored_here
    from govern.register.queries import rotations

    workspace = settings.workspace()
    if stdin:
        stored_here(rotations.find(workspace.view(), id_))
    given = secret("The next secret", terminal=settings.current.terminal) if stdin else None
    with workspace.transaction(settings.now()) as tx:
        found = rotations.find(tx.register, id_)
        steps.reject(tx, found, given, typeable=typeable)
    _after(workspace, found.id, json=json)


@app.command("unsure")
def unsure(id_: Id, json: Json = False) -> None:
    """Nobody can tell which secret the platform has: all stay until it is known."""
    from govern.procedures import rotation as steps
    from govern.register.queries import rotations

    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        found = rotations.find(tx.register, id_)
        steps.unsure(tx, found)
    _after(workspace, found.id, json=json)


@app.command("lost")
def lost(id_: Id, json: Json = False) -> None:
    """Neither the new secret nor the old one works: ask the holders, then the platform's recovery."""
    from govern.procedures import rotation as steps
    from govern.register.queries import rotations

    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        found = rotations.find(tx.register, id_)
        steps.lose(tx, found)
    _after(workspace, found.id, json=json)


@app.command("abort")
def abort(id_: Id, json: Json = False) -> None:
    """Nothing was changed after all; not possible once the new secret was shown."""
    from govern.procedures import rotation as steps
    from govern.register.queries import connecting, rotations

    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        found = rotations.find(tx.register, id_)
        steps.abort(tx, found)
    if connecting.left_behind(workspace.view(), found.id):
        from govern.cli.connected import clear_away

        why = clear_away(workspace, found)
        if why:
            render.note(f"what is called {label(found.id)} may be left on the platform: {render.safe(why)}")
            render.next_step(f"govern rotation reconcile {short(found.id)}", "takes it away there")
    _after(workspace, found.id, json=json)


def _after(workspace: Workspace, id_: str, *, json: bool) -> None:
    from govern.register.queries import people, rotations

    db = workspace.view()
    found: Rotation = rotations.by_id(db, id_)
    if json:
        render.emit("rotation", {"rotations": [row(found, people.handles(db))]})
    else:
        table([found], empty="")
    tell_next([found])


reconciling.register(app)
