"""`govern person`: people in and around the company."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli import enrolment, render, settings
from govern.errors import Usage
from govern.languages import LOCALES, locale_of
from govern.shell import quoted

if TYPE_CHECKING:
    from govern.register.queries.people import Person

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]

_MOST_BYTES = 64 << 20


def _row(person: Person) -> dict[str, object]:
    return {
        "handle": person.handle, "name": person.name, "mail": person.mail, "status": person.status, "roles": list(person.roles),
        "keyholder": person.keyholder, "department": person.department, "external": person.external, "agency": person.agency,
        "left_on": person.left_on or None,
    }  # fmt: skip


def _show(found: list[Person], *, json: bool) -> None:
    if json:
        render.emit("person", {"people": [_row(person) for person in found]})
        return
    render.table(
        ("handle", "name", "status", "roles", "keys", "mail"),
        [(p.handle, p.name, p.status, ", ".join(p.roles), "yes" if p.keyholder else "no", p.mail) for p in found],
        empty="nobody yet: govern person add 'Name <mail>'",
    )


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(metavar="'Name <mail>'")],
    handle: Annotated[str, typer.Option(help="What the person is called in commands.")] = "",
    department: Annotated[str, typer.Option()] = "",
    locale: Annotated[str, typer.Option(help="Language for texts: en, fr, nl, da, nb, es.")] = "",
    external: Annotated[str, typer.Option(metavar="AGENCY", help="The agency, for people from outside.")] = "",
    left: Annotated[str, typer.Option(metavar="DATE", help="The last day, for former staff.")] = "",
    json: Json = False,
) -> None:
    """Add a person, without keys."""
    from govern.holdings.dates import day
    from govern.holdings.names import split_name
    from govern.procedures import people as procedure

    now = settings.now()
    full, mail = split_name(name)
    if left and day(left, "--left") > now[:10]:
        who = quoted(handle) if handle else "PERSON"
        raise Usage(f"--left: {left} lies ahead", hint=f"add the person without --left, then: govern offboard open {who} --last-day {left}")
    if locale:
        locale = locale_of(locale)
        if not locale:
            raise Usage("--locale: there are no texts in that language", hint=f"one of {', '.join(LOCALES)}")
    workspace = settings.workspace()
    with workspace.transaction(now) as tx:
        alike = procedure.alike(tx.register, full, mail)
        person = procedure.add(
            tx,
            procedure.NewPerson(name=full, mail=mail, handle=handle, department=department, locale=locale, agency=external, left=left),
        )
    if json:
        render.emit("person", {"people": [_row(person)], "alike": alike})
    else:
        _show([person], json=False)
    if alike:
        render.note(f"note: is this the same person as {', '.join(map(render.safe, alike))}?")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV with columns of names, mail addresses, departments, …")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say who would be added, and record nothing.")] = False,
    json: Json = False,
) -> None:
    """Add everybody of a table who is not there yet."""
    from govern.importers import people_table
    from govern.importers.read import contents
    from govern.procedures import people_table as procedure

    table = people_table.read(contents(file, _MOST_BYTES))
    workspace = settings.workspace()
    if dry_run:
        planned = procedure.plan(workspace.view(), table, settings.now())
    else:
        with workspace.transaction(settings.now()) as tx:
            planned = procedure.take_in(tx, table)
    created = [one.handle for one in planned.created]
    if json:
        render.emit("person", {
            "created": created, "unchanged": planned.unchanged, "skipped": [{"row": one.row, "reason": one.reason} for one in planned.skipped],
            "alike": [{"person": handle, "like": others} for handle, others in planned.alike.items()], "ahead": planned.ahead,
            "dry_run": dry_run,
        })  # fmt: skip
        return
    render.table(
        ("handle", "name", "mail", "department", "left"),
        [(one.handle, one.name, one.mail, one.department, one.left) for one in planned.created],
        empty="nobody new",
    )
    for text in table.warnings:
        render.note(f"note: {text}")
    for one in planned.skipped:
        render.note(f"left out: {one.row}: {render.safe(one.reason)}")
    for handle, others in planned.alike.items():
        render.note(f"note: is {render.safe(handle)} the same person as {', '.join(map(render.safe, others))}?")
    for handle in planned.ahead:
        render.note(f"note: the last day of {render.safe(handle)} lies ahead: added as somebody who is here")
    render.note(
        f"{len(created)} {'would be added' if dry_run else 'added'}, {len(planned.unchanged)} there already, {len(planned.skipped)} left out"
    )  # fmt: skip
    for handle in planned.ahead[:3] if not dry_run else []:
        render.next_step(f"govern offboard open {render.safe(handle)}")


@app.command("list")
def list_(json: Json = False) -> None:
    """Everybody, and who has keys."""
    from govern.register.queries.people import people

    _show(people(settings.workspace().view()), json=json)


@app.command("show")
def show(person: Annotated[str, typer.Argument(metavar="PERSON")], json: Json = False) -> None:
    """One person."""
    from govern.register.queries.people import find

    _show([find(settings.workspace().view(), person)], json=json)


@app.command("edit")
def edit(
    person: Annotated[str, typer.Argument(metavar="PERSON")],
    name: Annotated[str, typer.Option(metavar="NAME", help="What the person is called.")] = "",
    mail: Annotated[str, typer.Option(metavar="ADDRESS", help="Where reminders reach them.")] = "",
    department: Annotated[str, typer.Option()] = "",
    locale: Annotated[str, typer.Option(help="Language for texts: en, fr, nl, da, nb, es.")] = "",
    json: Json = False,
) -> None:
    """Correct what is kept of a person: name, mail address, department, language."""
    from govern.procedures import people as procedure

    if locale and not locale_of(locale):
        raise Usage("--locale: there are no texts in that language", hint=f"one of {', '.join(LOCALES)}")
    given = {"name": name.strip(), "mail": mail.strip(), "department": department.strip(), "locale": locale_of(locale) if locale else ""}
    with settings.workspace().transaction(settings.now()) as tx:
        found = procedure.edit(tx, person, {field: value for field, value in given.items() if value})
    _show([found], json=json)


@app.command("role")
def role(
    person: Annotated[str, typer.Argument(metavar="PERSON")],
    role: Annotated[str, typer.Argument(metavar="admin|hr|auditor")],
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take the role away.")] = False,
    until: Annotated[str, typer.Option(metavar="DATE", help="The role ends by itself after this day.")] = "",
    reason: Annotated[str, typer.Option(help="Told to whoever approves it, where that takes two persons.")] = "",
    json: Json = False,
) -> None:
    """Give or withdraw a role. Admin and auditor take two persons, but for a vault of one: then it is proposed."""
    from govern.cli.proposed import tell_proposed
    from govern.fields import date
    from govern.holdings.proposals import TWO_PERSON_ROLES
    from govern.procedures import people as procedure
    from govern.register.queries.people import by_id, find
    from govern.vocabulary import ROLES

    if role not in ROLES:
        raise Usage(f"there is no role {role!r}", hint="admin, hr or auditor")
    if until and not date(until):
        raise Usage(f"{until!r} is no date", hint="write it as 2026-11-30")
    workspace, now, proposal = settings.workspace(), settings.now(), None
    with workspace.transaction(now) as tx:
        found = find(tx.register, person)
        if withdraw:
            procedure.withdraw_role(tx, found.id, role)
        else:
            proposal = procedure.give_role(tx, found.id, role, f"{until}T23:59:59Z" if until else None, reason=reason)
        found = by_id(tx.register, found.id)
    if proposal is not None:
        tell_proposed(workspace.view(), proposal, now, json=json)
        return
    _show([found], json=json)
    if role in TWO_PERSON_ROLES and not withdraw:
        render.note("recorded as signed by one: the policy of this vault asks for no second person")


@app.command("erase")
def erase(
    person: Annotated[str, typer.Argument(metavar="PERSON")],
    reason: Annotated[str, typer.Option(help="Told to whoever approves it; erased with the rest.")] = "",
    json: Json = False,
) -> None:
    """Propose to forget somebody who has left: names and every text about them. A second person approves it; what happened stays."""
    from govern.cli.proposed import tell_proposed
    from govern.procedures import erase as procedure
    from govern.register.queries.people import find

    workspace, now = settings.workspace(), settings.now()
    with workspace.transaction(now) as tx:
        proposal = procedure.propose(tx, find(tx.register, person).id, reason)
    tell_proposed(workspace.view(), proposal, now, json=json)


enrolment.register(app)
