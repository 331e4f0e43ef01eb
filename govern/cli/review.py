"""`govern review`: who still needs what they hold. Opened, decided line by line by somebody who does not hold it, closed when nothing is left."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from govern.cli import render, settings
from govern.cli.beside import DryRun, Ended, Json
from govern.cli.review_show import line_row, missed_row, review_row, still_waiting, tell_lines, tell_reviews
from govern.errors import Usage

if TYPE_CHECKING:
    import sqlite3

    from govern.register.queries.reviews import Review

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="The review; six digits of its id suffice.")]


def _find(db: sqlite3.Connection, text: str) -> Review:
    from govern.register.queries import reviews

    return reviews.find(db, text)


def _told(db: sqlite3.Connection, review: Review) -> dict[str, Any]:
    from govern.register.queries.people import handles
    from govern.register.queries.reviews import lines

    names = handles(db)
    return {**review_row(db, review, names), "items": [line_row(one) for one in lines(db, review.id)]}


@app.command("open")
def open_(
    scope: Annotated[str, typer.Option("--scope", metavar="SCOPE", help="all, account:HANDLE, department:NAME or person:HANDLE.")] = "",
    reviewer: Annotated[
        str, typer.Option("--reviewer", metavar="PERSON", help="Who decides, where they may; else whoever answers for each account.")
    ] = "",
    due: Annotated[str, typer.Option("--due", metavar="DATE", help="Until when; else as the policy says.")] = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Open a review: every grant and every role on a platform of the scope, each with somebody to decide on it who does not hold it."""
    from govern.procedures import reviews as procedure
    from govern.register.queries import people, reviews

    wanted = settings.need(scope, "--scope", "Scope (all, account:HANDLE, department:NAME or person:HANDLE)")
    workspace, now = settings.workspace(), settings.now()
    if dry_run:
        db = workspace.view()
        planned = procedure.plan(db, procedure.scope(db, wanted), by=people.find(db, reviewer).id if reviewer else "", now=now)
        names = people.handles(db)
        counts: dict[str, int] = {}
        for _, person in planned:
            counts[names.get(person, person)] = counts.get(names.get(person, person), 0) + 1
        if json:
            render.emit("review", {"lines": len(planned), "reviewers": counts, "dry_run": True})
            return
        for name, count in sorted(counts.items()):
            render.line(f"{render.safe(name)} would decide on {render.count(count, 'line')}")
        render.next_step(f"govern review open --scope {wanted}", "the same without --dry-run")
        return
    with workspace.transaction(now) as tx:
        made = procedure.start(tx, procedure.scope(tx.register, wanted), by=reviewer, due=due)
        told = _told(tx.register, made)
        chosen = people.find(tx.register, reviewer) if reviewer else None
        same = [one for one in reviews.reviews(tx.register) if one.id != made.id and _scope_of(one) == _scope_of(made)]
    if json:
        render.emit("review", {"reviews": [told], "dry_run": False})
        return
    _tell_opened([told])
    if chosen and all(line["reviewer_id"] != chosen.id for line in told["items"]):
        render.note(
            f"{render.safe(chosen.handle)} decides on none of them: on a line decides who answers for its account, an admin or HR, with keys"
        )
    for one in same:
        render.note(f"review {one.id[:8]} asks about the same, and is open")


def _scope_of(one: Review) -> tuple[str, str, str]:
    return one.scope, one.about, one.department


def _tell_opened(made: list[dict[str, Any]]) -> None:
    for one in made:
        who = ", ".join(sorted({render.safe(line["reviewer"] or "") for line in one["items"]}))
        render.line(f"review {one['id'][:8]}: {render.count(one['lines'], 'line')} to decide until {one['due']}, by {who}")
    if made:
        render.next_step(f"govern review show {made[0]['id'][:8]}", "what it asks about")


