"""`govern rotation`: what is under way, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli import reconciling, render, settings
from govern.cli.rotated import confirmed, named, row, short, table, tell_confirmed, tell_lister, tell_next, tell_residue
from govern.errors import Usage
from govern.rotation.kinds import LABELLED, label

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
    from govern.register.queries import rotations
    from govern.register.queries.people import handles
    from govern.rotation.triggers import later

    if due is not None and not 0 <= due <= 36_500:
        raise Usage(f"{due} days is no time", hint="--due 0 shows what is due today or overdue")
    db = settings.workspace().view()
    by = "" if due is None else f"{later(settings.now(), due)[:10]}T23:59:59Z"
    found = rotations.rotations(db, only_open=only_open, due_by=by)
    if json:
        names = handles(db)
        render.emit("rotation", {"rotations": [row(one, names) for one in found]})
        return
    table(found, empty="no rotation" + (" is under way" if only_open or due is not None else " yet: govern rotate ACCOUNT"))


@app.command("show")
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
    from govern.register.queries import people, rotations

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
                    "sealed": bool(v.manifest), "known_to": [names.get(p, p) for p in rotations.knowers(db, found.credential, v.n)],
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
        [(v.n, v.state, v.origin, render.day(v.staged_at), named(rotations.knowers(db, found.credential, v.n), names)) for v in versions],
    )
    if found.open:
        tell_before(told, found)
        tell_steps(told, found)
        tell_after(told, found)
        tell_next([found])
    else:
        render.next_step(f"govern who {found.handle}", "who holds it, and who could know what is in force now")


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
    ended = list(cut or ())
    if settings.current.terminal and not ended and not sessions_cut:
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
