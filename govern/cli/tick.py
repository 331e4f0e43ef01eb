"""`govern tick`: carry out all that time has made due, once; for a timer, or by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from govern.cli import render, settings

if TYPE_CHECKING:
    from govern.procedures.tick.told import Failure, Ran

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_WORDS = {
    "cut": "made the cut of {person}: {told}",
    "grant-ended": "ended the grant of {person} on {account}, which {told}",
    "review-opened": "opened a review of {told}",
    "review-ended": "ended in an overdue review: {told}",
    "rotation-opened": "opened the rotation of the {kind} of {account}: {told}",
    "rotated": "changed the {kind} of {account} on its platform: {told}",
    "reconciled": "brought the rotation of the {kind} of {account} to its end: {told}",
}
_PARTS = {
    "cut": "cut", "grant-ended": "grant that ran out", "review-opened": "review", "rotation-opened": "rotation to open", "rotated": "rotation by a connector",
}  # fmt: skip


@app.command()
def tick(
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing where nothing was done and nothing went wrong: for a timer.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Carry out all that is due: cuts, grants that ran out, rotations, reminders, the daily check. Safe to run twice, or on two machines at once."""
    from time import monotonic

    from govern.procedures.tick.run import run

    workspace = settings.workspace()
    ran = run(workspace, settings.now, monotonic=monotonic)
    if (workspace.home / "schedule.json").exists():
        from govern.procedures.schedules import writing

        writing.ran(workspace.home)
    if json:
        render.emit("tick", _row(ran))
    elif not quiet or ran.done or ran.failed or (ran.reminded is not None and (ran.reminded.sent or ran.reminded.failed)):
        _tell(ran)
    if ran.damage is not None:
        if json:
            raise typer.Exit(ran.damage.exit_code)
        raise ran.damage
    if ran.failed:
        raise typer.Exit(1)


def _row(ran: Ran) -> dict[str, Any]:
    reminded: dict[str, Any] = {"sent": [], "failed": [], "run_of": None, "quiet_until": None}
    if ran.reminded is not None:
        from govern.cli.remind import told

        reminded = told(ran.reminded)
    other = None if ran.other is None else {"person": ran.other.person, "purpose": ran.other.purpose, "until": ran.other.until}
    return {
        "done": [
            {"what": one.what, "id": one.id, "account": one.account or None, "kind": one.kind or None, "person": one.person or None, "told": one.told}
            for one in ran.done
        ],
        "sent": reminded["sent"], "undelivered": reminded["failed"],
        "left": [{"what": one.what, "count": one.number, "about": one.about or None, "to": one.to} for one in ran.left],
        "failed": [{"what": one.what, "about": one.about or None, "message": one.message, "hint": one.hint} for one in ran.failed],
        "checked": None if ran.checked is None else {"size": ran.checked.size, "deep": ran.checked.deep, "findings": ran.checked.findings},
        "damaged": None if ran.damage is None else ran.damage.message,
        "run_of": other, "quiet_until": ran.quiet_until or None,
    }  # fmt: skip


def _tell(ran: Ran) -> None:
    if ran.other is not None:
        render.note(f"{render.safe(ran.other.person)} is running this already, until {ran.other.until} at most: nothing was done from here")
        return
    for one in ran.done:
        render.line(render.safe(_WORDS[one.what].format(person=one.person, account=one.account, kind=one.kind, told=one.told)))
    if ran.reminded is not None and (ran.reminded.sent or ran.reminded.failed):
        from govern.cli.remind import tell

        tell(ran.reminded)
    for left in ran.left:
        what = render.count(
            left.number,
            _PARTS[left.what],
            {"grant-ended": "grants that ran out", "rotation-opened": "rotations to open"}.get(left.what, ""),
        )
        about = f" ({left.about})" if left.about else ""
        render.note(render.safe(f"left for {left.to}: {what}{about}"))
    for failed in ran.failed:
        _tell_failed(failed)
    if ran.checked is not None:
        how = "with everything sealed" if ran.checked.deep else "all entries"
        render.note(f"read {render.count(ran.checked.size, 'entry', 'entries')} of the ledger again, {how}: nothing is damaged")
        if ran.checked.findings:
            render.next_step("govern status", f"{render.count(ran.checked.findings, 'entry', 'entries')} in it count for nothing")
    if not ran.done and not ran.failed and ran.damage is None and not (ran.reminded and (ran.reminded.sent or ran.reminded.failed)):
        render.note("nothing is due" + (f" before {ran.quiet_until}, unless somebody records something" if ran.quiet_until else ""))
        render.next_step("govern todo --all")
    elif any(one.what == "rotation-opened" for one in ran.done):
        render.next_step("govern rotate --all-due")


def _tell_failed(failed: Failure) -> None:
    about = f" {failed.about}" if failed.about else ""
    render.note(render.safe(f"failed: {_PARTS.get(failed.what, failed.what)}{about}: {failed.message}"))
    if failed.hint:
        render.note(render.safe(f"hint: {failed.hint}"))
