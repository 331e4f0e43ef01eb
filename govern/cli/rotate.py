"""`govern rotate`: change secrets on their platforms, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli import render, settings
from govern.cli.rotated import confirmed, row, table, tell_confirmed, tell_next, tell_reuse, tell_started
from govern.cli.rotating import nothing, would
from govern.errors import Failed, Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from govern.errors import Refused
    from govern.procedures.rotate import Started
    from govern.register.queries.rotatable import Rotatable
    from govern.register.workspace import Workspace
    from govern.vault.secret import Secret

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def rotate(
    selector: Annotated[str, typer.Argument(metavar="[SELECTOR]")] = "",
    kind: Annotated[str, typer.Option(help="Which credential; else password, or all with --all-due and --case.")] = "",
    credential: Annotated[str, typer.Option(metavar="ID", help="Which of several of that kind: its id, or how it begins.")] = "",
    because: Annotated[str, typer.Option(metavar="TRIGGER", help="membership, compromise, first-import, breach, schedule or manual.")] = "",
    connector: Annotated[
        str, typer.Option(metavar="NAME", help="How it is changed: guided, by this connector, or by any that can.")
    ] = "guided",
    by: Annotated[
        str, typer.Option(metavar="ACCOUNT", help="With a connector: the admin's account there whose credential changes it.")
    ] = "",
    server: Annotated[str, typer.Option(metavar="HOST", help="With a connector: you know that this is the account's own server.")] = "",
    mailed_code: Annotated[
        bool,
        typer.Option("--mailed-code", help="With a connector: the code that the platform has mailed comes from stdin, or is asked for."),
    ] = False,
    stdin: Annotated[bool, typer.Option("--stdin", help="The new secret comes from stdin, or is asked for on a terminal.")] = False,
    already_changed: Annotated[bool, typer.Option("--already-changed", help="It was changed there already: store it and confirm.")] = False,
    changed_on: Annotated[str, typer.Option(metavar="DATE", help="With --already-changed: when.")] = "",
    cut: Annotated[
        list[str] | None,
        typer.Option("--cut", help="With --already-changed: what was ended there: sessions, app-passwords, oauth-apps, api-tokens."),
    ] = None,
    typeable: Annotated[bool, typer.Option("--typeable", help="Make one that is easy to read out and type.")] = False,
    all_due: Annotated[bool, typer.Option("--all-due", help="Of these only what is due; without SELECTOR of all accounts.")] = False,
    case: Annotated[str, typer.Option(metavar="CASE", help="The open rotation items of a departure.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would touch, and record nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Open or go on with rotations; a new secret is sealed before anything is shown or changed."""
    from govern.procedures.choosing import Wanted, chosen
    from govern.register.queries.people import handles
    from govern.rotation.triggers import read

    _check(selector, kind, all_due=all_due, case=case, already_changed=already_changed, changed_on=changed_on)
    _check_connector(connector, by, server, already_changed=already_changed)
    if mailed_code and (connector == "guided" or stdin):
        raise Usage("--mailed-code is for a connector, which makes the new secret itself", hint="--connector NAME, without --stdin")
    if cut and not already_changed:
        raise Usage(
            "--cut says what was ended along with a change that was made already",
            hint="--already-changed, or: govern rotation confirm ID --cut",
        )
    trigger = read(because or ("membership" if case else "schedule" if all_due else "manual"))
    workspace = settings.workspace()
    wanted = Wanted(selector=selector, kind=kind, credential=credential, case=case, all_due=all_due)
    found = chosen(workspace.view(), wanted, reader=workspace.person, now=settings.now())
    by_name, beyond = _connectors(workspace, connector, found)
    if dry_run:
        would(workspace, found, trigger, by_name, beyond, json=json)
        return
    if not found:
        nothing(workspace, wanted, json=json)
        return
    from govern.procedures import rotate as procedure

    given = _given(found, stdin=stdin, already_changed=already_changed)
    skipped = [procedure.Skipped(credential=one, error=error) for one, error in beyond]
    ended = _ended(found[0], cut) if already_changed else ()
    with workspace.transaction(settings.now()) as tx:
        if already_changed:
            day = f"{changed_on}T00:00:00Z" if changed_on else ""
            started = [procedure.already_changed(tx, found[0], trigger, given, changed_at=day, cut=ended)]
        else:
            left_out = {one.credential for one, _ in beyond}
            able = [one for one in found if one.credential not in left_out]
            started, more = procedure.start(tx, able, trigger, given=given, typeable=typeable)
            skipped += more
    db = workspace.view()
    names = handles(db)
    tell_started(started, names)
    tell_reuse(db, started, names)
    for one in skipped:
        render.note(f"left out: {render.safe(one.credential.handle)} {one.credential.kind}: {render.safe(one.error.message)}")
    by_hand = [one for one in started if one.rotation.credential not in by_name]
    rows = [_told(one, names) for one in by_hand]
    left = {
        "skipped": [{"account": one.credential.handle, "kind": one.credential.kind, "reason": one.error.message} for one in skipped]
    }  # fmt: skip
    if json and not by_name:
        render.emit("rotate", {"rotations": rows, **left})
        return
    failed = None
    if by_name:
        from govern.cli.connected import begin

        ready = [one.rotation for one in started if one.rotation.credential in by_name]
        try:
            begin(workspace, ready, by_name, by, server, mailed_code=mailed_code, also=rows, more=left, json=json)
        except Failed as error:
            failed = error
    if by_hand and not json:
        _go_on(workspace, by_hand, names, typeable=typeable)
    if failed is not None:
        raise failed


