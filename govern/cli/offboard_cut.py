"""The cut of a departure, as commands of `govern offboard`: cut, run-due, and refresh, which takes in what came up since."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.cli import render, settings
from govern.cli.departed import CaseId, Json, case_row, cases_table, find
from govern.cli.offboard_told import show_cases, tell_cut, tell_staged

Stage = Annotated[bool, typer.Option("--stage", help="With the cut, in the same transaction: seal new secrets for those who stay.")]


def cut(case: CaseId, stage: Stage = False, json: Json = False) -> None:
    """Make the cut now, whatever time was planned."""
    from govern.procedures import offboard as procedure
    from govern.procedures import staging

    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        if stage:
            staging.may_stage(tx)
        made = procedure.cut(tx, find(tx.register, case, reader=tx.actor))
        staged = staging.stage(tx, [made.case]) if stage else None
    tell_cut(made, settings.reading("", workspace))
    tell_staged(staged, settings.reading("", workspace))
    show_cases(workspace, made.case.id, json=json)


def run_due(stage: Stage = False, json: Json = False) -> None:
    """Make every cut whose time has come; safe to run twice."""
    from govern.procedures import offboard as procedure
    from govern.procedures import staging
    from govern.register.queries.people import handles

    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        if stage:
            staging.may_stage(tx)
        made = procedure.run_due(tx)
        staged = staging.stage(tx, [one.case for one in made]) if stage and made else None
    db = workspace.view()
    names, left, language = handles(db), procedure.left_to_others(db, workspace.person, settings.now()), settings.reading("", workspace)
    for case in left:
        render.note(
            procedure.why_left(db, workspace.person, case, settings.now(), language.say).format(person=render.safe(names[case.person]))
        )
    if json:
        render.emit("offboard", {"cases": [case_row(one.case, names) for one in made]})
        return
    for one in made:
        tell_cut(one, language)
    tell_staged(staged, language)
    if made:
        cases_table([one.case for one in made], names, language)
    else:
        render.note(language.say("no cut is due"))


def refresh(case: CaseId, json: Json = False) -> None:
    """End what the ledger shows as done, and take in what came up since."""
    from govern.procedures import offboard as procedure

    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        settled = procedure.refresh(tx, find(tx.register, case, reader=tx.actor))
    language = settings.reading("", workspace)
    ended = language.count("1 item ended", "{n} items ended", len(settled.ended))
    render.note(f"{ended}, {language.count('1 added', '{n} added', settled.added)}")
    show_cases(workspace, settled.case.id, json=json)


def register(app: typer.Typer) -> None:
    """Add them to `govern offboard`."""
    for name, command in (("cut", cut), ("run-due", run_due), ("refresh", refresh)):
        app.command(name)(command)
