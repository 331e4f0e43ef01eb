"""How incidents, reports and freezes are shown: one row each for JSON, tables for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from govern.cli import render, settings
from govern.incidents.timing import clock, minutes

if TYPE_CHECKING:
    import sqlite3

    from govern.languages import Language
    from govern.policy.incident import Playbook
    from govern.policy.profile import Profile, Statement
    from govern.register.queries.incidents import Freeze, Incident, Report, Step

Id = Annotated[str, typer.Argument(metavar="ID", help="The first six or more digits of its id.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
Evidence = Annotated[Path | None, typer.Option(metavar="FILE", help="A file that shows it; its SHA-256 is recorded, not the file.")]
Account = Annotated[str, typer.Option("--account", metavar="A", help="The account that it is about.")]
PlaybookFile = Annotated[
    Path | None, typer.Option("--playbook", metavar="FILE", help="Steps of your own, instead of policies/incident.yaml.")
]
KINDS = "takeover|rogue-post|leak|negative|phishing|lost-device"


def playbook(own: Path | None) -> Playbook:
    """The playbook in that file, or the shipped one."""
    from govern.bounded import contents
    from govern.policy.incident import playbook as read

    return read(contents(own, 1 << 18), name=own.name) if own else read()


def kind(text: str) -> str:
    """A kind of incident as it was typed; raises Usage."""
    from govern.errors import Usage
    from govern.vocabulary import INCIDENT_KINDS

    if text not in INCIDENT_KINDS:
        raise Usage(f"there is no kind {text[:40]!r}", hint=f"one of {', '.join(INCIDENT_KINDS)}")
    return text


def report_row(one: Report, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": one.id, "kind": one.kind, "account": one.handle or None, "reported_by": names.get(one.reporter, one.reporter),
        "on_behalf_of": names.get(one.on_behalf) if one.on_behalf else None, "note": one.note or None, "at": one.at, "answer_by": one.answer_by,
        "answered_at": one.answered_at or None, "answered_by": names.get(one.answerer) if one.answerer else None, "incident": one.incident or None,
    }  # fmt: skip


def incident_row(one: Incident, names: Mapping[str, str]) -> dict[str, Any]:
    def who(person: str) -> str | None:
        return names.get(person, person) if person else None

    return {
        "id": one.id, "kind": one.kind, "account": one.handle or None, "state": one.state, "drill": one.drill, "lead": who(one.lead),
        "second": who(one.second), "report": one.report or None, "opened_at": one.at, "opened_by": who(one.opener),
        "clear_at": one.cleared_at or None, "clear_by": who(one.clearer), "clear_by_one": one.alone, "closed_at": one.closed_at or None,
        "closed_by": who(one.closer), "lessons": one.lessons or None, "minutes": minutes(one.at, one.closed_at) if one.closed_at else None,
    }  # fmt: skip


def step_row(step: Step, one: Incident, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "number": step.number, "step": step.name, "by": step.hand, "state": step.state.value, "at": step.at or None,
        "minutes": minutes(one.at, step.at) if step.at else None, "ended_by": names.get(step.ender) if step.ender else None,
        "evidence": step.evidence or None, "note": step.note or None,
    }  # fmt: skip


def freeze_row(one: Freeze, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": one.id, "account": one.handle or None, "everything": not one.account, "allowed": [names.get(person, person) for person in one.allowed],
        "look_again": one.look_again, "incident": one.incident or None, "frozen_by": names.get(one.freezer, one.freezer), "at": one.at,
        "ended_at": one.ended_at or None, "ended_by": names.get(one.ender) if one.ender else None,
    }  # fmt: skip


def language_of(db: sqlite3.Connection, person: str) -> Language:
    """The language of whoever asks, of the machine where none is kept of them."""
    from govern.languages import language
    from govern.register.queries import people

    return language(settings.locale("", lambda: people.by_id(db, person).locale))


def step_named(step: str, speech: Language) -> str:
    """A step as its reader calls it, with the word to type where that is another."""
    said = speech.say(step, "incident step")
    return step if said == step else f"{said} ({step})"


def reach_lines(about: Profile, reached: Sequence[tuple[Statement, str]], speech: Language, *, tell: Callable[[str], None]) -> None:
    """Who takes word of it on the platform, the best way first, each line to `tell`."""
    from govern.cli.telling_platform import spoken

    say = speech.say
    tell(say("How {platform} is told of it:").format(platform=about.name))
    for said, url in reached:
        tell(f"  {spoken(said, '', speech)}")
        if url:
            tell(f"    {render.safe(url)}")
    if not reached:
        tell(f"  {say('No way to tell it is known here; look among its help pages.')}")


def steps_table(rows: Sequence[dict[str, Any]], speech: Language) -> None:
    render.table(
        ("", "step", "whose", "state", "after", "by"),
        [
            (
                row["number"], step_named(row["step"], speech), row["by"], row["state"], "" if row["minutes"] is None else clock(row["minutes"]),
                row["ended_by"] or "",
            )
            for row in rows
        ],
    )  # fmt: skip


def head(row: Mapping[str, Any]) -> str:
    """One incident in a line."""
    drill = "DRILL: " if row["drill"] else ""
    team = f"{row['lead']} leads, {row['second'] or 'nobody'} is second"
    return render.safe(f"{drill}{row['kind']} of {row['account'] or 'no account'}, {row['state']}; {team} ({row['id'][:8]})")


def go_on(db: sqlite3.Connection, one: Incident) -> None:
    """The command to type next."""
    from govern.procedures.incidents import rotations_left
    from govern.register.queries import incidents

    short = one.id[:8]
    if one.closed_at:
        render.next_step(f"govern incident report {short} --out DIR", "the time line, to keep")
        return
    if one.cleared_at:
        render.next_step(f"govern incident close {short} --lessons TEXT")
        return
    step = next((step for step in incidents.steps(db, one.id) if step.state == "open"), None)
    if step is None:
        render.next_step(f"govern incident all-clear {short}", "the second person looks and says it")
    elif step.name == "freeze" and not one.drill and one.handle:
        render.next_step(f"govern incident freeze {one.handle}")
    elif step.name == "rotate" and (left := rotations_left(db, one)):
        handle, kind = left[0]
        render.next_step(f"govern rotate {handle} --kind {kind}", f"{render.count(len(left), 'secret')} to change")
    else:
        render.next_step(f"govern incident done {short} {step.name}")
