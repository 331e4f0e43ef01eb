"""`govern onboard`: somebody new, from the welcome sheet to the last permission."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli import offboard_items, render, settings
from govern.cli.departed import CaseId, Evidence, Json, Person, case_row, find, spoken_as
from govern.cli.onboard_show import show_case, table, tell_plan

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

Accounts = Annotated[
    list[str] | None, typer.Option("--accounts", metavar="SELECTOR", help="What they will work with; repeatable, or with commas.")
]
Department = Annotated[str, typer.Option(metavar="NAME", help="All accounts of this department.")]
Locale = Annotated[str, typer.Option(metavar="en|fr|nl|da|nb|es", help="In which language; else in the reader's, as far as it is known.")]


def _selectors(accounts: Sequence[str] | None) -> list[str]:
    return [word.strip() for selector in accounts or () for word in selector.split(",") if word.strip()]


@app.command("open")
def open_(
    person: Person,
    starts_on: Annotated[str, typer.Option("--starts-on", metavar="DATE", help="The first day; else today.")] = "",
    accounts: Accounts = None,
    department: Department = "",
    by_hand: Annotated[
        bool, typer.Option("--by-hand", help="They will have no keys of their own: secrets are handed over in person.")
    ] = False,
    requested_by: Annotated[str, typer.Option(metavar="PERSON", help="Who asked for it.")] = "",
    evidence: Evidence = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what there would be to do, and record nothing.")] = False,
    json: Json = False,
) -> None:
    """Open the case of somebody new: what they read, sign and learn, and how they get into each account."""
    from govern.cli.times import digest_of
    from govern.holdings.dates import day
    from govern.procedures import onboard as procedure

    now = settings.now()
    opening = procedure.Opening(
        person=person, starts_on=day(starts_on, "--starts-on") if starts_on else now[:10], accounts=_selectors(accounts), department=department,
        requested_by=requested_by, evidence=digest_of(evidence) if evidence else "", by_hand=by_hand,
    )  # fmt: skip
    workspace = settings.workspace()
    if dry_run:
        who, entries = procedure.plan(workspace.view(), opening, now)
        tell_plan(workspace, who, opening, entries, json=json)
        return
    with spoken_as("onboard"), workspace.transaction(now) as tx:
        opened = procedure.open_(tx, opening)
    show_case(workspace, opened.id, json=json)


@app.command("list")
def list_(json: Json = False) -> None:
    """Everybody new with a case, those with work left first."""
    from govern.register.queries import cases
    from govern.register.queries.people import handles

    workspace = settings.workspace()
    db = workspace.view()
    found, names = [case for case in cases.cases(db, reader=workspace.person) if case.joins], handles(db)
    if json:
        render.emit("onboard", {"cases": [case_row(case, names) for case in found]})
    else:
        table(found, names, settings.reading("", workspace))


@app.command("show")
def show(
    case: CaseId,
    item: Annotated[str, typer.Argument(metavar="[ITEM]", help="Only this one, with what there is to do on its platform.")] = "",
    locale: Locale = "",
    json: Json = False,
) -> None:
    """What there is to do for somebody new; or one item, step by step."""
    from govern.cli.offboard_steps import show as one_item

    workspace = settings.workspace()
    if item:
        with spoken_as("onboard"):
            one_item(workspace, case, item, json=json, locale=locale, noun="onboard")
        return
    show_case(workspace, find(workspace.view(), case, reader=workspace.person, noun="onboard").id, json=json, locale=locale)


@app.command("add")
def add(case: CaseId, accounts: Accounts = None, department: Department = "", json: Json = False) -> None:
    """Let a case be about more accounts."""
    from govern.procedures import onboard as procedure

    workspace = settings.workspace()
    selectors = [*_selectors(accounts), *([f"department:{department}"] if department else [])]
    with spoken_as("onboard"), workspace.transaction(settings.now()) as tx:
        found = find(tx.register, case, reader=tx.actor, noun="onboard")
        added = procedure.add(tx, found, selectors)
    render.note(settings.reading("", workspace).count("1 added", "{n} added", added))
    show_case(workspace, found.id, json=json)


@app.command("refresh")
def refresh(case: CaseId, json: Json = False) -> None:
    """End what the ledger shows as done, and take in what came up since."""
    from govern.procedures import offboard as procedure

    workspace = settings.workspace()
    with spoken_as("onboard"), workspace.transaction(settings.now()) as tx:
        settled = procedure.refresh(tx, find(tx.register, case, reader=tx.actor, noun="onboard"))
    language = settings.reading("", workspace)
    ended = language.count("1 item ended", "{n} items ended", len(settled.ended))
    render.note(f"{ended}, {language.count('1 added', '{n} added', settled.added)}")
    show_case(workspace, settled.case.id, json=json)


@app.command("close")
def close(
    case: CaseId,
    statement: Annotated[str, typer.Option(help="What you attest, in your words; erasable.")] = "",
    json: Json = False,
) -> None:
    """Attest that they have signed, learned and been given what they need."""
    from govern.procedures.offboard_items import close as procedure

    workspace = settings.workspace()
    with spoken_as("onboard"), workspace.transaction(settings.now()) as tx:
        closed = procedure(tx, find(tx.register, case, reader=tx.actor, noun="onboard"), statement)
    if closed.signed_by_one:
        render.note(settings.reading("", workspace).say("closed, and recorded as signed by one: nobody else could have looked at it"))
    show_case(workspace, closed.id, json=json)


@app.command("report")
def report(
    case: CaseId,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the sheets; made where absent.")],
    locale: Locale = "",
    json: Json = False,
) -> None:
    """Write the welcome sheet, each document that they have yet to sign, and a checklist for each person with something left to do."""
    from govern.cli import checklists
    from govern.cli.files import write_into
    from govern.register.queries import people
    from govern.reports import welcome

    workspace = settings.workspace()
    db, now = workspace.view(), settings.now()
    found = find(db, case, reader=workspace.person, noun="onboard")
    spoken = settings.locale(locale, lambda: people.by_id(db, found.person).locale or people.by_id(db, workspace.person).locale)
    told, folder = welcome.collect(db, found, now=now, locale=spoken), settings.place(out)
    name = f"{told.person.handle}-{found.id[:8]}"
    first = write_into(folder, f"welcome-{name}.html", welcome.html(told, spoken))
    papers = [
        write_into(folder, f"sign-{told.person.handle}-{one.name}.html", welcome.to_sign(told, one)) for one in told.documents if one.text
    ]  # fmt: skip
    readers = settings.locale(locale, lambda: people.by_id(db, workspace.person).locale)
    sheets = checklists.write(db, found, folder, name, locale=locale, spoken=readers, now=now)
    if json:
        render.emit("onboard", {
            "case": found.id, "locale": spoken, "welcome": str(first), "documents": [str(path) for path in papers], "checklists": sheets,
        })  # fmt: skip
        return
    for written in [str(first), *map(str, papers), *(str(sheet["file"]) for sheet in sheets)]:
        render.line(written)
    if told.to_hand_out:
        again = f"govern onboard done {found.id[:8]} {told.to_hand_out}"
        render.next_step(again, settings.reading("", workspace).say("once it is handed out"))
    else:
        render.next_step(f"govern onboard show {found.id[:8]}")


offboard_items.register(app)
