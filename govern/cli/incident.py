"""`govern incident`: somebody reports that something went wrong; two people work through it; one of them, not the lead, says that all is clear."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli import incident_freeze, incident_page, incident_steps, render, settings
from govern.cli.incident_told import (
    KINDS,
    Account,
    Id,
    Json,
    PlaybookFile,
    freeze_row,
    go_on,
    head,
    incident_row,
    kind,
    language_of,
    playbook,
    reach_lines,
    report_row,
    step_row,
    steps_table,
)

if TYPE_CHECKING:
    from govern.procedures.incidents import Opened
    from govern.register.workspace import Workspace

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

Kind = Annotated[str, typer.Option("--kind", metavar=KINDS, help="What happened.")]
Lead = Annotated[str, typer.Option("--lead", metavar="P", help="Who leads; you where it is missing.")]
Second = Annotated[str, typer.Option("--second", metavar="P", help="Who works beside them, and says in the end that all is clear.")]


@app.callback()
def incident() -> None:
    """When something went wrong: report it, work through it, learn from it."""


@app.command("report")
def report(
    id_: Annotated[str, typer.Argument(metavar="[ID]", help="Of an incident: write its time line, with --out.")] = "",
    account: Account = "",
    kind_: Kind = "",
    note: Annotated[str, typer.Option("--note", metavar="N", help="What you saw, where and when. Never a password.")] = "",
    on_behalf_of: Annotated[str, typer.Option("--on-behalf-of", metavar="PERSON", help="Who saw it and has no keys.")] = "",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where the time line of an incident goes, as HTML and JSON.")
    ] = None,
    locale: Annotated[str, typer.Option(metavar="L", help="en, fr, nl, da, nb or es; yours where it is missing.")] = "",
    json: Json = False,
) -> None:
    """Tell the responsible person and admins at once what you saw; or, of an incident, write its time line."""
    if id_:
        incident_page.write(id_, out, locale, json=json)
        return
    from govern.procedures import incidents as procedure
    from govern.register.queries.people import handles

    chosen, seen = kind(settings.need(kind_, "--kind", "Kind")), settings.need(note, "--note", "What you saw")
    workspace, now = settings.workspace(), settings.now()
    with workspace.transaction(now) as tx:
        made = procedure.report(tx, account=account, kind=chosen, note=seen, playbook=playbook(None), on_behalf=on_behalf_of)
        names = handles(tx.register)
    calls = procedure.whom_to_call(workspace.view(), made.account, now)
    told, lacking = _tell(workspace, made.id)
    people = [{"person": who.handle, "name": who.name, "mail": who.mail or None, "why": why} for who, why in calls]
    if json:
        render.emit("incident", {"report": report_row(made, names), "told": told, "not_told_because": lacking or None, "call": people})
        return
    render.line(f"reported {made.kind}: {made.id[:8]}; somebody answers by {made.answer_by}")
    for handle in told:
        render.line(render.safe(f"told {handle}"))
    if lacking:
        render.note(render.safe(f"{'not everybody was told' if told else 'no message has gone out'}: {lacking}"))
    render.line("call them too:" if told else "call them now:")
    for one in people:
        render.line(render.safe(f"  {one['name']} ({one['why']}){', ' + one['mail'] if one['mail'] else ''}"))
    render.next_step(f"govern incident open {made.id[:8]}", "whoever answers for it, or an admin")


def _tell(workspace: Workspace, report: str) -> tuple[list[str], str]:
    """Handles of those who were told just now, and else why nobody was."""
    from govern.procedures.urgent import tell

    return tell(workspace, settings.now, report)


@app.command("answer")
def answer(id_: Id, json: Json = False) -> None:
    """Say that you have looked at a report, where nothing has to be opened for it."""
    from govern.procedures import incidents as procedure
    from govern.register.queries.people import handles

    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        made = procedure.answer(tx, id_)
        names = handles(tx.register)
    if json:
        render.emit("incident", {"report": report_row(made, names)})
        return
    render.line(f"answered the report {made.id[:8]}")
    render.next_step("govern incident list")


@app.command("open")
def open_(
    what: Annotated[str, typer.Argument(metavar="ACCOUNT|REPORT")],
    kind_: Kind = "",
    lead: Lead = "",
    second: Second = "",
    own: PlaybookFile = None,
    json: Json = False,
) -> None:
    """Open an incident: its steps, and a rotation of every secret of the account and of its mailbox."""
    _open(what, kind_, lead, second, own, json=json, drill=False)


@app.command("drill")
def drill(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT")],
    kind_: Kind = "takeover",
    lead: Lead = "",
    second: Second = "",
    own: PlaybookFile = None,
    json: Json = False,
) -> None:
    """Practise: the same steps and the same clock, and nothing is frozen or changed."""
    _open(account, kind_, lead, second, own, json=json, drill=True)


def _open(what: str, kind_: str, lead: str, second: str, own: Path | None, *, json: bool, drill: bool) -> None:
    from govern.procedures import incidents as procedure
    from govern.register.queries import incidents
    from govern.register.queries.people import handles

    chosen, rules = kind(kind_) if kind_ else "", playbook(own)
    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        opened = procedure.open_(tx, what, kind=chosen, lead=lead, second=second, playbook=rules, drill=drill)
        names = handles(tx.register)
    db = workspace.view()
    row = incident_row(opened.incident, names)
    steps = [step_row(step, opened.incident, names) for step in incidents.steps(db, opened.incident.id)]
    texts = list(rules.kinds[opened.incident.kind].texts)
    if json:
        rotating = [{"account": account, "kind": kind} for account, kind in opened.rotations]
        render.emit(
            "incident", {"incident": row, "steps": steps, "rotations": rotating, "ask_others_for": list(opened.others), "texts": texts}
        )
        return
    render.line(head(row))
    steps_table(steps, language_of(db, workspace.person))
    _tell_opened(opened)
    if not opened.incident.second:
        render.note("nobody is second: two work on it, so that one can say in the end that all is clear")
    if texts:
        render.note(f"texts to begin with: govern incident text {opened.incident.id[:8]} {'|'.join(texts)}")
    go_on(db, opened.incident)


def _tell_opened(opened: Opened) -> None:
    if opened.incident.drill:
        render.note("a drill: nothing is frozen and nothing is changed; say so to whoever might take it for real")
        return
    if opened.rotations:
        render.line(f"to change now: {', '.join(f'{kind} of {account}' for account, kind in opened.rotations)}")
    if opened.under_way:
        render.note(f"being changed already: {', '.join(f'{kind} of {account}' for account, kind in opened.under_way)}")
    if opened.others:
        render.note(f"somebody who answers for it, or an admin, begins to change: {', '.join(opened.others)}")


@app.command("list")
def list_(all_: Annotated[bool, typer.Option("--all", help="Also what has ended.")] = False, json: Json = False) -> None:
    """Reports that wait for an answer, incidents, and what is frozen."""
    from govern.register.queries import incidents
    from govern.register.queries.people import handles

    db = settings.workspace().view()
    names = handles(db)
    waiting = [report_row(one, names) for one in incidents.reports(db, every=all_)]
    found = [incident_row(one, names) for one in incidents.incidents(db, every=all_)]
    frozen = [freeze_row(one, names) for one in incidents.freezes(db, every=all_)]
    if json:
        render.emit("incident", {"reports": waiting, "incidents": found, "freezes": frozen})
        return
    if waiting:
        render.table(
            ("report", "kind", "account", "by", "answer by", "answered"),
            [
                (one["id"][:8], one["kind"], one["account"] or "", one["reported_by"], one["answer_by"], one["answered_by"] or "")
                for one in waiting
            ],
        )
    if found:
        render.table(
            ("incident", "kind", "account", "state", "lead", "second", "opened"),
            [
                (
                    one["id"][:8], f"{one['kind']}{' (drill)' if one['drill'] else ''}", one["account"] or "", one["state"], one["lead"],
                    one["second"] or "", one["opened_at"],
                )
                for one in found
            ],
        )  # fmt: skip
    for one in frozen:
        until = f" until {render.day(one['ended_at'])}" if one["ended_at"] else ""
        render.line(
            render.safe(
                f"frozen: {one['account'] or 'everything'} since {render.day(one['at'])}{until}, but for {', '.join(one['allowed'])}"
            )
        )
    if not (waiting or found or frozen):
        render.note("nothing is reported, open or frozen: govern incident report --account ACCOUNT --kind KIND --note NOTE")
    elif waiting and not waiting[0]["answered_at"]:
        render.next_step(f"govern incident open {waiting[0]['id'][:8]}")
    elif found:
        render.next_step(f"govern incident show {found[0]['id'][:8]}")


@app.command("show")
def show(id_: Id, json: Json = False) -> None:
    """One incident: its steps, how long each took, and how the platform is reached."""
    from govern.cli.telling_platform import contact_json
    from govern.policy.platforms import contacts, load_profiles
    from govern.procedures.incidents import rotations_left
    from govern.register.queries import accounts, incidents
    from govern.register.queries.people import handles

    workspace = settings.workspace()
    db = workspace.view()
    one, names = incidents.find(db, id_), handles(db)
    row = incident_row(one, names)
    steps = [step_row(step, one, names) for step in incidents.steps(db, one.id)]
    left = rotations_left(db, one)
    tools = incidents.tools(db, one.account) if one.account else []
    about = load_profiles().get(one.platform)
    reached = contacts(about, accounts.by_id(db, one.account).url) if about else []
    if json:
        render.emit(
            "incident",
            {
                "incident": row, "steps": steps, "rotations": [{"account": account, "kind": kind} for account, kind in left], "tools": tools,
                "platform": {
                    "name": about.name, "pages": [source.url for source in about.sources.values()],
                    "contact": [contact_json(said, url) for said, url in reached],
                } if about else None,
            },
        )  # fmt: skip
        return
    speech = language_of(db, workspace.person)
    render.line(head(row))
    steps_table(steps, speech)
    if left:
        render.line(f"to change: {', '.join(f'{kind} of {account}' for account, kind in left)}")
    if tools:
        render.line(render.safe(f"posts may wait in: {', '.join(tools)}"))
    if about and not one.closed_at:
        reach_lines(about, reached, speech, tell=render.line)
        render.note(f"sessions, apps and roles there, one after the other: govern platform show {one.platform}")
    go_on(db, one)


@app.command("check")
def check(file: Annotated[Path, typer.Argument(metavar="FILE", help="A playbook of your own.")], json: Json = False) -> None:
    """Look at a playbook of your own; line and key of what is wrong."""
    rules = playbook(file)
    if json:
        render.emit("incident", {"kinds": {name: [step for step, _ in rule.steps] for name, rule in rules.kinds.items()}})
        return
    for name, rule in rules.kinds.items():
        render.line(f"{name}: answered within {rule.answer_minutes} minutes; {', '.join(step for step, _ in rule.steps)} ({rule.control})")
    render.next_step(f"govern incident open ACCOUNT --kind KIND --playbook {file}")


for _part in (incident_steps.app, incident_freeze.app, incident_page.app):
    app.registered_commands.extend(_part.registered_commands)