@app.command("list")
def list_(closed: Ended = False, json: Json = False) -> None:
    """Reviews that are open, and how much of each is decided; with --all also those that are closed."""
    from govern.register.queries import people, reviews

    db = settings.workspace().view()
    names = people.handles(db)
    rows = [review_row(db, one, names) for one in reviews.reviews(db, closed=closed)]
    if json:
        render.emit("review", {"reviews": rows})
        return
    tell_reviews(rows)


@app.command("show")
def show(
    review: Id,
    mine: Annotated[bool, typer.Option("--mine", help="Only what you are asked to decide on and have not.")] = False,
    json: Json = False,
) -> None:
    """What a review asks about, who decides on it, and what was decided."""
    workspace = settings.workspace()
    db = workspace.view()
    told = _told(db, _find(db, review))
    if mine:
        told["items"] = [one for one in told["items"] if one["reviewer_id"] == workspace.person and one["state"] == "open"]
    if json:
        render.emit("review", {"reviews": [told]})
        return
    tell_lines(told)


@app.command("decide")
def decide(
    review: Id,
    line: Annotated[str, typer.Argument(metavar="[LINE]", help="Its number, or six digits of the grant or role.")] = "",
    decision: Annotated[str, typer.Argument(metavar="[keep|end]")] = "",
    keep: Annotated[str, typer.Option("--keep", metavar="N,N,N-N", help="Instead: lines that stay.")] = "",
    end: Annotated[str, typer.Option("--end", metavar="N,N,N-N", help="Instead, or with it: lines that end.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with each decision, erasable.")] = "",
    json: Json = False,
) -> None:
    """Keep or end lines, each named: nothing is kept that nobody has looked at. A grant ends at once; a role is yours to remove on the platform."""
    from govern.procedures import reviews as procedure
    from govern.register.queries import reviews

    if bool(line) == bool(keep or end):
        raise Usage("what is decided is missing", hint="govern review decide ID 3 keep, or --keep 1,2,5-8 --end 3")
    if line and decision not in procedure.DECISIONS:
        raise Usage(f"{decision[:20]!r} is no decision", hint="keep or end")
    workspace, now = settings.workspace(), settings.now()
    found = _find(workspace.view(), review)
    if line:
        number = procedure.line_of(reviews.lines(workspace.view(), found.id), line)
        chosen: dict[str, tuple[int, ...]] = {decision: (number,)}
    else:
        chosen = {word: procedure.chosen(text, found.lines) for word, text in (("keep", keep), ("end", end)) if text}
        if set(chosen.get("keep", ())) & set(chosen.get("end", ())):
            raise Usage("a line is kept or ended, not both", hint=f"govern review show {found.id[:8]}")
    why = settings.need(reason, "--reason", "Reason")
    with workspace.transaction(now) as tx:
        done = [procedure.decide(tx, found, numbers, word, why) for word, numbers in chosen.items()]
    after = _find(workspace.view(), review)
    if json:
        rows = [line_row(one) for each in done for one in each.lines]
        remove = [role for each in done for role in each.remove]
        render.emit("review", {"id": after.id, "percent": after.percent, "items": rows, "remove": remove})
        return
    for each in done:
        for one in each.lines:
            what = f"{render.safe(one.handle)} {'holds' if one.what == 'grant' else f'is {render.safe(one.role)} on'} {one.account_handle}"
            render.line(f"{one.number}: {'kept' if one.state == 'keep' else 'ended'}: {what}")
        for account in dict.fromkeys(each.ended):
            render.note(f"what they knew of {account} has to change: govern who {account}")
        for role in each.remove:
            render.note(f"remove it on the platform: {render.safe(role)}")
    render.line(f"{after.percent} % of review {after.id[:8]} is decided")
    if after.settled == after.lines:
        render.next_step(f"govern review close {after.id[:8]}", "nothing is left to decide")
    else:
        render.next_step(f"govern review show {after.id[:8]}", "what is left")


