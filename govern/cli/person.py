"""`govern person`: people in and around the company."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli import render, settings
from govern.errors import Usage

if TYPE_CHECKING:
    from govern.register.queries.people import Person

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


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
    from govern.events import date
    from govern.holdings.names import split_name
    from govern.procedures import people as procedure

    if left and not date(left):
        raise Usage(f"{left!r} is no date", hint="write it as 2026-11-30")
    full, mail = split_name(name)
    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        person = procedure.add(
            tx,
            procedure.NewPerson(name=full, mail=mail, handle=handle, department=department, locale=locale, agency=external, left=left),
        )
    _show([person], json=json)


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


@app.command("role")
def role(
    person: Annotated[str, typer.Argument(metavar="PERSON")],
    role: Annotated[str, typer.Argument(metavar="admin|hr|auditor|service")],
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take the role away.")] = False,
    until: Annotated[str, typer.Option(metavar="DATE", help="The role ends by itself after this day.")] = "",
    json: Json = False,
) -> None:
    """Give or withdraw a role."""
    from govern.events import ROLES, date
    from govern.procedures import people as procedure
    from govern.register.queries.people import by_id, find

    if role not in ROLES:
        raise Usage(f"there is no role {role!r}", hint="admin, hr, auditor or service")
    if until and not date(until):
        raise Usage(f"{until!r} is no date", hint="write it as 2026-11-30")
    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        found = find(tx.register, person)
        if withdraw:
            procedure.withdraw_role(tx, found.id, role)
        else:
            procedure.give_role(tx, found.id, role, f"{until}T23:59:59Z" if until else None)
        found = by_id(tx.register, found.id)
    _show([found], json=json)
