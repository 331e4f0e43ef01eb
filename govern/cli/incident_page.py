"""`govern incident text`, and the time line of an incident as a page."""

from __future__ import annotations

import json as json_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from govern.cli import render, settings
from govern.cli.incident_told import Id, Json, language_of, reach_lines
from govern.errors import Usage

if TYPE_CHECKING:
    import sqlite3

    from govern.register.queries.incidents import Incident

app = typer.Typer()

_TO_PLATFORM: Final = "to-the-platform"


def write(id_: str, out: Path | None, locale: str, *, json: bool) -> None:
    """Write the time line of an incident into a folder, as HTML and JSON."""
    from govern.cli.files import write_into
    from govern.register.queries import incidents, people
    from govern.reports import incident as page

    chosen = settings.place(settings.need(str(out) if out else "", "--out", "Folder"))
    workspace = settings.workspace()
    db = workspace.view()
    one = incidents.find(db, id_)
    spoken = settings.locale(locale, lambda: people.by_id(db, workspace.person).locale)
    told = page.collect(db, one, now=settings.now())
    name = f"incident-{'drill-' if one.drill else ''}{one.id[:8]}"
    files = [
        write_into(chosen, f"{name}.html", page.html(told, spoken)),
        write_into(chosen, f"{name}.json", page.json(told)),
    ]
    if json:
        render.emit(
            "incident", {"files": [str(file) for file in files], "minutes_to_answer": told.answered, "minutes_to_all_clear": told.took}
        )
        return
    for file in files:
        render.line(f"wrote {file}")
    render.next_step(f"open {files[0]}", "it holds names and what people wrote")


@app.command("text")
def text(
    id_: Id,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which text; left out: say which there are.")] = "",
    locale: Annotated[str, typer.Option(metavar="L", help="en, fr, nl, da, nb or es; yours where it is missing.")] = "",
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="K=V", help="What stands for {K}; may be given again.")] = None,
    json: Json = False,
) -> None:
    """A text to begin with, filled in with what is known: warn, inform, correct, apologise."""
    from govern.cli.telling_platform import contact_json
    from govern.policy import incident_texts
    from govern.policy.incident import playbook
    from govern.policy.platforms import contacts, load_profiles
    from govern.register.queries import accounts, incidents, people

    given = dict(_pair(one) for one in set_ or ())
    workspace = settings.workspace()
    db = workspace.view()
    one = incidents.find(db, id_)
    if not name:
        fitting = playbook().kinds[one.kind].texts
        if json:
            render.emit("incident", {"texts": incident_texts.names(), "fitting": list(fitting)})
            return
        for each in incident_texts.names():
            render.line(f"{each}{' (fits)' if each in fitting else ''}")
        render.next_step(f"govern incident text {one.id[:8]} {fitting[0]}")
        return
    spoken = settings.locale(locale, lambda: people.by_id(db, workspace.person).locale)
    made, left = incident_texts.filled(name, spoken, {**_known(db, one), **given})
    about = load_profiles().get(one.platform) if name == _TO_PLATFORM else None
    reached = contacts(about, accounts.by_id(db, one.account).url) if about else []
    if json:
        to = {"contact": [contact_json(said, url) for said, url in reached]} if name == _TO_PLATFORM else {}
        render.emit("incident", {"text": made, "open": left, "locale": spoken, **to})
        return
    for said in made.split("\n"):
        render.line(render.safe(said))
    if about:
        reach_lines(about, reached, language_of(db, workspace.person), tell=render.note)
    if left:
        render.note(f"left open: {', '.join(left)}")
        render.next_step(f"govern incident text {one.id[:8]} {name} --locale {spoken} --set {left[0]}=TEXT")
    else:
        render.next_step(f"govern incident done {one.id[:8]} STEP", "once it is published")


def _pair(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not sign or not key.isidentifier():
        raise Usage(f"{text[:40]!r} sets nothing", hint="write it as --set name=value")
    return key, value


def _known(db: sqlite3.Connection, one: Incident) -> dict[str, str]:
    """What the register says: the account, its platform and address, the organisation, and who leads."""
    from govern.policy.platforms import load_profiles
    from govern.register.connection import state
    from govern.register.queries import accounts, people

    about = load_profiles().get(one.platform)
    lead = people.by_id(db, one.lead)
    found = {
        "organisation": str(json_.loads(state(db, "founding") or "{}").get("organisation", "")),
        "name": lead.name,
        "contact": lead.mail,
    }
    if one.account:
        account = accounts.by_id(db, one.account)
        found |= {"account": account.handle, "platform": about.name if about else account.platform, "url": account.url}
    return {key: value for key, value in found.items() if value}
