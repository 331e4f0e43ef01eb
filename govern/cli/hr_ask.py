"""What the export of an HR program leaves open, asked on a terminal. Whoever answers nothing leaves the person as they were."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from govern.cli import render
from govern.cli.prompt import ask as ask_line
from govern.cli.prompt import confirm
from govern.errors import Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from govern.cli.hr_show import Names
    from govern.languages import Language
    from govern.offboarding.employees import Answers
    from govern.offboarding.feed import Change


_NEW: Final = "new"


def ask(changes: Sequence[Change], answers: Answers, names: Names, language: Language) -> Answers:
    """Each question that no option has answered, one by one."""
    from govern.offboarding.feed import Kind

    for change in changes:
        match change.kind:
            case Kind.UNCLEAR:
                answers = _whom(change, answers, names, language)
            case Kind.MOVER if change.person not in answers.moved | answers.renamed:
                answers = _moved(change, answers, names, language)
            case Kind.RETURNED if change.person not in answers.returned:
                question = language.say("{person} had left, and the file has them again. Add them anew?").format(person=names.of(change))
                if confirm(question, language.say("y/N")):
                    answers = replace(answers, returned=answers.returned | {change.person})
            case Kind.VANISHED:
                answers = _gone(change, answers, names, language)
            case _:
                pass
    return answers


def confirmed(changes: Sequence[Change], language: Language) -> bool:
    """Whether to record what the questions have come to; not asked where there is nothing to record."""
    acts = sum(change.acts for change in changes)
    question = language.count(
        "Record 1 change, and open the departures among them?", "Record {n} changes, and open the departures among them?", acts
    )
    return not acts or confirm(question, language.say("y/N"))


def _whom(change: Change, answers: Answers, names: Names, language: Language) -> Answers:
    row = change.row
    if row is None:
        return answers
    told = render.safe(f"{row.name} <{row.mail}>" if row.mail else row.name)
    who = ", ".join(names.handle(person) for person in change.like)
    question = language.say("row {number}, {told}: which of these is it: {people}? A handle, {new} for somebody new, nothing to leave it")
    answer = ask_line(question.format(number=row.place.removeprefix("row "), told=told, people=who, new=_NEW)).casefold()
    if answer == _NEW:
        return replace(answers, new=answers.new | {row.place})
    same = {names.handle(person): person for person in change.like}.get(answer)
    if same is None or same in answers.same.values():
        return answers
    return replace(answers, same={**answers.same, row.place: same})


def _moved(change: Change, answers: Answers, names: Names, language: Language) -> Answers:
    before, after = change.fields["department"]
    question = language.say(
        "{person} was in {before} and is in {after}: m for a move with a case, d for a new name of the same, nothing to leave it"
    )
    match ask_line(question.format(person=names.of(change), before=render.safe(before), after=render.safe(after))).casefold():
        case "m":
            return replace(answers, moved=answers.moved | {change.person})
        case "d":
            return replace(answers, renamed=answers.renamed | {change.person})
        case _:
            return answers


def _gone(change: Change, answers: Answers, names: Names, language: Language) -> Answers:
    from govern.holdings.dates import day

    text = language.say("{person} is {why}. Their last day (2026-11-30), nothing to leave them as they are")
    question = text.format(person=names.of(change), why=change.told(language.say))
    while typed := ask_line(question):
        try:
            return replace(answers, gone={**answers.gone, change.person: day(typed, "last day")})
        except Usage as error:
            render.note(f"{render.safe(error.message)}: {error.hint}")
    return answers
