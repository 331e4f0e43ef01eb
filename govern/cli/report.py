"""`govern report`: populations for an audit. Who holds what on a day, and who left in a span of time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from govern.cli import render, settings
from govern.cli.files import put_csv
from govern.errors import Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from govern.offboarding.wording import Say
    from govern.reports.leavers import Leaver

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

_MOST_BYTES: Final = 64 << 20
Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write a CSV file, which no spreadsheet program takes for formulas.")
]
Locale = Annotated[str, typer.Option(metavar="en|fr|nl|da|nb|es", help="In which language; else in yours. A CSV file is in English.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


@app.command("holders")
def holders(
    on: Annotated[str, typer.Option("--on", metavar="DATE", help="As of the end of that day, or of a time: 2026-11-30T14:00.")] = "",
    out: Out = None,
    locale: Locale = "",
    json: Json = False,
) -> None:
    """Who holds which account, who answers for it, and who could know its secrets; today, or computed from the ledger for any day gone by."""
    from govern.register.past import as_of
    from govern.reports import holders as report

    _names_a_file(out)
    workspace, now = settings.workspace(), settings.now()
    if on:
        with as_of(workspace, _moment(on, now)) as past:
            found, size, note = report.collect(past.db), past.size, past.note
    else:
        from govern.register.connection import states

        db = workspace.view()
        found = report.collect(db)
        size, note = states(db, "size", "note")
    if json:
        rows = [
            {
                "account": one.account, "platform": one.platform, "tier": one.tier, "person": one.person, "name": one.name, "external": one.external,
                "is": list(one.is_), "since": one.since or None, "until": one.until or None, "granted": list(one.granted) or None,
                "knows": list(one.knows), "seen": one.seen,
            }
            for one in found
        ]  # fmt: skip
        about = {"on": _moment(on, now) if on else now, "size": size, "checkpoint": bytes(note).decode()}
        put_csv(out, report.HEAD, map(report.cells, found))
        render.emit("report", {"report": "holders", **about, "holders": rows})
        return
    language = settings.reading(locale, workspace)
    say, count = language.say, language.count
    if out is None:
        render.table(_head(report.HEAD, say), (report.cells(one, say) for one in found), empty=say("nobody holds anything"))
    put_csv(out, report.HEAD, map(report.cells, found))
    render.note(
        say("{people}, {lines}, from the first {size} entries of the ledger").format(
            people=count("1 person", "{n} people", len({one.person for one in found})), lines=count("1 line", "{n} lines", len(found)), size=size
        )
    )  # fmt: skip
    if out is not None:
        render.line(render.safe(out))


@app.command("leavers")
def leavers(
    since: Annotated[str, typer.Option("--from", metavar="DATE", help="Whose day is not before this; else all.")] = "",
    until: Annotated[str, typer.Option("--to", metavar="DATE", help="Whose day is not after this; else all.")] = "",
    against: Annotated[
        Path | None, typer.Option("--against", metavar="FILE", help="An HR export: who left by that and has no case here.")
    ] = None,
    map_: Annotated[
        Path | None, typer.Option("--map", metavar="FILE", help="Which of its columns is what, as for: govern hr import.")
    ] = None,
    out: Out = None,
    locale: Locale = "",
    json: Json = False,
) -> None:
    """Everybody who left: when the cut was made, when what they knew was changed, how long that took; those who held nothing too."""
    from govern.reports import leavers as report

    _names_a_file(out)
    workspace = settings.workspace()
    first, last = _day(since) or "0000", _day(until) or "9999"
    found = report.collect(workspace.view(), since=first, until=last, reader=workspace.person, now=settings.now())
    if against is not None:
        from govern.importers import hr_table
        from govern.importers.read import contents
        from govern.policy.hr import rules
        from govern.procedures.against import without_case

        export = hr_table.read(
            contents(against, _MOST_BYTES), rules(contents(map_, _MOST_BYTES) if map_ else None, name=map_.name if map_ else "")
        )
        found += without_case(workspace.view(), export.rows, found, since=first, until=last, reader=workspace.person)
    elif map_ is not None:
        raise Usage("--map says how the file of --against is read", hint="--against FILE --map FILE")
    put_csv(out, report.HEAD, map(report.cells, found))
    if json:
        render.emit("report", {
            "report": "leavers", "from": _day(since) or None, "to": _day(until) or None, "leavers": [_leaver(one) for one in found],
        })  # fmt: skip
        return
    language = settings.reading(locale, workspace)
    say = language.say
    if out is None:
        render.table(_head(report.HEAD, say), (report.cells(one, say) for one in found), empty=say("nobody left in that time"))
    else:
        render.line(render.safe(out))
    if found:
        text = say("{leavers}, {left} of them without a case, before their cut or still knowing something")
        left = sum(one.result in report.LEFT_OVER for one in found)
        render.note(text.format(leavers=language.count("1 leaver", "{n} leavers", len(found)), left=left))
    if any(one.result == "no case" for one in found):
        render.next_step(f"govern offboard open {next(one.person for one in found if one.result == 'no case')} --cut-at now")


def _head(words: Sequence[str], say: Say) -> list[str]:
    """The headings of a table in the reader's language; a CSV file has them in English, for programs."""
    return [say(word, "column") for word in words]


def _leaver(one: Leaver) -> dict[str, Any]:
    return {
        "person": one.person or None, "name": one.name, "left": one.left, "case": one.case or None, "kind": one.kind or None, "state": one.state or None,
        "opened_at": one.opened_at or None, "removed_at": one.removed_at or None, "secrets": one.secrets, "rotated": one.rotated,
        "given_up": one.given_up, "last_rotated_at": one.last_rotated_at or None, "longest_lag_minutes": one.lag, "still_knows": one.still_knows,
        "held_nothing": one.held_nothing, "result": one.result,
    }  # fmt: skip


def _day(text: str) -> str:
    """A day that was typed, or nothing."""
    from govern.errors import Malformed
    from govern.holdings.dates import read_day

    try:
        found = read_day(text) if text else ""
    except Malformed as error:
        raise Usage(error.message, hint="write it as 2026-11-30") from error
    if found is None:
        raise Usage(f"{text[:40]!r} is no day", hint="write it as 2026-11-30")
    return found


def _moment(text: str, now: str) -> str:
    """The end of a day here, or a time, as a UTC time. Raises Usage for what is none or has not come yet."""
    from datetime import UTC, datetime

    try:
        whole_day = len(text.strip()) <= 10
        found = (
            datetime.fromisoformat(f"{_day(text)}T23:59:59" if whole_day else text.strip()).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        )
    except (ValueError, OverflowError):
        raise Usage(f"{text[:40]!r} is no time", hint="write it as 2026-11-30, or 2026-11-30T14:00") from None
    if whole_day and found[:10] >= now[:10] and _day(text) == now[:10]:
        return now
    if found > now:
        raise Usage(f"{found} has not come yet", hint="without --on it is as of now")
    return found


def _names_a_file(out: Path | None) -> None:
    """Refuse before anything is asked what could only fail at the end."""
    if out is not None and (out.name == "" or out.is_dir()):
        raise Usage("--out names no file", hint="--out FILE.csv, one that is not there yet")
