"""How the difference between the people of a vault and the export of an HR program is told."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from govern.cli import render

if TYPE_CHECKING:
    from govern.importers.hr_table import Export
    from govern.languages import Language
    from govern.offboarding.feed import Change
    from govern.policy.hr import HrRules
    from govern.procedures.hr import Taken

_STEPS: Final = 3
_NOTHING_TO_READ: Final = ("unchanged", "past", "left-out")


class Names:
    """Handles and names of people, as the register has them now."""

    def __init__(self, db: sqlite3.Connection) -> None:
        from govern.register.queries.people import people

        self._people = {one.id: one for one in people(db)}

    def handle(self, person: str) -> str:
        return render.safe(self._people[person].handle) if person else ""

    def name(self, person: str) -> str:
        return self._people[person].name if person else ""

    def of(self, change: Change, added: Mapping[str, str] | None = None) -> str:
        """Whom a change is about: a handle, or the name in the file of somebody who has none yet."""
        person = self._added(change, added or {}) or change.person
        return self.handle(person) or (render.safe(change.row.name or change.row.mail) if change.row else "")

    def _added(self, change: Change, added: Mapping[str, str]) -> str:
        return added.get(change.row.place, "") if change.row else ""

    def row(self, change: Change, added: Mapping[str, str]) -> tuple[str | None, str]:
        """(handle or None, name) for JSON."""
        person = self._added(change, added) or change.person
        return (self._people[person].handle if person else None), self.name(person) or (
            change.row.name or change.row.mail if change.row else ""
        )


def table(
    changes: Sequence[Change], names: Names, rules: HrRules, now: str, language: Language, added: Mapping[str, str] | None = None
) -> None:
    """The difference: a line for each thing that was or would be done, and for each question."""
    say = language.say
    shown = [change for change in changes if change.kind not in _NOTHING_TO_READ]
    render.table(
        (say("what", "column"), say("person", "column"), say("row", "column"), say("difference", "column")),
        [
            (
                f"{say(change.kind, 'hr change')}{'?' if change.asks else ''}", names.of(change, added), _row(change),
                _told(change, names, rules, now, language) + _joins(change, changes, rules, now, language),
            )
            for change in shown
        ],
        empty=say("nothing has changed"),
    )  # fmt: skip


def tell(taken: Taken, export: Export, names: Names, language: Language, *, dry_run: bool) -> None:
    """What was left out, and why; what was not read; counts."""
    from govern.offboarding.feed import Kind

    say, count = language.say, language.count
    noted, out = say("note: {text}"), say("left out: {who}: {why}")
    for text in export.warnings:
        render.note(noted.format(text=say(text, "hr reason")))
    if "last-day" not in export.read:
        render.note(noted.format(text=say("no column of last days was found: nobody leaves by this file")))
    for one in export.skipped:
        render.note(out.format(who=say("row {number}").format(number=_number(one.row)), why=render.safe(say(one.reason, "hr reason"))))
    for change in taken.changes:
        if change.why and change.kind in (Kind.LEFT_OUT, Kind.UNCHANGED):
            who = names.of(change)
            if change.row:
                who = f"{who} ({say('row {number}').format(number=_row(change))})"
            told = change.told(say)
            render.note(out.format(who=who, why=told) if change.kind is Kind.LEFT_OUT else noted.format(text=f"{who}: {told}"))
    done, asked = sum(change.acts for change in taken.changes), sum(change.asks for change in taken.changes)
    same = sum(change.kind is Kind.UNCHANGED for change in taken.changes)
    render.note(
        say("{changes}, {questions}, {same} unchanged; {columns} of the file not read").format(
            changes=count("1 change would be recorded", "{n} changes would be recorded", done) if dry_run
            else count("1 change recorded", "{n} changes recorded", done),
            questions=count("1 question left open", "{n} questions left open", asked), same=same,
            columns=count("1 column", "{n} columns", export.dropped),
        )
    )  # fmt: skip


def go_on(taken: Taken, names: Names, language: Language, *, again: str, dry_run: bool) -> None:
    """The next commands to type."""
    from govern.offboarding.feed import Kind
    from govern.offboarding.kinds import verb

    say = language.say
    if dry_run and any(change.acts for change in taken.changes):
        render.next_step(render.safe(again), say("nothing was recorded"))
    for _, case in taken.opened[:_STEPS]:
        render.next_step(f"govern {verb(case.kind)} show {case.id[:8]}", f"{names.handle(case.person)}, {say(case.kind, 'case kind')}")
    asked = [change for change in taken.changes if change.asks]
    if any(change.kind is Kind.MOVER for change in asked):
        render.next_step(
            f"{render.safe(again)} --movers", say("or {option}, where they are only called otherwise").format(option="--departments")
        )
    if any(change.kind is Kind.RETURNED for change in asked):
        render.next_step(f"{render.safe(again)} --returned", say("adds them anew; what they knew before stays with who they were"))
    for change in [change for change in asked if change.kind is Kind.VANISHED][:_STEPS]:
        render.next_step(f"govern offboard open {names.of(change)} --last-day DATE", say("if they have left"))
    if any(change.kind is Kind.UNCLEAR for change in asked):
        render.next_step(render.safe(again), say("on a terminal, where it asks whom a row means"))


def as_json(taken: Taken, export: Export, names: Names, rules: HrRules, now: str, *, dry_run: bool) -> None:
    from govern.offboarding.feed import Kind

    opened = {id(change): case for change, case in taken.opened}
    changes = []
    for change in taken.changes:
        if change.kind is Kind.UNCHANGED and not change.why:
            continue
        handle, name = names.row(change, taken.added)
        case = opened.get(id(change))
        changes.append({
            "what": change.kind.value, "person": handle, "name": name, "row": _place(change) or None, "question": change.asks,
            "last_day": change.last_day or None, "cut_at": _cut(change, rules, now) or None, "case": case.id if case else None,
            "joins": bool(begins := _begins(change, taken.changes, rules, now)), "starts_on": begins or None,
            "fields": {field: {"before": before or None, "after": after} for field, (before, after) in change.fields.items()},
            "like": [names.handle(person) for person in change.like], "why": change.told() or None,
        })  # fmt: skip
    render.emit("hr", {
        "changes": changes, "unchanged": sum(change.kind is Kind.UNCHANGED for change in taken.changes),
        "recorded": 0 if dry_run else sum(change.acts for change in taken.changes), "questions": sum(change.asks for change in taken.changes),
        "skipped": [{"row": one.row, "reason": one.reason} for one in export.skipped], "program": export.program or None,
        "read": {role: list(headings) for role, headings in export.read.items()}, "dropped": export.dropped, "dry_run": dry_run,
    })  # fmt: skip


def _place(change: Change) -> str:
    return change.row.place if change.row else ""


def _row(change: Change) -> str:
    return _number(_place(change))


def _number(place: str) -> str:
    """The number of a row, as the first column of a spreadsheet has it."""
    return place.removeprefix("row ")


def _joins(change: Change, changes: Sequence[Change], rules: HrRules, now: str, language: Language) -> str:
    if not (begins := _begins(change, changes, rules, now)):
        return ""
    return f"; {language.say('with a case of their own from {day} on').format(day=language.day(begins))}"


def _begins(change: Change, changes: Sequence[Change], rules: HrRules, now: str) -> str:
    """The first day of a joiner's case, empty where none is opened."""
    from govern.procedures.hr import first_day, joins

    return first_day(change, rules, now) if joins(change, changes, rules) else ""


