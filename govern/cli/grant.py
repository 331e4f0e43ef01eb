"""`govern grant`: allow a person to hold accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli import render, settings
from govern.cli.reason import ask_reason
from govern.errors import Usage
from govern.shell import quoted

if TYPE_CHECKING:
    from govern.procedures.grant import Granted, Plan

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_STEPS = 5


@app.command()
def grant(
    selector: Annotated[str, typer.Argument(metavar="SELECTOR", help="An account, or platform:…, department:…, client:…, tag:…")],
    person: Annotated[str, typer.Argument(metavar="PERSON")] = "",
    reason: Annotated[str, typer.Option(help="Why; asked for on the critical tier.")] = "",
    days: Annotated[int | None, typer.Option(metavar="N", help="For so many days; else as long as the policy allows.")] = None,
    until: Annotated[str, typer.Option(metavar="DATE", help="To the end of this day (UTC).")] = "",
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind of secret; may be repeated.")] = None,
    like: Annotated[str, typer.Option(metavar="PERSON", help="What this other person holds; without SELECTOR all of it.")] = "",
    emergency: Annotated[bool, typer.Option("--emergency", help="For 24 hours.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be granted, and record nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Allow a person to hold an account, or several; for somebody with keys its secrets are sealed to them."""
    from govern.holdings.grants import Asked
    from govern.procedures import grant as procedure

    if not person:
        if not like:
            raise Usage("the person is missing", hint="govern grant ACCOUNT PERSON")
        selector, person = "", selector
    workspace = settings.workspace()
    request = procedure.Request(selector=selector, person=person, like=like, asked=Asked())
    why = ask_reason(reason, workspace.view, lambda db: procedure.tiers(db, request))
    request = procedure.Request(
        selector=selector, person=person, like=like,
        asked=Asked(kinds=tuple(kind or ()), days=days, until=until, emergency=emergency, reason=why),
    )  # fmt: skip
    if dry_run:
        db = workspace.view()
        planned = procedure.plan(db, request, actor=workspace.person, now=settings.now())
        granted = procedure.told(db, planned)
    else:
        with workspace.transaction(settings.now()) as tx:
            planned, granted = procedure.grant(tx, request)
    if json:
        render.emit("grant", {
            "person": planned.person.handle,
            "grants": [
                {"account": g.account, "until": g.until, "sealed": g.sealed, "kinds": list(g.kinds) or None, "hand_over": list(g.waiting)}
                for g in granted
            ],
            "unchanged": list(planned.unchanged), "dry_run": dry_run,
        })  # fmt: skip
    else:
        _tell(planned, granted, dry_run=dry_run)
    if not dry_run:
        _next(planned, granted)


def _tell(planned: Plan, granted: list[Granted], *, dry_run: bool) -> None:
    who = render.safe(planned.person.handle)
    for one in granted:
        what = f" ({', '.join(one.kinds)} only)" if one.kinds else ""
        how = "sealed to their keys" if one.sealed else "allowed, not yet handed over" if one.waiting or not one.places else "allowed"
        how += f", kept in {', '.join(map(render.safe, one.places))}" if one.places else ""
        render.line(f"{'would grant ' if dry_run else ''}{one.account} to {who} until {render.day(one.until)}{what}: {how}")
    for handle in planned.unchanged:
        render.note(f"{who} holds {handle} just so already")


def _next(planned: Plan, granted: list[Granted]) -> None:
    who = render.safe(planned.person.handle)
    if any(issue.emergency for issue in planned.issues):
        render.note(f"in an emergency: every admin is told, until it is over and what {who} has come to know is changed")
    steps = [f"govern handover {one.account} {who} --kind {kind}" for one in granted for kind in one.waiting]
    steps += [f"govern place member {quoted(place)} {who}" for one in granted for place in one.places]
    steps += [f"govern credential add {one.account} --kind password" for one in granted if one.is_empty]
    steps = list(dict.fromkeys(steps))
    for one in granted:
        for kind in one.absent:
            render.note(f"{one.account} has no {kind} yet")
    for step in steps[:_STEPS]:
        render.next_step(step)
    if len(steps) > _STEPS:
        render.note(f"… and {len(steps) - _STEPS} more")
    if granted and planned.person.keyholder:
        render.next_step(f"govern who {granted[0].account}")
