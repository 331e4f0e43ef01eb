"""`govern revoke`: end a person's grants, and say what they still know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli import render, settings

if TYPE_CHECKING:
    from govern.procedures.revoke import Plan

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_STEPS = 5


@app.command()
def revoke(
    selector: Annotated[str, typer.Argument(metavar="SELECTOR", help="An account, or platform:…, department:…, client:…, tag:…")],
    person: Annotated[str, typer.Argument(metavar="PERSON")],
    reason: Annotated[str, typer.Option(help="Why; never needed.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would end, and record nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """End a person's grants and what is sealed to them. What they know works until it is changed on the platform."""
    from govern.procedures import revoke as procedure

    workspace = settings.workspace()
    if dry_run:
        planned = procedure.plan(workspace.view(), selector, person)
    else:
        with workspace.transaction(settings.now()) as tx:
            planned = procedure.revoke(tx, selector, person, reason)
    if json:
        render.emit("revoke", {
            "person": planned.person.handle, "revoked": [account.handle for account in planned.accounts],
            "still_knows": [{"account": known.handle, "kind": known.kind, "version": known.n} for known in planned.still_knows],
            "warnings": list(planned.warnings), "rotations": list(planned.rotations), "dry_run": dry_run,
        })  # fmt: skip
    else:
        _tell(planned, dry_run=dry_run)
    for warning in planned.warnings:
        render.note(f"warning: {render.safe(warning)}")
    if not dry_run:
        _next(planned)


def _tell(planned: Plan, *, dry_run: bool) -> None:
    who, count = render.safe(planned.person.handle), len(planned.still_knows)
    for account in planned.accounts:
        render.line(f"{'would revoke' if dry_run else 'revoked'}: {account.handle}")
    if not count:
        render.line(f"{who} {'would be' if dry_run else 'is'} revoked, and knows nothing of it that works")
        return
    secrets = "1 secret" if count == 1 else f"{count} secrets"
    render.line(f"{who} {'would be' if dry_run else 'is'} revoked, still {'know' if dry_run else 'knows'} {secrets}:")
    render.table(("account", "kind", "version"), [(known.handle, known.kind, known.n) for known in planned.still_knows])


def _next(planned: Plan) -> None:
    if planned.rotations:
        render.note(f"an emergency ends with a rotation: {render.count(len(planned.rotations), 'rotation')} opened")
    steps = list(dict.fromkeys(f"govern rotate {known.handle} --kind {known.kind} --because membership" for known in planned.still_knows))
    for step in steps[:_STEPS]:
        render.next_step(step)
    if len(steps) > _STEPS:
        render.note(f"… and {len(steps) - _STEPS} more: govern holds {render.safe(planned.person.handle)}")
