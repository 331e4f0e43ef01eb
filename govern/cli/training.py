"""`govern training`: who was trained in what, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from govern.cli import render, settings
from govern.cli.beside import Evidence, Json, Person, digest

if TYPE_CHECKING:
    from govern.register.queries.documents import Training

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)


def row(one: Training, names: dict[str, str]) -> dict[str, Any]:
    """One training for JSON."""
    return {
        "person": names.get(one.person, one.person), "subject": one.subject, "on": one.on, "evidence": one.evidence or None,
        "recorded_at": one.at, "recorded_by": names.get(one.recorder, one.recorder), "entry": one.entry,
    }  # fmt: skip


@app.command("add")
def add(
    person: Person,
    subject: Annotated[str, typer.Option(metavar="S", help="What it was in; the policy names the one it asks for.")] = "",
    on: Annotated[str, typer.Option(metavar="DATE", help="The day of the training.")] = "",
    evidence: Evidence = None,
    json: Json = False,
) -> None:
    """Record that somebody was trained; once more after another training, the latest counts."""
    from govern.procedures import training as procedure
    from govern.register.queries.people import handles

    what, day, shown = settings.need(subject, "--subject", "Subject"), settings.need(on, "--on", "Day of the training"), digest(evidence)
    with settings.workspace().transaction(settings.now()) as tx:
        one, new = procedure.add(tx, person, subject=what, on=day, evidence=shown)
        names = handles(tx.register)
    if json:
        render.emit("training", {"trainings": [row(one, names)], "new": new})
        return
    who = render.safe(names[one.person])
    render.line(f"{who} was trained in {one.subject} on {one.on}{'' if new else ', as recorded already'}")
    render.next_step(f"govern training list --person {who}")


@app.command("list")
def list_(
    person: Annotated[str, typer.Option(metavar="PERSON", help="Only of this person.")] = "", json: Json = False
) -> None:  # fmt: skip
    """Trainings, the latest first."""
    from govern.register.queries import documents, people

    db = settings.workspace().view()
    found = documents.trainings(db, person=people.find(db, person).id if person else "")
    names = people.handles(db)
    if json:
        render.emit("training", {"trainings": [row(one, names) for one in found]})
        return
    render.table(
        ("person", "subject", "on", "recorded", "by"),
        [(names[one.person], one.subject, one.on, render.day(one.at), names[one.recorder]) for one in found],
        empty=f"nothing is recorded: govern training add {render.safe(person) or 'PERSON'} --subject SUBJECT --on DATE",
    )