@app.command("close")
def close(review: Id, json: Json = False) -> None:
    """Close a review; only when all of it is decided."""
    from govern.procedures import reviews as procedure

    workspace = settings.workspace()
    with workspace.transaction(settings.now()) as tx:
        done = procedure.close(tx, _find(tx.register, review))
        told = _told(tx.register, done)
    if json:
        render.emit("review", {"reviews": [told]})
        return
    render.line(f"review {done.id[:8]} is closed: {done.lines} of {done.lines} lines are settled")
    render.next_step(f"govern review report {done.id[:8]} --out FOLDER", "what was decided by whom, for the file")


@app.command("run-due")
def run_due(dry_run: DryRun = False, json: Json = False) -> None:
    """Open the reviews that are due, and do with overdue ones what the policy says. Nothing to ask: nothing is opened."""
    from govern.procedures import reviews_due as procedure

    workspace, now = settings.workspace(), settings.now()
    if dry_run:
        causes = [
            {"cause": one.word, "subject": one.subject, "due": one.due, "told": one.told} for one in procedure.due(workspace.view(), now)
        ]
        late = procedure.overdue(workspace.view(), workspace.person, now)
        if json:
            render.emit("review", {"due": causes, "overdue": [missed_row(one) for one in late], "dry_run": True})
            return
        for one in late:
            ends = f"{render.count(len(one.ended), 'line')} would end, " if one.ended else ""
            render.line(f"review {one.review.id[:8]} is overdue since {one.review.due}: {ends}{still_waiting(one)}")
        empty = "no other review is due" if late else "no review is due"
        render.table(("cause", "about", "due", "why"), [tuple(one.values()) for one in causes], empty=empty)
        if causes or any(one.ended for one in late):
            render.next_step("govern review run-due", "the same without --dry-run")
        elif late:
            render.next_step(f"govern review show {late[0].review.id[:8]}", "what waits, and for whom")
        return
    late = procedure.missed(workspace, now)
    made = procedure.open_due(workspace, now)
    told = [_told(workspace.view(), one) for one in made]
    if json:
        render.emit("review", {"reviews": told, "overdue": [missed_row(one) for one in late], "dry_run": False})
        return
    for one in late:
        ended = f"{render.count(len(one.ended), 'line')} ended, " if one.ended else ""
        render.line(f"review {one.review.id[:8]} is overdue: {ended}{still_waiting(one)}")
    if not made:
        render.line("no other review is due" if late else "no review is due")
    _tell_opened(told)
    if late and not made:
        render.next_step(f"govern review show {late[0].review.id[:8]}", "what waits, and for whom")


@app.command("report")
def report(
    review: Id,
    out: Annotated[Path | None, typer.Option("--out", metavar="FOLDER", help="Where HTML, JSON and CSV are written.")] = None,
    locale: Annotated[str, typer.Option(metavar="L", help="en, fr, nl, da, nb or es; yours where it is missing.")] = "",
    json: Json = False,
) -> None:
    """Write down what was asked, decided by whom and why: a page, JSON, and CSV that no spreadsheet program takes for formulas."""
    from govern.cli.files import write_into
    from govern.register.queries import people
    from govern.reports import reviewed

    folder = settings.place(settings.need(str(out) if out else "", "--out", "Folder"))
    workspace = settings.workspace()
    db, now = workspace.view(), settings.now()
    found = _find(db, review)
    spoken = settings.locale(locale, lambda: people.by_id(db, workspace.person).locale)
    told = {"schema": "govern.review-report/1", "as_of": now, **_told(db, found)}
    files = {
        "html": reviewed.html(db, found, spoken, now=now), "json": reviewed.as_json(told), "csv": reviewed.csv(told["items"]),
    }  # fmt: skip
    written = []
    for kind, text in files.items():
        written.append(write_into(folder, f"review-{found.id[:8]}.{kind}", text))
    if json:
        render.emit("review", {"files": [str(one) for one in written]})
        return
    for one in written:
        render.line(render.safe(one))
    render.next_step(f"open {written[0]}", "it holds names; print it for the file")
