"""Departures on the screen and as JSON: a case with its items, an opening, a cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.cli import render, settings
from govern.cli.departed import case_row, cases_table, item_row, items_table, tell_next

if TYPE_CHECKING:
    from govern.languages import Language
    from govern.procedures.offboard import Cut
    from govern.register.queries.cases import Case
    from govern.register.workspace import Workspace


def show_cases(workspace: Workspace, *wanted: str, json: bool, before: bool = False, locale: str = "") -> None:
    """Cases and their items, in the language named or the reader's; `before`: with the pre-flight."""
    from govern.cli.lead_times import tell_waits, wait_rows
    from govern.cli.preflight_departure import told_of
    from govern.procedures.offboard import entries as items_of
    from govern.procedures.settling import shown_done, stale
    from govern.procedures.succession import waits
    from govern.register.queries import cases
    from govern.register.queries.people import handles

    db, now = workspace.view(), settings.now()
    names = handles(db)
    told = [(one, items_of(db, one, now)) for one in (cases.by_id(db, case, reader=workspace.person) for case in wanted)]
    unnoted = frozenset[str]().union(*(shown_done(db, one, entries, now) for one, entries in told))
    if json:
        rows = [case_row(case, names) | ({"held": cases.held_before(db, case)} if case.kind == "pause" else {}) for case, _ in told]
        items = [
            item_row(entry, names) | {"case": case.id, "shown_done": entry.id in unnoted} for case, entries in told for entry in entries
        ]
        late = [row for case, entries in told for row in wait_rows(waits(db, entries, last=case.last_day or case.cut_at or now, now=now))]
        departures = [(case.person, entries) for case, entries in told] if before else []
        more = told_of(db, departures, names, now, reader=workspace.person) if before else {}
        render.emit("offboard", {"case": rows[0], "items": items, "lead_times": late} | ({"cases": rows} if len(rows) > 1 else {}) | more)
        return
    language = settings.reading(locale, workspace)
    for case, entries in told:
        cases_table([case], names, language)
        render.line()
        items_table(entries, names.get(case.person, case.person), names, language, shown_done=unnoted)
        tell_waits(waits(db, entries, last=case.last_day or case.cut_at or now, now=now), case.last_day, language)
        if before:
            told_of(db, [(case.person, entries)], names, now, reader=workspace.person, language=language)
    first, entries = told[0]
    if first.kind == "pause" and (held := cases.held_before(db, first)):
        again = f"govern grant ACCOUNT {render.safe(names.get(first.person, first.person))}"
        render.note(language.say("held before, to be given again: {accounts}: {command}").format(accounts=", ".join(held), command=again))
    tell_next(first, entries, names.get(first.person, first.person), language, stale=bool(unnoted) or stale(db, first, now))


def tell_opened(workspace: Workspace, case: Case, made: Cut | None, when: str) -> None:
    """What the opening of a case has done; `when`: the time of the cut in this machine's zone and in UTC, or empty."""
    language = settings.reading("", workspace)
    if made is None and not case.cut_at:
        render.note(language.say("under embargo: nobody learns of it but those named, until you make the cut"))
    elif made is None:
        render.note(language.say("the cut is planned for {time}").format(time=when))
        if case.embargoed:
            _tell_attended(workspace, case, language)
    else:
        tell_cut(made, language, when)


def _tell_attended(workspace: Workspace, case: Case, language: Language) -> None:
    """Who makes the cut of an embargoed departure: a service, or nobody but those who were named."""
    from govern.procedures.embargo import attended_by

    names, command = attended_by(workspace.view(), case), "govern offboard run-due"
    if names:
        text = language.say("made then by the service {services}: {command}")
        render.note(text.format(services=render.safe(", ".join(names)), command=command))
    else:
        render.note(language.say("no service reads it: one of those named makes the cut then: {command}").format(command=command))


def tell_cut(made: Cut, language: Language, when: str = "") -> None:
    """What a cut has ended and opened."""
    say, count = language.say, language.count
    told = say("the cut is made: {grants} and {wraps} ended, {rotations} opened").format(
        grants=count("1 grant", "{n} grants", made.grants), wraps=count("1 wrap", "{n} wraps", made.wraps),
        rotations=count("1 rotation", "{n} rotations", made.rotations),
    )  # fmt: skip
    render.note(f"{told}; {when}" if when else told)


def tell_staged(staged: int | None, language: Language) -> None:
    """How many new secrets were sealed with the cut; nothing where that was not asked for (None)."""
    if staged is not None:
        render.note(language.count("1 new secret staged", "{n} new secrets staged", staged))
