"""`govern offboard`: a departure, from the plan to the report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli import offboard_cut, offboard_items, render, settings
from govern.cli.departed import (
    Back,
    CaseId,
    Evidence,
    Json,
    Keep,
    Kind,
    LastDay,
    LostKey,
    Person,
    case_row,
    cases_table,
    find,
    item_row,
    items_table,
)
from govern.cli.offboard_cut import Stage
from govern.cli.offboard_told import show_cases, tell_opened, tell_staged
from govern.errors import Usage
from govern.languages import language
from govern.shell import quoted

if TYPE_CHECKING:
    from govern.procedures.offboard import Opening

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

Locale = Annotated[str, typer.Option(metavar="en|fr|nl|da|nb|es", help="In which language; else in yours, as far as it is known.")]


@app.command("plan")
def plan(
    person: Person,
    kind: Kind = "leaver",
    last_day: LastDay = "",
    keep: Keep = None,
    key: LostKey = None,
    accounts: Back = None,
    locale: Locale = "",
    json: Json = False,
) -> None:
    """What there would be to do if the person left now; nothing is recorded."""
    from govern.cli.lead_times import tell_waits, wait_rows
    from govern.cli.preflight_departure import told_of
    from govern.offboarding.kinds import read_kind
    from govern.procedures import offboard as procedure
    from govern.procedures.succession import waits
    from govern.register.queries.people import handles

    workspace = settings.workspace()
    db, now = workspace.view(), settings.now()
    opening = procedure.Opening(
        person=person, kind=read_kind(kind), cut_at=now, last_day=_day(last_day), keep=keep or (), keys=key or (), accounts=accounts or (),
    )  # fmt: skip
    names, planned = handles(db), procedure.plan(db, opening, now)
    waiting = waits(db, [entry for _, entries in planned for entry in entries], last=last_day or now, now=now)
    if json:
        items = [item_row(entry, names) | {"person": who.handle} for who, entries in planned for entry in entries]
        everybody = [who.handle for who, _ in planned]
        before = told_of(db, [(who.id, entries) for who, entries in planned], names, now, reader=workspace.person)
        render.emit("offboard", {"person": everybody[0], "people": everybody, "items": items, "lead_times": wait_rows(waiting)} | before)
        return
    language = settings.reading(locale, workspace)
    for who, entries in planned:
        if len(planned) > 1:
            render.line(render.safe(f"{who.handle}:"))
        items_table(entries, who.handle, names, language)
        told_of(db, [(who.id, entries)], names, now, reader=workspace.person, language=language)
    tell_waits(waiting, last_day, language)
    if all(who.id != workspace.person for who, _ in planned):
        render.next_step(f"govern offboard open {_again(opening)}", procedure.means(opening.kind, language.say))
    elif procedure.alone(db, workspace.person, now):
        render.next_step(
            "govern person invite PERSON", language.say("nobody opens their own departure: name a successor first, who opens it")
        )
    else:
        render.note(language.say("nobody opens their own departure: another admin or HR does"))


def _day(text: str) -> str:
    from govern.holdings.dates import day

    return day(text, "--last-day") if text else ""


def _again(opening: Opening) -> str:
    """The words behind `govern offboard open` for what was planned."""
    words = [quoted(opening.person), *([] if opening.kind == "leaver" else ["--kind", opening.kind])]
    words += ["--last-day", opening.last_day] if opening.last_day else []
    words += [word for selector in opening.keep for word in ("--keep", quoted(selector))]
    words += [word for selector in opening.accounts for word in ("--accounts", quoted(selector))]
    return " ".join([*words, *(word for key in opening.keys for word in ("--key", quoted(key)))])


@app.command("open")
def open_(
    person: Person,
    kind: Kind = "leaver",
    cut_at: Annotated[
        str, typer.Option(metavar="now|TIME", help="When everything ends: 14:00 today, or 2026-11-30T14:00, here or with its zone.")
    ] = "",
    last_day: LastDay = "",
    embargo: Annotated[bool, typer.Option("--embargo", help="Until the cut nobody learns of it but those named here.")] = False,
    name_reader: Annotated[
        list[str] | None, typer.Option(metavar="PERSON", help="With --embargo: who else may read it; repeatable.")
    ] = None,
    requested_by: Annotated[str, typer.Option(metavar="PERSON", help="Who asked for it.")] = "",
    evidence: Evidence = None,
    keep: Keep = None,
    key: LostKey = None,
    accounts: Back = None,
    stage: Stage = False,
    json: Json = False,
) -> None:
    """Open a departure: what the person could know is frozen; with the cut their grants end."""
    from govern.cli.times import digest_of, moment, told_here
    from govern.offboarding.kinds import read_kind
    from govern.procedures import offboard as procedure
    from govern.procedures import staging

    if name_reader and not embargo:
        raise Usage("readers are named for an embargoed departure alone", hint="--embargo --name-reader PERSON")
    now = settings.now()
    opening = procedure.Opening(
        person=person, kind=read_kind(kind), cut_at=moment(cut_at or "now", now) if cut_at or not embargo else "", last_day=_day(last_day),
        requested_by=requested_by, evidence=digest_of(evidence) if evidence else "", embargo=embargo, readers=name_reader or (),
        keep=keep or (), keys=key or (), accounts=accounts or (),
    )  # fmt: skip
    if stage and not "" < opening.cut_at <= now:
        raise Usage("nothing is staged before the cut", hint="then: govern offboard run-due --stage, or: govern offboard cut CASE --stage")
    workspace = settings.workspace()
    with workspace.transaction(now) as tx:
        if stage:
            staging.may_stage(tx)
        opened = procedure.open_all(tx, opening)
        staged = staging.stage(tx, [case for case, _ in opened]) if stage else None
    if last_day > now[:10] and not (cut_at or embargo):
        text = settings.reading("", workspace).say("the last day is {day}, and the cut is made now all the same: {option} plans one")
        render.note(text.format(day=last_day, option="--cut-at"))
    for case, made in opened:
        tell_opened(workspace, case, made, told_here(case.cut_at) if case.cut_at else "")
    tell_staged(staged, settings.reading("", workspace))
    show_cases(workspace, *(case.id for case, _ in opened), json=json, before=True)


@app.command("list")
def list_(json: Json = False) -> None:
    """All departures, those with work left first."""
    from govern.register.queries import cases
    from govern.register.queries.keys import entitled
    from govern.register.queries.people import handles

    workspace = settings.workspace()
    db = workspace.view()
    found = [case for case in cases.cases(db, reader=workspace.person) if not case.joins]
    names = handles(db)
    if json:
        render.emit("offboard", {"cases": [case_row(case, names) for case in found]})
    else:
        cases_table(found, names, settings.reading("", workspace), readable=entitled(db, workspace.person, settings.now()))


@app.command("show")
def show(
    case: CaseId,
    item: Annotated[str, typer.Argument(metavar="[ITEM]", help="Only this one, with what there is to do on its platform.")] = "",
    locale: Locale = "",
    json: Json = False,
) -> None:
    """One departure and its items; or one item, step by step."""
    from govern.cli.offboard_steps import show as one_item

    workspace = settings.workspace()
    if item:
        one_item(workspace, case, item, json=json, locale=locale)
        return
    show_cases(workspace, find(workspace.view(), case, reader=workspace.person).id, json=json, locale=locale)


@app.command("close")
def close(
    case: CaseId,
    statement: Annotated[str, typer.Option(help="What you attest, in your words; erasable.")] = "",
    json: Json = False,
) -> None:
    """Attest that the departure is complete."""
    from govern.procedures.offboard_items import close as procedure

    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        closed = procedure(tx, find(tx.register, case, reader=tx.actor), statement)
    if closed.signed_by_one:
        render.note(settings.reading("", workspace).say("closed, and recorded as signed by one: nobody else could have looked at it"))
    show_cases(workspace, closed.id, json=json)


@app.command("report")
def report(
    case: CaseId,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the report; made where absent.")],
    locale: Annotated[str, typer.Option(help="Language of all pages: en, fr, nl, da, nb, es; else each reader's own.")] = "",
    pdf: Annotated[bool, typer.Option("--pdf", help="The evidence as PDF as well; needs the extra pdf.")] = False,
    json: Json = False,
) -> None:
    """Write the report as a printable page, an evidence pack that a stranger can check, and a checklist for each person with something left to do."""
    from govern.cli import checklists, offboard_pack
    from govern.cli.files import write_into
    from govern.procedures.evidence import gather
    from govern.register.queries import people
    from govern.reports import departure

    workspace = settings.workspace()
    db = workspace.view()
    spoken = settings.locale(locale, lambda: people.by_id(db, workspace.person).locale)
    found = find(db, case, reader=workspace.person)
    now = settings.now()
    evidence = gather(workspace, found, now)
    told = departure.collect(db, found, vault=workspace.vault.hex(), now=now)
    name = f"{told.person.handle}-{found.id[:8]}"
    out = settings.place(out)
    files = [
        write_into(out, f"departure-{name}.html", departure.html(told, spoken)),
        write_into(out, f"departure-{name}.json", departure.json(told)),
    ]  # fmt: skip
    pack = offboard_pack.write(out / f"evidence-{name}", evidence, spoken, pdf=pdf)
    sheets = checklists.write(db, found, out, name, locale=locale, spoken=spoken, now=now)
    if json:
        render.emit(
            "offboard",
            {"case": found.id, "files": [str(path) for path in files], "evidence": [str(path) for path in pack], "checklists": sheets},
        )
        return
    for written in [*map(str, files), *map(str, pack), *(sheet["file"] for sheet in sheets)]:
        render.line(str(written))
    render.next_step(
        f"python docs/verify.py {workspace.vault.hex()} {quoted(str(pack[0].with_name('evidence.json')))}",
        language(spoken).say("checks the evidence, without govern"),
    )


offboard_cut.register(app)
offboard_items.register(app)