def _connectors(workspace: Workspace, connector: str, found: Sequence[Rotatable]) -> tuple[dict[str, str], list[tuple[Rotatable, Refused]]]:
    """Credential -> connector, and what the one that was named can't change; both empty where a person does it. Of a single one it is raised."""
    if connector == "guided":
        return {}, []
    from govern.procedures.ways import connectors

    by_name, beyond = connectors(workspace.view(), connector, found)
    if len(found) == 1 and beyond:
        raise beyond[0][1]
    return by_name, beyond


def _check_connector(connector: str, by: str, server: str, *, already_changed: bool) -> None:
    for option, value, metavar in (("--by", by, "ACCOUNT"), ("--server", server, "HOST")):
        if value and connector == "guided":
            raise Usage(f"{option} is for a connector", hint=f"--connector NAME {option} {metavar}")
    if already_changed and connector != "guided":
        raise Usage("--already-changed leaves a connector nothing to change", hint="one of the two")


def _check(selector: str, kind: str, *, all_due: bool, case: str, already_changed: bool, changed_on: str) -> None:
    from govern.fields import date
    from govern.vocabulary import KINDS

    if not (selector or all_due or case):
        raise Usage("which account is missing", hint="govern rotate ACCOUNT, or --all-due, or --case CASE")
    if kind and kind not in KINDS:
        raise Usage(f"there is no kind {kind[:40]!r}", hint=f"one of {', '.join(KINDS)}")
    if changed_on and not (already_changed and date(changed_on) and changed_on <= settings.now()[:10]):
        raise Usage(
            f"{changed_on[:40]!r} is no day on which it was changed", hint="--already-changed --changed-on YYYY-MM-DD, today or before"
        )


def _ended(credential: Rotatable, cut: Sequence[str] | None) -> Sequence[str]:
    """What was ended along with a change that was made already: as it was said, else asked for on a terminal."""
    if cut or not settings.current.terminal:
        return cut or ()
    from govern.cli.cutting import ask

    return ask(credential.platform, credential.kind)


def _given(found: Sequence[Rotatable], *, stdin: bool, already_changed: bool) -> Secret | None:
    """The secret from stdin or the terminal, where one is to be given; of one credential only."""
    from govern.cli.prompt import piped, secret
    from govern.procedures.candidates import stored_here
    from govern.rotation.kinds import FACTS

    if (stdin or already_changed) and len(found) != 1:
        raise Usage(
            f"one secret can't be that of {len(found)} credentials", hint="name one account, its --kind, and of several its --credential"
        )
    if not found or found[0].kept_in:
        if found and (stdin or (already_changed and piped())):
            stored_here(found[0])
        return None
    if stdin or (already_changed and found[0].kind not in FACTS):
        return secret(f"The new {found[0].kind} of {render.safe(found[0].handle)}", terminal=settings.current.terminal)
    return None


def _told(one: Started, names: dict[str, str]) -> dict[str, object]:
    about = {
        **row(one.rotation, names), "resumed": one.resumed, "staged": one.candidate is not None,
        "reuses": one.candidate.reuses or None if one.candidate else None,
    }  # fmt: skip
    return {**about, **confirmed(one.confirmed, names)} if one.confirmed else about


def _go_on(workspace: Workspace, started: Sequence[Started], names: dict[str, str], *, typeable: bool) -> None:
    from govern.cli.telling_platform import tell_before, tell_shared, tell_steps
    from govern.procedures.preflight import preflight

    for one in started:
        if one.confirmed:
            tell_confirmed(one.confirmed, names)
            tell_shared(workspace.view(), one.confirmed.rotation)
    waiting = [one.rotation for one in started if one.rotation.open]
    if settings.current.terminal:
        from govern.cli.guide import guide

        for rotation in waiting:
            guide(workspace, rotation.id, typeable=typeable)
        _in_the_end(workspace, [one.rotation.id for one in started])
    elif waiting:
        table(waiting, empty="")
        if len(waiting) > 1:
            render.note(f"{len(waiting)} wait for somebody to change them: on a terminal the same command leads through them")
        if len(waiting) == 1:
            told = preflight(workspace.view(), waiting[0])
            tell_before(told, waiting[0])
            tell_steps(told, waiting[0])
        tell_next(waiting)


def _in_the_end(workspace: Workspace, ids: Sequence[str]) -> None:
    """Where each stands, after several were led through."""
    from govern.register.queries.rotations import by_id

    if len(ids) > 1:
        render.line()
        db = workspace.view()
        found = [by_id(db, id_) for id_ in ids]
        table(found, empty="")
        tell_next(found)
