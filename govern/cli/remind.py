"""`govern remind`: tell everybody what waits for them, once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from govern.cli import render, settings
from govern.errors import Usage

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from govern.notices.due import Notice
    from govern.procedures.remind import Ran, Sent
    from govern.register.workspace import Workspace

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def remind(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show who would be told what, and why; send and record nothing.")] = False,
    explain: Annotated[str, typer.Option("--explain", metavar="PERSON", help="When this person is reminded of what, and why.")] = "",
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Send everybody one message with what is due for them: safe to run twice, or on two machines at once."""
    if dry_run and explain:
        raise Usage("--dry-run and --explain exclude each other", hint="give one of them")
    workspace = settings.workspace()
    if explain:
        _explain(workspace.view(), workspace.person, explain, json=json)
        return
    if dry_run:
        _dry_run(workspace, json=json)
        return
    from govern.procedures.remind import remind as procedure

    ran = procedure(workspace, settings.now)
    if json:
        render.emit("remind", {**told(ran), "done": []})
    else:
        tell(ran)


def told(ran: Ran) -> dict[str, Any]:
    """The keys that `remind` and whatever runs it share."""
    return {
        "sent": [
            {
                "person": one.digest.handle, "channel": one.channel, "message_id": one.digest.message.message_id,
                "subject": one.digest.message.subject, "items": [_row(each, sent=True) for each in one.digest.notices],
                "file": _file(one),
            }
            for one in ran.sent
        ],
        "failed": [
            {"person": one.digest.handle, "channel": one.channel, "outcome": one.delivery.outcome.value, "reason": one.delivery.reason}
            for one in ran.failed
        ],
        "run_of": None if ran.other is None else {"person": ran.other.person, "purpose": ran.other.purpose, "until": ran.other.until},
        "quiet_until": ran.quiet_until or None,
    }  # fmt: skip


def _file(sent: Sent) -> str | None:
    """The calendar file by which it was told, where it was."""
    from govern.register.calendar_files import FOLDER

    path = settings.current.home / FOLDER / f"{sent.digest.handle}.ics"
    return str(path) if sent.channel == "calendar" and path.is_file() else None


def tell(ran: Ran) -> None:
    """The same in words."""
    if ran.other is not None:
        render.note(f"{render.safe(ran.other.person)} is running this already, until {ran.other.until} at most: nothing was sent from here")
        return
    if ran.quiet_until:
        render.note(f"quiet hours: what is due is sent from {ran.quiet_until} on")
        render.next_step("govern remind --dry-run")
        return
    for one in ran.sent:
        things = render.count(len(one.digest.notices), "thing")
        render.line(render.safe(f"told {one.digest.handle} of {things} by {one.channel}: {one.digest.message.subject}"))
    for failed in ran.failed:
        render.line(render.safe(f"could not reach {failed.digest.handle} by {failed.channel}: {failed.delivery.reason}"))
    if not ran.sent and not ran.failed:
        render.note("nobody has anything to be told now")
        render.next_step("govern todo --all")
    elif ran.failed:
        render.next_step("govern remind", "the next run tries again")
    files = [Path(path) for path in map(_file, ran.sent) if path]
    if files:
        render.note(render.safe(f"no channel is set up: hand the files in {files[0].parent} to whom they are named after"))
        render.next_step("govern channel add relay --kind mail --tls local --sender ADDRESS", "sends messages by mail instead")


def _dry_run(workspace: Workspace, *, json: bool) -> None:
    from govern.procedures import remind_apart
    from govern.procedures.remind import due_now
    from govern.register.queries import people

    db, now = workspace.view(), settings.now()
    waiting, opens = due_now(db, now, reader=workspace.person, key=workspace.keys.id.hex())
    waiting += remind_apart.waiting(db, remind_apart.mine(db, lambda: workspace.keys.id.hex(), now), now, reader=workspace.person)
    names = people.handles(db)
    waiting.sort(key=lambda one: (names[one.person], one.day, one.thing.account, one.thing.id))
    if json:
        would = [{"person": names[one.person], **_row(one)} for one in waiting]
        render.emit("remind", {"sent": [], "done": [], "would_send": would, "quiet_until": opens or None})
        return
    rows = [(names[one.person], one.day, _what(one), _about(one), _why(one), one.thing.id[:8]) for one in waiting]
    render.table(("person", "due", "what", "account", "why", "item"), rows, empty="nobody would be told anything now")
    if opens and waiting:
        render.note(f"quiet hours: it would be sent from {opens} on")
    if waiting:
        render.next_step("govern remind")


def _explain(db: sqlite3.Connection, reader: str, person: str, *, json: bool) -> None:
    from govern.notices.due import notices
    from govern.register.queries import people, policies

    who = people.find(db, person)
    found = [
        one for one in notices(db, policies.policy(db), settings.now(), reader=reader, every=True, of_year=True) if one.person == who.id
    ]
    found.sort(key=lambda one: (one.next or "~", one.day, one.thing.account, one.thing.id))
    if json:
        render.emit("remind", {"person": who.handle, "mail": bool(who.mail), "sent": [], "done": [], "items": [_row(one) for one in found]})
        return
    rows = [(one.next or "never", one.day, _what(one), _about(one), _why(one), one.thing.id[:8]) for one in found]
    render.table(("next reminder", "due", "what", "account", "why", "item"), rows, empty=f"nothing is due for {render.safe(who.handle)}")
    if not who.mail:
        render.note(f"no mail address of {render.safe(who.handle)} is known")
        render.next_step(f"govern person show {render.safe(who.handle)}")
    elif found:
        render.next_step(f"govern todo --person {render.safe(who.handle)}")


def _about(one: Notice) -> str:
    """The account, or what is to be acknowledged."""
    if one.thing.among:
        return f"{render.safe(one.thing.among)} and {render.count(one.thing.others, 'other')}"
    return render.safe(one.thing.account or one.thing.document)


def _what(one: Notice) -> str:
    return "confidential" if one.thing.embargoed else one.thing.kind


def _why(one: Notice) -> str:
    when = (
        "due today"
        if one.past == 0
        else f"{render.count(one.past, 'day')} overdue"
        if one.past > 0
        else f"{render.count(-one.past, 'day')} ahead"
    )
    return f"{one.why}, {when}"


def _row(one: Notice, *, sent: bool = False) -> dict[str, Any]:
    """`sent`: of what was just told `next` is the reminder after that."""
    thing = one.thing
    return {
        "id": thing.id, "what": _what(one), "account": thing.account or None, "document": thing.document or None, "kind": thing.credential or None,
        "subject": thing.name or None,
        "due": thing.due, "days": one.past, "stage": one.point, "why": one.why,
        "next": (one.then if sent else one.next) or None, "command": one.command or None,
    }  # fmt: skip


def rows(found: Sequence[Notice]) -> list[dict[str, Any]]:
    return [_row(one) for one in found]
