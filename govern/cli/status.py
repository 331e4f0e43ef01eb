"""`govern status`: what to do next, and what is wrong."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from govern.cli import render, settings
from govern.errors import Usage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from govern.holdings.findings import Finding
    from govern.register.workspace import Workspace

app = typer.Typer(add_completion=False, rich_markup_mode=None)


def rows(findings: Sequence[Finding], told: Mapping[tuple[str, str], str] = MappingProxyType({})) -> list[dict[str, Any]]:
    """`told`: when somebody is reminded of what next, as `govern.notices.due.upcoming` gives it."""
    return [
        {
            "code": f.code, "severity": f.severity, "subject": f.subject, "message": f.message, "due": f.due or None,
            "next_reminder": told.get(_about(f)) if f.key and f.code not in _UNTOLD else None,
        }
        for f in findings
    ]  # fmt: skip


_UNTOLD = frozenset({"openers", "opens-for-nobody", "weak-password", "weak-totp", "no-rule", "codes-few"})
"""They are about a credential of which people may be reminded as well, but of something else."""


def _about(finding: Finding) -> tuple[str, str]:
    """The ids that its key names, as due things are kept by."""
    code, of, about = (*finding.key.split(":"), "", "")[:3]
    return of or code, about if finding.code == "hand-over-due" else ""


def show(findings: Sequence[Finding]) -> None:
    order = ("critical", "warning", "info")
    render.table(
        ("severity", "what", "subject", "message", "due"),
        [(f.severity, f.code, f.subject, f.message, f.due) for f in sorted(findings, key=lambda f: order.index(f.severity))],
    )


@app.command()
def status(
    check: Annotated[bool, typer.Option("--check", help="Exit 7 where a finding is above info: for monitoring.")] = False,
    accept_baseline: Annotated[bool, typer.Option("--accept-baseline", help="Count today's findings as info until --until.")] = False,
    until: Annotated[str, typer.Option(metavar="DATE", help="When the accepted baseline runs out.")] = "",
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """At most five next steps, then what is wrong or due."""
    from govern.fields import date
    from govern.holdings.findings import above_info
    from govern.procedures import status as procedure

    workspace = settings.workspace()
    now = settings.now()
    if accept_baseline:
        if not date(until):
            raise Usage("--until is missing or no date", hint="write it as 2026-12-31")
        count = procedure.accept_baseline(workspace, until, now)
        render.note(f"{render.count(count, 'finding')} accepted until {until}")
    found = procedure.status(workspace, now[:10])
    if json:
        render.emit("status", {
            "next": [{"action": step.action, "command": step.command, "why": step.why} for step in found.next],
            "findings": rows(found.findings, _reminders(workspace, now)),
            "accounts": found.accounts, "people": found.people, "keyholders": found.keyholders, "rotations": found.rotations, "cases": found.cases,
            "entries": found.entries, "overdue": list(found.banner),
        })  # fmt: skip
    else:
        if found.banner:
            some = ", ".join(map(render.safe, found.banner[:5])) + (f" and {len(found.banner) - 5} more" if len(found.banner) > 5 else "")
            render.line(f"OVERDUE past every grace: {some}. They are given to nobody else until they are rotated: govern rotate --all-due")
            render.line()
        if found.next:
            render.line("Next:")
        for number, step in enumerate(found.next, 1):
            render.line(render.safe(f"  {number}. {step.command}"))
            render.line(render.safe(f"     {step.why}"))
        render.line(
            f"{render.count(found.accounts, 'account')}, {render.count(found.people, 'person', 'people')} ({found.keyholders} with keys), "
            f"{render.count(found.rotations, 'open rotation')}, {render.count(found.cases, 'open case')}"
        )
        told = [f for f in found.findings if f.severity != "info"]
        if told:
            render.line()
        show(told)
        quiet = len(found.findings) - len(told)
        if quiet:
            render.note(f"{quiet} more for information: govern status --json")
    if check and above_info(found.findings):
        raise typer.Exit(7)


def _reminders(workspace: Workspace, now: str) -> Mapping[tuple[str, str], str]:
    from govern.notices.due import upcoming
    from govern.register.queries.policies import policy

    db = workspace.view()
    return upcoming(db, policy(db), now, reader=workspace.person)
