"""Enrolling somebody, as commands of `govern person`: invite, approve, rekey. `govern key add-device` tells the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from govern.cli import render, settings

if TYPE_CHECKING:
    from govern.procedures.enrol import Approved
    from govern.procedures.sealed_to import Missing

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
Days = Annotated[int, typer.Option("--days", metavar="N", help="How long the invite is good for: 1 to 30 days.")]


def invite(
    person: Annotated[str, typer.Argument(metavar="PERSON")],
    days: Days = 7,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Withdraw the person's open invite.")] = False,
    json: Json = False,
) -> None:
    """Invite a person to become a keyholder: one line, to be handed over outside of the database."""
    if withdraw:
        from govern.procedures import enrol

        workspace = settings.workspace()
        with workspace.transaction(settings.now()) as tx:
            ended = enrol.withdraw(tx, person)
        enrol.forget(workspace, ended)
        if json:
            render.emit("person.invite", {"person": person, "withdrawn": len(ended)})
        else:
            render.note(f"{render.count(len(ended), 'invite')} withdrawn")
        return
    issue(person, "join", days, json=json, command="person.invite")


def rekey(
    person: Annotated[str, typer.Argument(metavar="PERSON")],
    days: Days = 7,
    json: Json = False,
) -> None:
    """Invite a person to new keys; those there are end when the new ones are approved."""
    issue(person, "rekey", days, json=json, command="person.rekey")


def issue(person: str, purpose: str, days: int, *, json: bool, command: str) -> None:
    """Record an invite, and show its line only then."""
    from govern.procedures import enrol

    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        issued = enrol.invite(tx, person, purpose, days)
    line = enrol.line(workspace, issued)
    if json:
        render.emit(command, {
            "invite": line.reveal(), "person": issued.handle, "purpose": purpose, "expires": issued.expires,
            "location": str(settings.current.path),
        })  # fmt: skip
    else:
        render.line(line.reveal())
        who = (
            "on your other machine"
            if purpose == "device"
            else f"hand this line to {render.safe(issued.handle)}, but not through the database; there"
        )
        render.note(f"\n{who} type: govern join -   (it asks for the line)")
        render.note(f"the vault is {render.safe(settings.current.path)}; the invite serves once, until {render.day(issued.expires)}")
    render.next_step(
        f"govern person approve {render.safe(issued.handle)} --fingerprint WORDS", "the words that the joining machine shows, read to you"
    )  # fmt: skip


def approve(
    person: Annotated[str, typer.Argument(metavar="PERSON")],
    fingerprint: Annotated[
        str, typer.Option("--fingerprint", metavar="WORDS", help="What the joining machine shows: 13 words, or 32 hex digits.")
    ] = "",
    json: Json = False,
) -> None:
    """Enrol the keys of somebody you invited from this machine, whose fingerprint they have told you."""
    from govern.procedures import enrol

    typed = settings.need(fingerprint, "--fingerprint", "The fingerprint that the joining machine shows")
    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        done, used = enrol.approve(tx, person, typed)
    enrol.forget(workspace, [used])
    if json:
        render.emit("person.approve", {
            "person": done.handle, "key": done.key, "fingerprint": done.key, "purpose": done.purpose, "sealed": done.sealed,
            "replaced": done.replaced, "reads_cases": done.cases, "missing": missing_rows(done.missing),
        })  # fmt: skip
        return
    _tell(done)


def _tell(done: Approved) -> None:
    render.line(f"{render.safe(done.handle)} is enrolled with the key {done.key}")
    if done.replaced:
        render.line(f"{render.count(done.replaced, 'earlier key')} revoked")
    render.line(f"{render.count(done.sealed, 'secret')} sealed to it")
    tell_missing(done.missing, done.handle)
    render.next_step("govern join", "on the joining machine")


def missing_rows(missing: tuple[Missing, ...]) -> list[dict[str, Any]]:
    return [{"account": one.account, "kind": one.kind, "version": one.version, "ask": list(one.ask)} for one in missing]


def tell_missing(missing: tuple[Missing, ...], handle: str) -> None:
    """Secrets that you can't open and others have to seal."""
    for one in missing:
        who = f"{', '.join(map(render.safe, one.ask))} can: govern key seal {render.safe(handle)}" if one.ask else "nobody can: rotate it"
        render.note(f"not yet sealed: the {one.kind} of {render.safe(one.account)}: {who}")


def register(app: typer.Typer) -> None:
    """Add the commands to those of `govern person`."""
    app.command("invite")(invite)
    app.command("approve")(approve)
    app.command("rekey")(rekey)
