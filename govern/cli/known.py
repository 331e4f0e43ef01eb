"""`govern known`: declare who already knows a secret, one by one or on a sheet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli import render, settings
from govern.errors import Refused, Usage
from govern.shell import quoted

if TYPE_CHECKING:
    from govern.procedures.known import Declared

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}
_MOST_BYTES = 64 << 20


@app.command()
def known(
    account: Annotated[str, typer.Argument(metavar="[SELECTOR]", help="An account, or platform:…, department:…, client:…, tag:…")] = "",
    person: Annotated[str, typer.Argument(metavar="[PERSON]", help="Who knows it.")] = "",
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind of secret; repeatable. Else all that the account has.")] = None,
    since: Annotated[str, typer.Option(metavar="DATE", help="Since when.")] = "",
    note: Annotated[str, typer.Option(help="How you know; erasable.")] = "",
    sheet: Annotated[Path | None, typer.Option(metavar="FILE", help="Write accounts × people to a CSV file, to be filled in.")] = None,
    import_: Annotated[Path | None, typer.Option("--import", metavar="FILE", help="Take in the sheet that was filled in.")] = None,
    delimiter: Annotated[str, typer.Option(metavar="comma|semicolon|tab", help="Of the sheet; some Excels want semicolons.")] = "comma",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be recorded, and record nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Declare who already knows a secret. Nothing is asked of the person, and nothing is proved by it: it counts as claimed."""
    if sheet is not None and import_ is not None:
        raise Usage("--sheet and --import exclude each other", hint="write the sheet, fill it in, then import it")
    if person and (sheet is not None or import_ is not None):
        raise Usage(
            "a person and a sheet exclude each other",
            hint=f"govern known {quoted(account)} {quoted(person)}, or for many: govern known SELECTOR --sheet FILE",
        )
    if sheet is not None:
        _write(sheet, account, delimiter, json=json)
        return
    if import_ is not None:
        _take_in(import_, dry_run=dry_run, json=json)
        return
    if not account or not person:
        raise Usage("the account or the person is missing", hint="govern known ACCOUNT PERSON, or for many: govern known --sheet FILE")
    _declare(account, person, kind or [], since, note, dry_run=dry_run, json=json)


def _declare(account: str, person: str, kinds: list[str], since: str, note: str, *, dry_run: bool, json: bool) -> None:
    from govern.holdings.dates import past_day
    from govern.procedures import known as procedure

    now = settings.now()
    if since:
        past_day(since, "--since", now)
    if len(note) > 2000:
        raise Usage("--note has more than 2000 characters")
    workspace = settings.workspace()
    if dry_run:
        recorded = [declared for declared, _ in procedure.plan(workspace.view(), account, person, kinds, since)[1]]
    else:
        with workspace.transaction(now) as tx:
            recorded = procedure.declare(tx, account, person, kinds, since=since, note=note)
    if json:
        render.emit("known", {"recorded": _rows(recorded), "dry_run": dry_run})
        return
    for one in recorded:
        render.line(f"{'would record' if dry_run else 'recorded'}: {render.safe(one.person)} knows the {one.kind} of {one.account}")
    if not recorded:
        render.note("nothing new: this is declared already")
    elif not dry_run:
        render.next_step(f"govern who {recorded[0].account}")


def _rows(recorded: list[Declared]) -> list[dict[str, str | None]]:
    return [{"account": one.account, "person": one.person, "kind": one.kind, "since": one.since or None} for one in recorded]


def _write(path: Path, selector: str, delimiter: str, *, json: bool) -> None:
    import csv
    import os

    from govern.procedures.known import sheet

    if delimiter not in _DELIMITERS:
        raise Usage(f"there is no delimiter {delimiter[:20]!r}", hint="comma, semicolon or tab")
    rows = sheet(settings.workspace().view(), selector)
    head = next(rows)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Refused(f"{path} exists already", code="exists", hint="name another file: somebody may have filled that one in") from None
    count = 0
    with open(descriptor, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=_DELIMITERS[delimiter])
        writer.writerow([render.safe(cell) for cell in head])
        for row in rows:
            writer.writerow([render.safe(cell) for cell in row])
            count += 1
    if json:
        render.emit("known", {"sheet": str(path), "accounts": count, "people": len(head) - 3})
    else:
        render.line(f"{render.safe(path)}: {render.count(count, 'account')}, {render.count(len(head) - 3, 'person', 'people')}")
        render.note("put an x, or the day since when, where somebody knows it; what is known already is marked")
    render.next_step(f"govern known --import {quoted(path)}", "when it is filled in")


def _take_in(path: Path, *, dry_run: bool, json: bool) -> None:
    from govern.bounded import contents
    from govern.errors import Malformed
    from govern.holdings.marks import HEAD
    from govern.importers import table
    from govern.procedures import known as procedure

    data = contents(path, _MOST_BYTES)
    try:
        read = table.opened(data, {HEAD[0]})
    except Malformed:
        raise Malformed(f"{path.name} has no column called account", hint="govern known --sheet FILE writes a sheet to fill in") from None
    rows, faulty = [], []
    for record in read.records:
        if record.fault:
            faulty.append(procedure.Skipped(row=f"row {record.number}", reason=record.fault))
        elif not table.is_blank(record):
            rows.append((f"row {record.number}", record.cells))
    workspace = settings.workspace()
    if dry_run:
        outcome = procedure.plan_take_in(workspace.view(), read.header, rows, settings.now())
    else:
        with workspace.transaction(settings.now()) as tx:
            outcome = procedure.take_in(tx, read.header, rows)
    skipped = [*outcome.skipped, *faulty]
    if json:
        render.emit("known", {
            "recorded": _rows(outcome.recorded), "unchanged": outcome.unchanged,
            "skipped": [{"row": one.row, "reason": one.reason} for one in skipped], "dry_run": dry_run,
        })  # fmt: skip
        return
    render.table(
        ("account", "person", "kind", "since"),
        [(one.account, one.person, one.kind, one.since) for one in outcome.recorded],
        empty="nothing new on this sheet",
    )
    for text in read.warnings:
        render.note(f"note: {text}")
    for one in skipped:
        render.note(f"left out: {render.safe(one.row)}: {render.safe(one.reason)}")
    verb = "would be recorded" if dry_run else "recorded"
    render.note(f"{len(outcome.recorded)} {verb}, {outcome.unchanged} known already, {len(skipped)} left out")
    if outcome.recorded and not dry_run:
        render.next_step("govern status", "what to change first")
