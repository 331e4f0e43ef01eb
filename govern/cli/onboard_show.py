"""Cases of somebody new on the screen and as JSON: one with its items, a list, what there would be to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.cli import render, settings
from govern.cli.departed import case_row, item_row, items_table, tell_next
from govern.shell import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from govern.languages import Language
    from govern.procedures.onboard import Opening
    from govern.register.queries.cases import Case, Entry
    from govern.register.queries.people import Person
    from govern.register.workspace import Workspace


def table(found: Sequence[Case], names: Mapping[str, str], language: Language) -> None:
    say = language.say
    render.table(
        (
            say("case", "column"), say("person", "column"), say("first day", "column"), say("state", "column"), say("open items", "column"),
            say("closed", "column"),
        ),
        [
            (
                case.id[:8], names.get(case.person, case.person), case.starts_on, say(case.state, "item state" if case.state == "open" else "case state"),
                say("{left} of {all}").format(left=case.left, all=case.items), render.day(case.closed_at),
            )
            for case in found
        ],
        empty=say("nobody new yet: {command}").format(command="govern onboard open PERSON --accounts SELECTOR"),
    )  # fmt: skip


def show_case(workspace: Workspace, case: str, *, json: bool, locale: str = "") -> None:
    """A case and its items, in the language named or the reader's."""
    from govern.procedures.settling import stale
    from govern.register.queries import cases
    from govern.register.queries.people import handles

    db = workspace.view()
    names, found, entries = handles(db), cases.by_id(db, case, reader=workspace.person), cases.items(db, case)
    if json:
        render.emit("onboard", {"case": case_row(found, names), "items": [item_row(entry, names) for entry in entries]})
        return
    language = settings.reading(locale, workspace)
    person = names.get(found.person, found.person)
    table([found], names, language)
    render.line()
    _items(entries, person, names, language)
    if entries:
        tell_next(found, entries, person, language, stale=stale(db, found, settings.now()))
    elif found.state == "open":
        render.next_step(f"govern onboard add {found.id[:8]} --accounts SELECTOR", language.say("says what they will work with"))


def _items(entries: Sequence[Entry], person: str, names: Mapping[str, str], language: Language) -> None:
    if entries:
        items_table(entries, person, names, language)
    else:
        render.line(
            render.safe(
                language.say("nothing to do: no account is planned for {person}, and no document is asked of them").format(person=person)
            )
        )


def tell_plan(workspace: Workspace, who: Person, opening: Opening, entries: Sequence[Entry], *, json: bool) -> None:
    """What there would be to do; nothing was recorded."""
    from govern.register.queries.people import handles

    names = handles(workspace.view())
    if json:
        items = [item_row(entry, names) for entry in entries]
        render.emit("onboard", {"person": who.handle, "starts_on": opening.starts_on, "items": items, "dry_run": True})
        return
    language = settings.reading("", workspace)
    _items(entries, who.handle, names, language)
    words = [
        quoted(who.handle),
        "--starts-on",
        opening.starts_on,
        *(word for one in opening.accounts for word in ("--accounts", quoted(one))),
    ]
    words += ["--department", quoted(opening.department)] if opening.department else []
    words += ["--by-hand"] if opening.by_hand else []
    render.next_step(f"govern onboard open {' '.join(words)}", language.say("nothing was recorded"))
