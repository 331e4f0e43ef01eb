"""`govern offboard show CASE ITEM`, and the same of `onboard`: one item of a case with what there is to do on its platform, from the platform's profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.cli import render, settings
from govern.cli.departed import case_row, find, item_row, items_table, told
from govern.cli.telling_platform import spoken
from govern.errors import Refused
from govern.policy.profile import TRUST

if TYPE_CHECKING:
    from govern.languages import Language
    from govern.register.queries.item_steps import Where
    from govern.register.workspace import Workspace


def show(workspace: Workspace, case: str, item: str, *, json: bool, locale: str = "", noun: str = "offboard") -> None:
    """Tell it: what to do, where, the steps with their grades, and the command that ends it."""
    from govern.offboarding.wording import command
    from govern.register.queries import cases, item_steps
    from govern.register.queries.people import handles

    db = workspace.view()
    found = find(db, case, reader=workspace.person, noun=noun)
    if found.embargoed:
        hint = f"govern offboard cut {found.id[:8]}"
        raise Refused("the items of an embargoed departure are drawn up at its cut", rule="embargo", hint=hint)
    entry, names = cases.item(db, found.id, item), handles(db)
    where, person = item_steps.of_item(db, entry), names.get(found.person, found.person)
    ends = command(told(entry, person), found.id[:8], entry.number) if entry.state == "open" else ""
    if json:
        row = item_row(entry, names) | {"command": ends or None, "there": _row(where)}
        render.emit(noun, {"case": case_row(found, names), "items": [row]})
        return
    language = settings.reading(locale, workspace)
    items_table([entry], person, names, language)
    if where is not None:
        _tell(where, language)
    if ends:
        render.next_step(render.safe(ends), language.say("once it is done there") if where is not None and where.there.steps else "")


def _tell(where: Where, language: Language) -> None:
    """All in the reader's language, with the names of menus as the platform's English pages have them."""
    about, found, say = where.about, where.there, language.say
    login = where.login or say("its login is not recorded")
    render.line("\n" + render.safe(say("on {platform}, as {login}").format(platform=where.platform, login=login)))
    if about is None:
        render.line(say("no steps are known there: look among its security settings"))
        return
    if found.page:
        render.line(render.safe(say("settings: {page}").format(page=found.page)))
    if found.steps and language.locale != "en":
        render.line(say("Names of menus stand in quotation marks, as on the platform's English pages:"))
    for number, step in enumerate(found.steps, start=1):
        render.line(f"{number}. {render.safe(spoken(step, about.grade, language))}")
    for one in found.survives:
        render.line(say("goes on working: {what}").format(what=render.safe(spoken(one, about.grade, language))))
    if found.steps:
        trust = say(TRUST[about.grade], "trust")
        render.line(say("As of {day}, {trust} where nothing else is said.").format(day=language.day(about.checked_on), trust=trust))
    else:
        render.line(say("no steps are known for this: look among its security settings"))


def _row(where: Where | None) -> dict[str, object] | None:
    if where is None:
        return None
    found = where.there
    return {
        "platform": where.platform, "login": where.login or None, "page": found.page or None,
        "steps": [{"text": one.line, "grade": one.grade, "checked_on": one.checked_on} for one in found.steps],
        "survives": [one.line for one in found.survives],
    }  # fmt: skip
