"""`govern hr`: joiners, movers and leavers from the export of an HR program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from govern.cli import settings
from govern.errors import Usage

if TYPE_CHECKING:
    from govern.offboarding.employees import Answers
    from govern.offboarding.feed import Change

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

_MOST_BYTES: Final = 64 << 20
_MOST_MAP: Final = 1 << 18


@app.callback()
def hr() -> None:
    """People as the HR program has them."""


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The export: everybody, those who left recently included (.csv, .xlsx).")],
    map: Annotated[Path | None, typer.Option("--map", metavar="FILE", help="What is otherwise than in policies/hr.yaml.")] = None,
    movers: Annotated[bool, typer.Option("--movers", help="A new department is a move: open a case for each.")] = False,
    departments: Annotated[bool, typer.Option("--departments", help="A new department is only a new name: record it.")] = False,
    returned: Annotated[bool, typer.Option("--returned", help="Who had left and is there again: add them anew.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and record nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Say who joined, moved, leaves and vanished since; then record it and open the departures."""
    from govern.cli import hr_ask, hr_show
    from govern.importers import hr_table
    from govern.importers.read import contents
    from govern.policy.hr import rules as read_rules
    from govern.procedures import hr as procedure

    if movers and departments:
        raise Usage("--movers and --departments exclude each other", hint="give one of them")
    rules = read_rules(contents(map, _MOST_MAP) if map else None, name=map.name if map else "")
    export = hr_table.read(contents(file, _MOST_BYTES), rules)
    workspace, now = settings.workspace(), settings.now()
    language, before = settings.reading("", workspace), hr_show.Names(workspace.view())
    found = procedure.compare(workspace.view(), workspace.person, export.rows, rules, now)
    answers = _given(found, movers=movers, departments=departments, returned=returned)
    if settings.current.terminal and not (dry_run or json):
        hr_show.table(found, before, rules, now, language)
        answers = hr_ask.ask(found, answers, before, language)
        dry_run = not hr_ask.confirmed(procedure.compare(workspace.view(), workspace.person, export.rows, rules, now, answers), language)
    taken = procedure.Taken(changes=procedure.compare(workspace.view(), workspace.person, export.rows, rules, now, answers))
    if not dry_run and any(change.acts for change in taken.changes):
        with workspace.transaction(now) as tx:
            taken = procedure.take_in(tx, export.rows, rules, answers)
    names = hr_show.Names(workspace.view())
    if json:
        hr_show.as_json(taken, export, names, rules, now, dry_run=dry_run)
        return
    hr_show.table(taken.changes, names, rules, now, language, taken.added)
    hr_show.tell(taken, export, names, language, dry_run=dry_run)
    hr_show.go_on(taken, names, language, again=_again(file, map), dry_run=dry_run)


def _again(file: Path, map: Path | None) -> str:
    """The same import, typed again."""
    from govern.shell import quoted

    return " ".join(["govern hr import", quoted(str(file)), *(["--map", quoted(str(map))] if map else [])])


def _given(found: tuple[Change, ...], *, movers: bool, departments: bool, returned: bool) -> Answers:
    """The answers that options give."""
    from govern.offboarding.employees import Answers
    from govern.offboarding.feed import Kind

    moving = frozenset(change.person for change in found if change.kind is Kind.MOVER)
    back = frozenset(change.person for change in found if change.kind is Kind.RETURNED)
    nobody: frozenset[str] = frozenset()
    return Answers(moved=moving if movers else nobody, renamed=moving if departments else nobody, returned=back if returned else nobody)
