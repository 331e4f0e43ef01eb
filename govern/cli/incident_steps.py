"""`govern incident done | skip | all-clear | close`: what was done, by whom, and that a second person has looked."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.cli import render, settings
from govern.cli.beside import digest
from govern.cli.incident_told import Evidence, Id, Json, go_on, head, incident_row, language_of, step_named, step_row
from govern.incidents.timing import clock

app = typer.Typer()

Step = Annotated[str, typer.Argument(metavar="STEP", help="Its name or its number.")]


def _end(id_: str, text: str, state: str, evidence: str, note: str, *, json: bool) -> None:
    from govern.procedures import incidents as procedure
    from govern.register.queries import incidents
    from govern.register.queries.people import handles

    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        one = incidents.find(tx.register, id_)
        step = procedure.end_step(tx, one, text, state=state, evidence=evidence, note=note)
        names = handles(tx.register)
    row = step_row(step, one, names)
    if json:
        render.emit("incident", {"incident": incident_row(one, names), "step": row})
        return
    named = step_named(step.name, language_of(workspace.view(), workspace.person))
    render.line(f"{named} is {step.state}, {clock(row['minutes'])} after the beginning{' (drill)' if one.drill else ''}")
    go_on(workspace.view(), one)


@app.command("done")
def done(
    id_: Id, step: Step, evidence: Evidence = None,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="What was done. Never a password.")] = "", json: Json = False,
) -> None:  # fmt: skip
    """Tick a step off. `rotate` once every secret is changed; `freeze` is ticked off by freezing."""
    _end(id_, step, "done", digest(evidence), note, json=json)


@app.command("skip")
def skip(
    id_: Id,
    step: Step,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why it is not needed.")] = "",
    json: Json = False,
) -> None:
    """Say that a step is not needed, and why."""
    _end(id_, step, "skipped", "", settings.need(reason, "--reason", "Reason"), json=json)


@app.command("second")
def second(id_: Id, person: Annotated[str, typer.Argument(metavar="PERSON")], json: Json = False) -> None:
    """Name who works beside the lead."""
    from govern.procedures import incidents as procedure
    from govern.register.queries import incidents
    from govern.register.queries.people import handles

    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        one = procedure.join(tx, incidents.find(tx.register, id_), person)
        names = handles(tx.register)
    row = incident_row(one, names)
    if json:
        render.emit("incident", {"incident": row})
        return
    render.line(head(row))
    go_on(workspace.view(), one)


@app.command("all-clear")
def all_clear(id_: Id, json: Json = False) -> None:
    """Say as the second person that all is clear; whoever leads can't, where anybody else could."""
    from govern.procedures import incidents as procedure
    from govern.register.queries import incidents
    from govern.register.queries.people import handles

    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        one = procedure.all_clear(tx, incidents.find(tx.register, id_))
        names = handles(tx.register)
        frozen = [freeze for freeze in incidents.freezes(tx.register) if freeze.account == one.account and not one.drill]
    row = incident_row(one, names)
    if json:
        render.emit("incident", {"incident": row, "frozen": bool(frozen)})
        return
    render.line(head(row))
    if one.alone:
        render.note("signed by one: nobody could have said it who neither leads nor did steps of it")
    if frozen:
        render.note(f"{one.handle} is still frozen: govern incident thaw {one.handle}")
    go_on(workspace.view(), one)


@app.command("close")
def close(
    id_: Id, lessons: Annotated[str, typer.Option("--lessons", metavar="TEXT", help="What is done otherwise from now on.")] = "",
    json: Json = False,
) -> None:  # fmt: skip
    """Close it, with what was learned."""
    from govern.procedures import incidents as procedure
    from govern.register.queries import incidents
    from govern.register.queries.people import handles

    learned = settings.need(lessons, "--lessons", "What was learned")
    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        one = procedure.close(tx, incidents.find(tx.register, id_), learned)
        names = handles(tx.register)
    row = incident_row(one, names)
    if json:
        render.emit("incident", {"incident": row})
        return
    render.line(f"{head(row)}; it took {clock(row['minutes'])}")
    go_on(workspace.view(), one)
