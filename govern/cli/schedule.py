"""`govern schedule`: have the machine run `govern tick` by itself."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from govern.cli import render, settings
from govern.errors import Refused, Usage
from govern.shell import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from govern.procedures.schedules.plan import Plan, Scheduler, Text
    from govern.procedures.schedules.writing import Place

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

As = Annotated[str, typer.Option("--as", metavar="systemd|cron|launchd|windows", help="For which scheduler; else that of this system.")]
Service = Annotated[str, typer.Option("--service", metavar="NAME", help="Run it as this service, which was made on this machine.")]
Every = Annotated[int, typer.Option("--every", metavar="MINUTES", help="5, 10, 15, 20, 30 or 60.")]
System = Annotated[bool, typer.Option("--system", help="For the whole machine, not for your own session.")]
User = Annotated[str, typer.Option("--user", metavar="USER", help="With --system: whom it runs as; else you.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be written, and write nothing.")]


@app.command("show")
def show(as_: As = "", service: Service = "", every: Every = 60, system: System = False, user: User = "", json: Json = False) -> None:
    """Print the files that a scheduler needs, and where they belong."""
    plan, scheduler, text = _made(as_, service, every, user, system=system)
    if json:
        render.emit("schedule", {"as": scheduler.value, "every": plan.every, "untried": text.untried, "then": list(text.then), "files": [
            {"name": one.name, "where": one.where or None, "text": one.text} for one in text.files
        ]})  # fmt: skip
        return
    for one in text.files:
        render.note(f"{one.where or one.name}:")
        sys.stdout.write(one.text)
    note_passing(plan, scheduler)
    _tell(text.then, untried=text.untried)


@app.command("install")
def install(
    as_: As = "",
    service: Service = "",
    every: Every = 60,
    system: System = False,
    user: User = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Write the units of systemd, or the agent of launchd, to where they belong; what is not ours is left alone."""
    from govern.procedures.schedules import writing

    plan, scheduler, text = _made(as_, service, every, user, system=system)
    found = _places(scheduler, text)
    if not dry_run:
        writing.install(found, plan, scheduler)
    if not json:
        note_passing(plan, scheduler)
    _told(found, text.then, scheduler, untried=text.untried, dry_run=dry_run, json=json)


@app.command("uninstall")
def uninstall(
    as_: As = "", service: Service = "", system: System = False, user: User = "", dry_run: DryRun = False, json: Json = False
) -> None:
    """Take away what `install` has written."""
    from govern.procedures.schedules import writing

    plan, scheduler, text = _made(as_, service, 60, user, system=system)
    becomes = {"same": "removed", "replaced": "removed", "new": "absent"}
    found = [one._replace(state=becomes.get(one.state, one.state)) for one in _places(scheduler, text)]
    if not dry_run:
        writing.uninstall(found, Path(plan.home))
    control = f"{'sudo systemctl' if system else 'systemctl --user'} disable --now {plan.name}.timer"
    _told(found, (control,) if scheduler.value == "systemd" else (), scheduler, untried=False, dry_run=dry_run, json=json)


def _made(as_: str, service: str, every: int, user: str, *, system: bool) -> tuple[Plan, Scheduler, Text]:
    from govern.procedures.schedules import writing
    from govern.procedures.schedules.plan import Plan, Scheduler

    if user and not system:
        raise Usage("--user is for a schedule of the whole machine", hint="--system --user USER")
    this = {"darwin": "launchd", "win32": "windows"}.get(sys.platform, "systemd")
    if (as_ or this) not in set(Scheduler):
        raise Usage(f"there is no scheduler {as_[:40]!r}", hint="--as systemd|cron|launchd|windows")
    scheduler = Scheduler(as_ or this)
    home, key = _member(service)
    vault = settings.current.path
    writes = [str(home)] + ([str(vault.parent)] if isinstance(vault, Path) and vault.parent not in (home, *home.parents) else [])
    if isinstance(vault, Path) and vault.parent in home.parents:
        writes = [str(vault.parent)]
    plan = Plan(
        program=_program(), home=str(home), key=str(key), vault=str(vault), writes=writes, every=every,
        name=f"govern-tick-{service}" if service else "govern-tick", user=(user or settings.variable("USER") or "root") if system else "",
    )  # fmt: skip
    return plan, scheduler, writing.text(plan, scheduler, settings.now())


