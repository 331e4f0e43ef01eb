"""`govern exception`: rules of the house that are set aside for an account or a person, why and until when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from govern.cli import render, settings
from govern.cli.beside import Among, Ended, Json
from govern.vocabulary import EXCEPTIONS

if TYPE_CHECKING:
    from govern.register.queries.exceptions import Granted

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

Point = Annotated[str, typer.Option("--point", metavar="|".join(EXCEPTIONS), help="From which rule.")]


def row(one: Granted, names: dict[str, str], today: str) -> dict[str, Any]:
    """One exception for JSON."""
    return {
        "id": one.id, "point": one.point, "account": one.handle or None, "person": names.get(one.person, one.person) if one.person else None,
        "until": one.until, "over": one.until < today, "reason": one.reason or None, "granted_at": one.granted_at,
        "granted_by": names.get(one.granter, one.granter), "ended_at": one.ended_at or None, "ended_by": names.get(one.ender) if one.ender else None,
        "entry": one.entry,
    }  # fmt: skip


def _about(one: dict[str, Any]) -> str:
    return " on ".join(render.safe(part) for part in (one["person"], one["account"]) if part)


@app.command("add")
def add(
    account: Annotated[str, typer.Argument(metavar="[SELECTOR]", help="An account, or platform:…, department:…, client:…, tag:…")] = "",
    point: Point = "",
    person: Annotated[str, typer.Option(metavar="PERSON", help="For this person; with an account, for them there alone.")] = "",
    reason: Annotated[str, typer.Option(help="Why; kept with the exception, erasable.")] = "",
    until: Annotated[str, typer.Option(metavar="DATE", help="The last day on which it counts, within a year.")] = "",
    json: Json = False,
) -> None:
    """Set a rule aside for an account or a person, for a reason and until a day; once more to make it last longer."""
    from govern.procedures import exceptions as procedure
    from govern.register.queries.people import handles

    point = settings.need(point, "--point", f"From which rule ({', '.join(EXCEPTIONS)})")
    why, day = settings.need(reason, "--reason", "Reason"), settings.need(until, "--until", "Until")
    workspace, now = settings.workspace(), settings.now()
    with workspace.transaction(now) as tx:
        made = procedure.add(tx, account, point=point, person=person, until=day, reason=why)
        names = handles(tx.register)
    rows = [row(one, names, now[:10]) for one in made]
    if json:
        render.emit("exception", {"exceptions": rows})
        return
    for one in rows:
        render.line(f"{_about(one)}: no {one['point']} until {one['until']} ({one['id'][:8]})")
    render.next_step(f"govern exception end {rows[0]['id'][:8]}", "as soon as the rule can be kept; you are reminded before it runs out")


@app.command("list")
def list_(
    selector: Among = "",
    person: Annotated[str, typer.Option(metavar="PERSON", help="Only of this person.")] = "",
    point: Point = "",
    ended: Ended = False,
    json: Json = False,
) -> None:
    """Exceptions, the one that runs out first before the others."""
    from govern.cli.beside import among
    from govern.register.queries import exceptions, people

    db, today = settings.workspace().view(), settings.now()[:10]
    found = exceptions.exceptions(db, point=point, person=people.find(db, person).id if person else "", ended=ended)
    names = people.handles(db)
    rows = [row(one, names, today) for one in among(db, selector, found)]
    if json:
        render.emit("exception", {"exceptions": rows})
        return
    render.table(
        ("exception", "from", "for", "until", "by", "why", "ended"),
        [
            (
                one["id"][:8], one["point"], _about(one), f"{one['until']}{' (over)' if one['over'] else ''}", one["granted_by"], one["reason"] or "",
                render.day(one["ended_at"] or ""),
            )
            for one in rows
        ],
        empty="no exception stands",
    )  # fmt: skip


@app.command("end")
def end(
    exception: Annotated[str, typer.Argument(metavar="EXCEPTION", help="Its id (six digits suffice), or its account.")],
    json: Json = False,
) -> None:
    """Say that the rule counts again."""
    from govern.procedures import exceptions as procedure
    from govern.register.queries import exceptions
    from govern.register.queries.people import handles

    workspace, now = settings.workspace(), settings.now()
    with workspace.transaction(now) as tx:
        ended = procedure.end(tx, exception)
        names = handles(tx.register)
        after = next(one for one in exceptions.exceptions(tx.register, ended=True) if one.id == ended.id)
    told = row(after, names, now[:10])
    if json:
        render.emit("exception", {"exceptions": [told]})
        return
    render.line(f"{_about(told)}: {told['point']} counts again")
    render.next_step("govern exception list", "those that still stand")
