"""Writing the files of a schedule to where they belong, and taking them away again: never somebody else's, and none without saying so.

In the state folder whose runs it is about, it is remembered that there is a schedule, so that `govern status` can tell when none has run for days.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from govern.errors import Refused
from govern.holdings.findings import Finding
from govern.procedures.schedules.plan import MARK, Plan, Scheduler, Text, Written
from govern.vault.custody.files import write_private

REMEMBERED: Final = "schedule.json"
RAN: Final = "ticked"
"""File in the state folder that each run of `govern tick` touches, where there is a schedule."""
SILENT: Final = 2
"""Days without a run that are told."""


class Place(NamedTuple):
    """A file and what becomes of it: new, same, replaced, removed, absent, or foreign, which nobody touches."""

    path: Path
    text: str
    state: str


def text(plan: Plan, scheduler: Scheduler, now: str) -> Text:
    """What this scheduler needs; `now`: UTC."""
    from govern.procedures.schedules import others, systemd

    match scheduler:
        case Scheduler.SYSTEMD:
            return systemd.text(plan)
        case Scheduler.CRON:
            return others.cron(plan)
        case Scheduler.LAUNCHD:
            return others.launchd(plan)
        case Scheduler.WINDOWS:
            return others.windows(plan, now)


def places(files: Iterable[Written], roots: Mapping[str, Path]) -> list[Place]:
    """Where each file goes. `roots`: the first part of a relative place -> its folder (`systemd`: the configuration, `LaunchAgents`: the library)."""
    found = []
    for one in files:
        path = Path(one.where)
        if not path.is_absolute():
            path = roots[path.parts[0]] / path
        found.append(Place(path, one.text, _state(path, one.text)))
    return found


def _state(path: Path, wanted: str) -> str:
    if not os.path.lexists(path):
        return "new"
    there = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
    if there == wanted.encode():
        return "same"
    return "replaced" if MARK.encode() in there[:4096] else "foreign"


def _must_be_ours(found: list[Place]) -> None:
    for one in found:
        if one.state == "foreign":
            raise Refused(
                f"{one.path} was not written by govern", rule="schedule-foreign", control="CM-3", hint="look at it, and move it away first"
            )


def install(found: list[Place], plan: Plan, scheduler: Scheduler) -> None:
    """Write the files, all or none where one is somebody else's; raises Refused (code `schedule-foreign`), OSError."""
    _must_be_ours(found)
    for one in found:
        if one.state != "same":
            one.path.parent.mkdir(parents=True, exist_ok=True)
            new = one.path.with_name(f".{one.path.name}.{os.getpid()}")
            descriptor = os.open(
                new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644
            )  # a manager may be somebody else; nothing secret stands in it
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(descriptor, 0o644)
                file.write(one.text.encode())
            new.replace(one.path)
    about = {"as": scheduler.value, "every": plan.every, "files": [str(one.path) for one in found]}
    write_private(Path(plan.home) / REMEMBERED, json.dumps(about).encode() + b"\n", "the note about the schedule", replace=True)


def uninstall(found: list[Place], home: Path) -> list[Path]:
    """Remove the files that are there, and the memory of them; those removed."""
    there = [one for one in found if one.state not in ("new", "absent")]
    _must_be_ours(there)
    for one in there:
        one.path.unlink()
    for name in (REMEMBERED, RAN):
        (home / name).unlink(missing_ok=True)
    return [one.path for one in there]


# --- whether it runs ---------------------------------------------------------------------------------------------------------------------


def ran(home: Path) -> None:
    """A run has come to its end: where there is a schedule, that is remembered."""
    if (home / REMEMBERED).exists():
        (home / RAN).touch(mode=0o600)


def findings(home: Path, today: str) -> list[Finding]:
    """Schedules of this machine, of its member and of the services whose folders lie below, by which nothing has run for days."""
    found = []
    for folder in (home, *(sorted((home / "services").iterdir()) if (home / "services").is_dir() else ())):
        if not (folder / REMEMBERED).exists():
            continue
        last = folder / (RAN if (folder / RAN).exists() else REMEMBERED)
        day = datetime.fromtimestamp(last.stat().st_mtime, UTC).date().isoformat()
        days = (datetime.fromisoformat(today[:10]) - datetime.fromisoformat(day)).days
        if days >= SILENT:
            whose = "here" if folder == home else folder.name
            found.append(
                Finding(
                    code="tick-silent", severity="warning", subject=whose, due=day, key=f"tick:{whose}", command="govern tick",
                    message=f"the schedule has not run since {day}", why="what time makes due waits; look at the timer: govern schedule show",
                )
            )  # fmt: skip
    return found
