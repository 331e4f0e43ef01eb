"""What the export of an HR program leaves open, asked on a terminal. Whoever answers nothing leaves the person as they were."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from govern.cli import render
from govern.cli.prompt import ask as ask_line
from govern.cli.prompt import confirm
from govern.errors import Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from govern.cli.hr_show import Names
    from govern.offboarding.employees import Answers
    from govern.offboarding.feed import Change


def ask(changes: Sequence[Change], answers: Answers, names: Names) -> Answers:
    """Each question that no option has answered, one by one."""
    from govern.offboarding.feed import Kind

    for change in changes:
        match change.kind:
            case Kind.UNCLEAR:
                answers = _whom(change, answers, names)
            case Kind.MOVER if change.person not in answers.moved | answers.renamed:
                answers = _moved(change, answers, names)
            case Kind.RETURNED if change.person not in answers.returned:
                if confirm(f"{names.of(change)} had left, and the file has them again. Add them anew?"):
                    answers = replace(answers, returned=answers.returned | {change.person})
            case Kind.VANISHED:
                answers = _gone(change, answers, names)
            case _:
                pass
    return answers


def confirmed(changes: Sequence[Change]) -> bool:
    """Whether to record what the questions have come to; not asked where there is nothing to record."""
    count = sum(change.acts for change in changes)
    return not count or confirm(f"Record {render.count(count, 'change')}, and open the departures among them?")


def _whom(change: Change, answers: Answers, names: Names) -> Answers:
    row = change.row
    if row is None:
        return answers
    told = render.safe(f"{row.name} <{row.mail}>" if row.mail else row.name)
    who = ", ".join(names.handle(person) for person in change.like)
    answer = ask_line(f"{row.place}, {told}: which of these is it: {who}? A handle, new for somebody new, nothing to leave it").casefold()
    if answer == "new":
        return replace(answers, new=answers.new | {row.place})
    same = {names.handle(person): person for person in change.like}.get(answer)
    if same is None or same in answers.same.values():
        return answers
    return replace(answers, same={**answers.same, row.place: same})


def _moved(change: Change, answers: Answers, names: Names) -> Answers:
    before, after = change.fields["department"]
    question = f"{names.of(change)} was in {render.safe(before)} and is in {render.safe(after)}: m for a move with a case, d for a new name of the same"
    match ask_line(f"{question}, nothing to leave it").casefold():
        case "m":
            return replace(answers, moved=answers.moved | {change.person})
        case "d":
            return replace(answers, renamed=answers.renamed | {change.person})
        case _:
            return answers


def _gone(change: Change, answers: Answers, names: Names) -> Answers:
    from govern.holdings.dates import day

    question = f"{names.of(change)} is {change.why}. Their last day (2026-11-30), nothing to leave them as they are"
    while typed := ask_line(question):
        try:
            return replace(answers, gone={**answers.gone, change.person: day(typed, "last day")})
        except Usage as error:
            render.note(f"{render.safe(error.message)}: {error.hint}")
    return answers
