"""What is to run, as whom, with which folders and how often, and the files that say so to a scheduler. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from govern.errors import Usage

MARK: Final = "Written by govern schedule install"
"""Stands in every file that was written here: only such a file is replaced or removed."""
EVERY: Final = (5, 10, 15, 20, 30, 60)
"""Minutes between two runs: what divides an hour, as every scheduler can say it."""
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}\$?\Z").match
"""useradd(8), and what directories add to it: no blank, behind which cron would read its command."""


class Scheduler(StrEnum):
    """What runs things by the clock."""

    SYSTEMD = "systemd"
    CRON = "cron"
    LAUNCHD = "launchd"
    WINDOWS = "windows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`program`: the words before `tick`, the first one an absolute path; `home`, `key`: absolute paths; `vault`: path or address of a server;
    `writes`: folders that a run writes to; `name`: of the units; `user`: whom the system runs it as, empty for one's own units."""

    program: Sequence[str]
    home: str
    key: str
    vault: str
    writes: Sequence[str]
    every: int = 60
    name: str = "govern-tick"
    user: str = ""

    def __post_init__(self) -> None:
        if self.every not in EVERY:
            raise Usage(f"every {self.every} minutes is nothing that all schedulers can say", hint=f"--every {'|'.join(map(str, EVERY))}")
        for text in (*self.program, self.home, self.key, self.vault, *self.writes, self.user):
            if not text.isprintable():
                raise Usage(f"{text[:100]!r} has characters that can't be written into a schedule", hint="use a path without them")

    def of_unix(self) -> Plan:
        """The same where its user is a name that systemd and cron take as one word; else Usage."""
        if self.user and not _NAME(self.user):
            raise Usage(
                f"{self.user[:40]!r} is no name of an account on this machine", hint="--system --user govern, as `id -un` writes it"
            )
        return self

    @property
    def command(self) -> tuple[str, ...]:
        return (*self.program, "tick", "--quiet")


class Written(NamedTuple):
    """One file. `where`: where it belongs, empty where it is to be pasted or imported; `then`: what to type next."""

    name: str
    text: str
    where: str = ""


class Text(NamedTuple):
    """What one scheduler needs. `then`: commands that put it to work; `untried`: nobody has run it on that system."""

    files: tuple[Written, ...]
    then: tuple[str, ...]
    untried: bool = False
