"""Many rotations by connectors, as they are seen: a bar on a terminal, else a line for each, and Ctrl-C that leaves nothing half-told."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from govern.cli import render, settings

if TYPE_CHECKING:
    from types import FrameType

    from govern.procedures.many import Ended, Heard, Job
    from govern.register.workspace import Workspace

_NAMED = 3
"""Accounts under way that are named beside the bar."""


def carry(workspace: Workspace, jobs: Sequence[Job], *, say: Callable[[Ended], None]) -> tuple[list[Ended], bool]:
    """How each came out, in the order given, and whether Ctrl-C has ended the run early. `say` tells of one, where there is no bar."""
    from govern.procedures.many import carry_all

    with _interrupted() as interrupted, _bar(len(jobs)) if sys.stderr.isatty() else _lines(say) as heard:
        ended = carry_all(workspace, jobs, settings.now, heard, stop=interrupted)
    return ended, interrupted()


@contextmanager
def _interrupted() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed: once lets what is under way come to a stop, twice ends the program."""
    pressed = threading.Event()

    def first(_signal: int, _frame: FrameType | None) -> None:
        pressed.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        render.note("stopping: what was asked is waited for; Ctrl-C again leaves at once, and loses nothing either")

    if threading.current_thread() is not threading.main_thread():
        yield pressed.is_set
        return
    before = signal.signal(signal.SIGINT, first)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _lines(say: Callable[[Ended], None]) -> Iterator[Heard]:
    def heard(job: Job, ended: Ended | None) -> None:
        if ended is None:
            begun(job)
        else:
            say(ended)

    yield heard


def begun(job: Job) -> None:
    """By what one is changed, and where, before anything is sent there."""
    found = job.way.found
    made_by = f"{found.name}, {found.distribution} {found.release}"
    render.note(f"{render.safe(job.rotation.handle)} {job.rotation.kind}: by the connector {made_by}, at {render.safe(job.url)}")


@contextmanager
def _bar(total: int) -> Iterator[Heard]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    under_way: dict[str, str] = {}
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)

        def heard(job: Job, ended: Ended | None) -> None:
            if ended is None:
                under_way[job.rotation.id] = f"{render.safe(job.rotation.handle)} {job.rotation.kind}"
            else:
                under_way.pop(job.rotation.id, None)
                bar.advance(task)
            names = list(under_way.values())
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            bar.update(task, description=", ".join(names[:_NAMED]) + more)

        yield heard
