"""`govern key`: the keys of people and their machines."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from govern.cli import render, services, settings
from govern.errors import Usage

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
CAUSES = "lost|departure|compromise|replaced"


@app.command("list")
def list_(json: Json = False) -> None:
    """Every key there is or was, whose it is, and which is this machine's."""
    from govern.register.queries import keys as queries
    from govern.vault.custody.record import read_record

    workspace = settings.workspace()
    found = queries.keys(workspace.view())
    serving = services.rows(workspace.view(), settings.now())
    own = read_record(workspace.home / "seed.json").key.hex()
    if json:
        render.emit("key.list", {"keys": [
            {
                "key": key.id, "person": key.handle or None, "state": key.state, "custody": key.custody, "enrolled_at": key.enrolled_at or None,
                "revoked_at": key.revoked_at or None, "cause": key.cause or None, "this_machine": key.id == own,
                "service": serving.get(key.person),
            }
            for key in found
        ]})  # fmt: skip
        return
    render.table(
        ("key", "person", "state", "custody", "since", "ended", "cause", ""),
        [
            (
                key.id, key.handle, key.state, key.custody, render.day(key.enrolled_at), render.day(key.revoked_at), key.cause,
                "this machine" if key.id == own else _told(serving.get(key.person)),
            )
            for key in found
        ],
    )  # fmt: skip


def _told(service: dict[str, Any] | None) -> str:
    if service is None:
        return ""
    return f"service: {', '.join(service['purposes'])}" if service["stands"] else f"service that may do nothing [{service['why']}]"


@app.command("add-device")
def add_device(
    days: Annotated[int, typer.Option("--days", metavar="N", help="How long the invite is good for: 1 to 30 days.")] = 7,
    json: Json = False,
) -> None:
    """Invite yourself on another machine; approve it here."""
    from govern.cli.enrolment import issue

    issue("", "device", days, json=json, command="key.add-device")


@app.command("revoke")
def revoke(
    key: Annotated[str, typer.Argument(metavar="[KEY]", help="The beginning of the key's id.")] = "",
    person: Annotated[str, typer.Option("--person", metavar="PERSON", help="All keys of a person.")] = "",
    cause: Annotated[str, typer.Option("--cause", metavar=CAUSES, help="Why: it decides what is to be changed.")] = "",
    json: Json = False,
) -> None:
    """End a key: it signs and reads no more; of a lost machine every secret that it could open is to be changed."""
    from govern.procedures import keys as procedure
    from govern.register.queries import keys as queries
    from govern.register.queries.people import find

    if bool(key) == bool(person):
        raise Usage("name a key, or --person PERSON", hint="govern key list")
    if cause and cause not in procedure.CAUSES:
        raise Usage(f"{cause[:40]!r} is no cause", hint=f"--cause {CAUSES}")
    workspace = settings.workspace()
    if not cause:  # who mistypes the key as well is told so first
        find(workspace.view(), person) if person else queries.find(workspace.view(), key)
        raise Usage("--cause is missing", hint=f"--cause {CAUSES}")
    with workspace.transaction(settings.now()) as tx:
        if person:
            who = find(tx.register, person)
            ids = [one.id for one in queries.active(tx.register, who.id)]
            handle = who.handle
        else:
            one = queries.find(tx.register, key)
            ids, handle = [one.id], one.handle
        procedure.not_this_machine(tx, ids, handle)
        done = procedure.revoke(tx, ids, cause)
    if json:
        render.emit("key.revoke", {
            "keys": list(done.keys), "person": handle or None, "cause": cause, "wraps": done.wraps, "epochs": done.epochs,
            "rotations": done.rotations, "changing": [{"account": account, "kind": kind} for account, kind in done.changing],
        })  # fmt: skip
    else:
        render.line(f"{render.count(len(done.keys), 'key')} of {render.safe(handle)} revoked, {render.count(done.wraps, 'wrap')} ended")
        if done.rotations:
            render.line(f"{render.count(done.rotations, 'rotation')} opened: what that machine could open may be known")
        for account, kind in done.changing:
            render.note(f"being changed already: the {kind} of {render.safe(account)}; a candidate sealed to that key is known as well")
    _next(cause, handle, bool(done.rotations or done.changing))


def _next(cause: str, handle: str, changing: bool) -> None:
    if cause == "departure":
        render.next_step(f"govern offboard open {render.safe(handle)}")
    elif changing:
        render.next_step("govern rotation list --open")
    else:
        render.next_step(f"govern person rekey {render.safe(handle)}", "new keys in place of the old")


@app.command("seal")
def seal(person: Annotated[str, typer.Argument(metavar="PERSON")], json: Json = False) -> None:
    """Seal to a person's keys whatever they hold and you can open."""
    from govern.cli.enrolment import missing_rows, tell_missing
    from govern.procedures.sealed_to import seal_to
    from govern.register.queries.people import find

    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        who = find(tx.register, person)
        done = seal_to(tx, who.id)
    if json:
        render.emit("key.seal", {"person": who.handle, "sealed": done.added, "missing": missing_rows(done.missing)})
        return
    render.line(f"{render.count(done.added, 'secret')} sealed to {render.safe(who.handle)}")
    tell_missing(done.missing, who.handle)


@app.command("renew")
def renew(
    every: Annotated[bool, typer.Option("--all", help="Of everything you read: after wraps of an epoch turned out to be no good.")] = False, json: Json = False
) -> None:  # fmt: skip
    """Begin new epochs where a key that has ended, or a role that has, still opens what is recorded."""
    from govern.procedures.epochs import renew_all, renew_stale

    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        started = renew_all(tx) if every else renew_stale(tx)
    if json:
        render.emit("key.renew", {"epochs": started})
    else:
        render.line(f"{render.count(started, 'new epoch')} begun" if started else "nobody reads who should not")
    if every:
        render.next_step("govern ledger verify --deep")


services.register(app)