def _member(service: str) -> tuple[Path, Path]:
    """State folder and key file of whoever is to run: a service of this machine, or this member."""
    from govern.vault.custody.record import Custody, read_record

    home = settings.current.home / "services" / service if service else settings.current.home
    if (service and (os.sep in service or service.startswith("."))) or not (home / "seed.json").is_file():
        made = f"govern key add-service {quoted(service) if service else 'night'} --purpose run-due --purpose remind"
        raise Usage(
            f"{home} is no folder of {'a service' if service else 'a member'}", hint=made if service else "govern init, or: govern join"
        )
    record = read_record(home / "seed.json")
    if not service and settings.current.named_key_file is not None:
        return home, settings.current.named_key_file
    if record.custody is not Custody.KEYFILE:
        raise Refused(
            f"your key is kept by {record.custody}, which takes somebody at the keyboard", rule="schedule-key", control="IA-5",
            hint="make a service for it: govern key add-service night --purpose run-due --purpose remind, then: --service night",
        )  # fmt: skip
    return home, Path(record.where)


def _program() -> Sequence[str]:
    """How this very program is called from anywhere."""
    named = Path(sys.argv[0])
    if named.stem == "govern":
        found = shutil.which(str(named)) if len(named.parts) == 1 else str(named.absolute())
        if found:
            return (found,)
    return (sys.executable, "-m", "govern")


def _places(scheduler: Scheduler, text: Text) -> list[Place]:
    from govern.procedures.schedules import writing

    if any(not one.where for one in text.files):
        raise Usage(
            f"nothing is installed for {scheduler} from here", hint=f"govern schedule show --as {scheduler}, and: {'; '.join(text.then)}"
        )
    config = settings.variable("XDG_CONFIG_HOME")
    roots = {"systemd": settings.place(config) if config else settings.place("~/.config"), "LaunchAgents": settings.place("~/Library")}
    return writing.places(text.files, roots)


def _told(found: list[Place], then: Sequence[str], scheduler: Scheduler, *, untried: bool, dry_run: bool, json: bool) -> None:
    if json:
        files: list[dict[str, Any]] = [{"path": str(one.path), "state": one.state} for one in found]
        render.emit("schedule", {"as": scheduler.value, "untried": untried, "dry_run": dry_run, "then": list(then), "files": files})
        return
    words = {
        "new": "written",
        "same": "unchanged",
        "replaced": "replaced",
        "removed": "removed",
        "absent": "not there",
        "foreign": "not ours, left alone",
    }
    would = {"new": "would be written", "replaced": "would be replaced", "removed": "would be removed"}
    for one in found:
        state = (would if dry_run else words).get(one.state, words[one.state])
        render.line(render.safe(f"{one.path}  {state}"))
    if not dry_run:
        _tell(then, untried=untried)


def note_passing(plan: Plan, scheduler: Scheduler) -> None:
    """The service of systemd has folders of its own in the place of these."""
    paths = [path for path in (*plan.program[:1], plan.home, plan.vault) if path.startswith(("/tmp/", "/var/tmp/"))]  # noqa: S108
    if paths and scheduler.value == "systemd":
        render.note(render.safe(f"the service does not see {', '.join(paths)}: it has a /tmp and a /var/tmp of its own; move that first"))


def _tell(then: Sequence[str], *, untried: bool) -> None:
    if untried:
        render.note("untried: well-formed, and run by nobody on that system yet; look at the first runs")
    for command in then:
        render.next_step(command)