def _cut(change: Change, rules: HrRules, now: str) -> str:
    from govern.offboarding.feed import Kind
    from govern.procedures.hr import cut_time

    return cut_time(change, rules, now) if change.kind in (Kind.LEAVER, Kind.MOVER) else ""


def _told(change: Change, names: Names, rules: HrRules, now: str, language: Language) -> str:
    from govern.cli.times import told_here
    from govern.offboarding.feed import Kind

    say = language.say
    match change.kind:
        case Kind.JOINER:
            row = change.row
            return render.safe(", ".join(part for part in (row.mail, *row.departments[:1]) if part)) if row else ""
        case Kind.CHANGED | Kind.MOVER:
            told = "; ".join(
                f"{say(field, 'hr field')}: {render.safe(before or say('(none)'))} → {render.safe(after)}"
                for field, (before, after) in change.fields.items()
            )
            if change.kind is Kind.CHANGED:
                return told
            return say("{change}; its cut would be {time}").format(change=told, time=told_here(_cut(change, rules, now)))
        case Kind.LEAVER:
            cut, day = _cut(change, rules, now), language.day(change.last_day)
            if cut == now:
                return say("last day {day}; cut now").format(day=day)
            return say("last day {day}; cut {time}").format(day=day, time=told_here(cut))
        case Kind.LATER:
            text = language.count(
                "last day {day}: a departure is opened 1 day before", "last day {day}: a departure is opened {n} days before", rules.open_ahead
            )  # fmt: skip
            return text.format(day=language.day(change.last_day))
        case Kind.RETURNED:
            return say("had left")
        case Kind.UNCLEAR:
            return say("could be {people}").format(people=", ".join(names.handle(person) for person in change.like))
        case _:
            return change.told(say)
