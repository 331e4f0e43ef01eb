"""`govern proposal`: acts that take two persons."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli import render, settings
from govern.cli.proposed import name, row, what
from govern.cli.rotated import short

if TYPE_CHECKING:
    import sqlite3

    from govern.register.queries.proposals import Proposal

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="Its id, or six or more of the first hex digits.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
Sheets = Annotated[list[Path] | None, typer.Option("--sheet", metavar="FILE", help="A recovery sheet; as often as the sheets say.")]


@app.command("list")
def list_(
    only_open: Annotated[bool, typer.Option("--open", help="Only what waits for a second person.")] = False, json: Json = False
) -> None:
    """What was proposed: what waits first."""
    from govern.register.queries.people import handles
    from govern.register.queries.proposals import proposals

    db, now = settings.workspace().view(), settings.now()
    found, names = proposals(db, open_at=now if only_open else ""), handles(db)
    if json:
        render.emit("proposal", {"proposals": [row(one, names, now) for one in found]})
        return
    render.table(
        ("id", "state", "by", "second", "what"),
        [(short(one.id), one.stands(now).value, name(one.proposer, names), name(one.second, names), what(one, names)) for one in found],
        empty="nothing waits for a second person" if only_open else "nothing was proposed yet",
    )


@app.command("show")
def show(id_: Id, json: Json = False) -> None:
    """One proposal with everything that approving it would change."""
    from govern.register.queries.people import handles
    from govern.register.queries.proposals import find

    db, now = settings.workspace().view(), settings.now()
    found, names = find(db, id_), handles(db)
    details = _details(db, found)
    if json:
        render.emit("proposal", {"proposals": [row(found, names, now) | {"details": dict(details), "entry": found.entry}]})
        return
    lines = [
        ("id", found.id), ("act", found.act.value), ("state", _state(found, now)), ("what", what(found, names)),
        ("by", f"{name(found.proposer, names)} on {found.made_at}"), ("reason", found.reason), *details,
        ("second", f"{name(found.second, names)} on {found.ended_at}" if found.second else ""),
    ]  # fmt: skip
    for label, text in lines:
        if text:
            render.line(f"{label:<14}{render.safe(text)}")
    if found.stands(now).value == "open":
        render.next_step(f"govern proposal approve {short(found.id)}", "or: govern proposal withdraw")


def _state(found: Proposal, now: str) -> str:
    state = found.stands(now).value
    match state:
        case "open":
            return f"open; it can be approved until {render.day(found.until(now))}"
        case "expired":
            return f"expired on {render.day(found.until(now))}"
        case _:
            return state


def _details(db: sqlite3.Connection, found: Proposal) -> list[tuple[str, str]]:
    """What the second person should hold against what they were told."""
    from govern.register.queries import people, policies, proposals

    names = people.handles(db)
    match found.act.value:
        case "role":
            keys = proposals.vouched(db, found.subject, names)
            return [(f"key {key.key}", f"{key.custody}; vouched for by {', '.join(key.by)}") for key in keys] or [("keys", "none yet")]
        case "recovery-replaced":
            old = db.execute("SELECT id FROM keys WHERE state = 'recovery'").fetchone()[0]
            return [("new key", found.parameters["key"]), ("key in force", old)]
        case "policy":
            from govern.policy.compare import weaker
            from govern.policy.rules import Policy

            less = weaker(policies.policy(db), Policy.from_record(found.parameters["policy"]))
            return [("asks for less", "; ".join(less) or "nothing")]
        case "erasure":
            return [("left on", people.by_id(db, found.subject).left_on)]
        case "account-erasure":
            return [("handed back", f"{handle} on {on[:10]}") for handle, on in proposals.handed_back(db, found.parameters["accounts"])]
        case _:
            return [("root", found.parameters["root"])]


@app.command("approve")
def approve(id_: Id, sheet: Sheets = None, json: Json = False) -> None:
    """Be the second person: it takes effect at once. With --sheet the recovery quorum is, where no other admin could be."""
    from govern.procedures import after_approval
    from govern.procedures import proposals as procedure
    from govern.procedures.recovery import read_sheets
    from govern.register.queries.people import handles
    from govern.register.queries.proposals import find

    workspace, now = settings.workspace(), settings.now()
    if sheet:
        found = procedure.approve_with_sheets(workspace, read_sheets(sheet), id_, now)
    else:
        with workspace.transaction(now) as tx:
            found = procedure.approve(tx, find(tx.register, id_))
    followed = after_approval.follow(workspace, found, now)
    names = handles(workspace.view())
    if json:
        render.emit("proposal", {"proposals": [row(found, names, now)], "followed": followed})
    else:
        render.line(f"approved {short(found.id)}: {render.safe(what(found, names))}")
    for text in followed:
        render.note(text)
    command, why = after_approval.NEXT[found.act]
    render.next_step(command, why)


@app.command("withdraw")
def withdraw(id_: Id, json: Json = False) -> None:
    """Take a proposal back, or turn another's down."""
    from govern.procedures import proposals as procedure
    from govern.register.queries.people import handles
    from govern.register.queries.proposals import find

    workspace = settings.workspace()
    now = settings.now()
    with workspace.transaction(now) as tx:
        found = procedure.withdraw(tx, find(tx.register, id_))
    names = handles(workspace.view())
    if json:
        render.emit("proposal", {"proposals": [row(found, names, now)]})
    else:
        render.line(f"withdrawn {short(found.id)}: {render.safe(what(found, names))}")
    render.next_step("govern proposal list")
