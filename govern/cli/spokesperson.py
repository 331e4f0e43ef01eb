"""`govern spokesperson`: who may publish in whose name, and the sheet of it for the switchboard and the press office."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from govern.cli import render, settings
from govern.cli.beside import Among, DryRun, Ended, Evidence, Json, On, Person, Selector, among, digest, ending, gone, listed, tell_known

if TYPE_CHECKING:
    from govern.register.queries.spokespersons import Spokesperson

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)


def row(one: Spokesperson, names: dict[str, str]) -> dict[str, Any]:
    """One named person for JSON."""
    return {
        "id": one.id, "account": one.handle, "platform": one.platform, "person": names.get(one.person, one.person), "trained_on": one.trained_on,
        "evidence": one.evidence or None, "named_at": one.named_at, "named_by": names.get(one.namer, one.namer), **ending(one, names),
    }  # fmt: skip


def table(rows: Sequence[dict[str, Any]], *, empty: str) -> None:
    """The same as columns."""
    render.table(
        ("account", "person", "trained on", "named", "by", "ended"),
        [
            (
                one["account"], one["person"], one["trained_on"], render.day(one["named_at"]), one["named_by"],
                gone(one),
            )
            for one in rows
        ],
        empty=empty,
    )  # fmt: skip


@app.command("add")
def add(
    selector: Selector,
    person: Person,
    trained_on: Annotated[str, typer.Option("--trained-on", metavar="DATE", help="When they were last trained for it.")] = "",
    evidence: Evidence = None,
    json: Json = False,
) -> None:
    """Name somebody who may publish in an account's name; once more after another training."""
    from govern.procedures import spokespersons as procedure
    from govern.register.queries.people import handles

    day, shown = settings.need(trained_on, "--trained-on", "Trained on"), digest(evidence)
    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        named = procedure.add(tx, selector, person, trained_on=day, evidence=shown)
        names = handles(tx.register)
    rows = [row(one, names) for one in named.spokespersons]
    if json:
        render.emit("spokesperson", {"spokespersons": rows, "unchanged": list(named.known), "silent": list(named.silent)})
        return
    for one in rows:
        render.line(f"{render.safe(one['person'])} may publish as {one['account']}, trained on {one['trained_on']}")
    tell_known(named.known, "named with this training")
    if named.silent:
        render.note(f"nobody publishes there: {', '.join(named.silent)}")
    render.next_step("govern spokesperson sheet --out FILE", "the list for the switchboard and the press office")


@app.command("list")
def list_(
    selector: Among = "",
    person: Annotated[str, typer.Option(metavar="PERSON", help="Only of this person.")] = "",
    ended: Ended = False,
    json: Json = False,
) -> None:
    """Who may publish in whose name."""
    from govern.register.queries import spokespersons

    rows = listed(spokespersons.spokespersons, row, person=person, ended=ended, chosen=lambda db, found: among(db, selector, found))
    if json:
        render.emit("spokesperson", {"spokespersons": rows})
        return
    table(rows, empty=f"nobody is named: govern spokesperson add {selector or 'ACCOUNT'} PERSON --trained-on DATE")


@app.command("end")
def end(selector: Selector, person: Person, on: On = "", dry_run: DryRun = False, json: Json = False) -> None:
    """Say that somebody publishes in an account's name no more."""
    from govern.procedures import spokespersons as procedure
    from govern.register.queries import spokespersons
    from govern.register.queries.people import handles

    workspace = settings.workspace()
    if dry_run:
        chosen = procedure.plan_end(workspace.view(), selector, person)
    else:
        with workspace.transaction(settings.now()) as tx:
            chosen = procedure.end(tx, selector, person, on=on)
    db = workspace.view()
    names, after = handles(db), {one.id: one for one in spokespersons.spokespersons(db, person=chosen[0].person, ended=True)}
    rows = [row(after[one.id], names) for one in chosen]
    if json:
        render.emit("spokesperson", {"spokespersons": rows, "dry_run": dry_run})
        return
    for one in rows:
        told = "would publish as" if dry_run else "publishes as"
        render.line(f"{render.safe(one['person'])} {told} {one['account']} no more")
    still = [one for one in rows if not dry_run]
    if still:
        render.next_step(f"govern who {still[0]['account']}", "whoever holds it can still publish until it is revoked")
    else:
        render.next_step(f"govern spokesperson end {selector} {render.safe(rows[0]['person'])}", "the same without --dry-run")


@app.command("sheet")
def sheet(
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="HTML to print.")] = None,
    locale: Annotated[str, typer.Option(metavar="L", help="en, fr, nl, da, nb or es; yours where it is missing.")] = "",
    json: Json = False,
) -> None:
    """Print who may publish and speak for which account: for the switchboard and the press office."""
    from govern.cli.files import write_new
    from govern.register.queries import people
    from govern.reports import switchboard

    file = Path(settings.need(str(out) if out else "", "--out", "File"))
    workspace = settings.workspace()
    db, now = workspace.view(), settings.now()
    lines = switchboard.collect(db, today=now[:10])
    spoken = settings.locale(locale, lambda: people.by_id(db, workspace.person).locale)
    write_new(settings.place(file), switchboard.html(lines, spoken, now=now))
    if json:
        render.emit(
            "spokesperson", {"file": str(file), "accounts": len({one.account for one in lines}), "people": len({one.name for one in lines})}
        )
        return
    render.line(f"wrote {file}: {render.count(len({one.name for one in lines}), 'name')}")
    old = [one for one in lines if one.too_old]
    if old:
        render.note(f"marked, for their training is too old: {', '.join(dict.fromkeys(render.safe(one.name) for one in old))}")
    render.next_step(f"open {file}", "and print it; it holds names and mail addresses")
