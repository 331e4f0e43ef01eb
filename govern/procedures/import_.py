"""Taking in a foreign file: accounts, credentials sealed here or kept where they are, who answers for them and who is said to know them.

One transaction per file, one bad row costs nothing but itself. Everything is recorded as it is read, so that memory holds the file and not
what is sealed. Preview and import walk the same steps (`govern.procedures.intake`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from govern.holdings import importing
from govern.holdings.importing import Outcome
from govern.importers.login import BROWSERS, Login, Reading, Skipped
from govern.procedures.comparing import Fields, in_snapshot, in_transaction, marker
from govern.procedures.import_people import Directory, Named
from govern.procedures.import_record import Recorder
from govern.procedures.import_steps import Found, Step, Warnings
from govern.procedures.intake import TIER, Intake, known
from govern.procedures.typed import brought
from govern.register.connection import create
from govern.register.queries import gate

if TYPE_CHECKING:
    from govern.register.transaction import Transaction
    from govern.register.workspace import Workspace

Progress = Callable[[int], None]
"""Called with the number of logins done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to take in. `path` is recorded where the file should go away; `file` is its name. `without_secrets`: they stay there."""

    reading: Reading
    logins: tuple[Found, ...]
    path: str
    file: str
    sealed: bool
    known_to: tuple[str, ...] = ()
    without_secrets: bool = False

    @property
    def place(self) -> tuple[str, str]:
        """Kind and name of the place that the file stands for: the program that wrote it, or the sheet itself."""
        program = self.reading.program
        if not program:
            return "sheet" if self.reading.format == "spreadsheet" else "manager", self.file
        return "browser" if program in BROWSERS else "manager", program


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One login whose secret differs from ours. `found`: to decide again."""

    handle: str
    account: str
    found: Found
    here: Mapping[str, tuple[str, ...]]
    """Each kind that differs, with the ids of the credentials of that kind here."""
    said: tuple[str, ...] = ()
    """Who is said to know the file's secret."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Which secrets differ."""
        return tuple(self.here)


@dataclass(slots=True, kw_only=True)
class Result:
    """Handles by outcome, each login of the file in one of the four; `details` are the first steps, to be shown."""

    created: list[str] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    people: list[Named] = field(default_factory=list)
    weak: list[str] = field(default_factory=list)
    """Handles of accounts with a seed below 128 bits; `easy`: with a password that is easily guessed."""
    easy: list[str] = field(default_factory=list)
    without_password: dict[str, None] = field(default_factory=dict)
    """Handles of accounts that came in without one, in the order of the file."""
    undecided: list[Conflict] = field(default_factory=list)
    unclear: dict[str, str] = field(default_factory=dict)
    warnings: Warnings = field(default_factory=Warnings)
    details: list[Step] = field(default_factory=list)

    def take(self, step: Step | Skipped, *, most: int = 50) -> None:
        """Count one step in."""
        if isinstance(step, Skipped):
            self.skipped.append(step)
            return
        {
            Outcome.CREATED: self.created, Outcome.MERGED: self.merged, Outcome.CONFLICT: self.conflicts, Outcome.UNCHANGED: self.unchanged,
        }[step.outcome].append(step.handle)  # fmt: skip
        self.people += step.people
        for kind, handles in (("totp", self.weak), ("password", self.easy)):
            if any(piece.weak and piece.kind == kind for piece in step.pieces) and step.handle not in handles[-1:]:
                handles.append(step.handle)
        if any(piece.kind == "password" for piece in step.pieces):
            self.without_password.pop(step.handle, None)
        elif step.outcome is Outcome.CREATED:
            self.without_password[step.handle] = None
        if step.outcome is Outcome.CONFLICT:
            self.undecided.append(
                Conflict(handle=step.handle, account=step.account, found=step.found, here=step.differs, said=step.said)
            )  # fmt: skip
        if len(self.details) < most:
            self.details.append(step)

    def settle(self, theirs: Sequence[Conflict], decided: Result) -> None:
        """Take in what became of the conflicts in which the file's secret was said to work."""
        self.undecided = [each for each in self.undecided if each not in theirs] + decided.undecided
        self.conflicts = [each.handle for each in self.undecided]
        self.merged += [*decided.merged, *decided.unchanged]
        self.skipped += decided.skipped
        self.people += decided.people
        self.weak += decided.weak
        self.easy += decided.easy
        self.unclear |= decided.unclear
        self.warnings.add(decided.warnings)


def places(logins: Sequence[Login]) -> tuple[Found, ...]:
    """Each login with its platform."""
    return tuple((login, importing.place(login.urls, login.title, login.platform)) for login in logins)


def choose(logins: Sequence[Found], choice: importing.Choice) -> tuple[Found, ...]:
    """The part of the file that is wanted; NotFound for a name that nothing in it has."""
    choice.check(
        {login.folder for login, _ in logins},
        {name for login, _ in logins for name in login.collections},
        {where.platform for _, where in logins},
    )
    return tuple(found for found in logins if choice.takes(found[0].folder, found[0].collections, found[1].platform))


def holds_secrets(logins: Sequence[Found]) -> bool:
    """Whether anything in the file is worth hiding."""
    return any(login.password is not None or login.totp for login, _ in logins)


def preview(workspace: Workspace | None, asked: Asked, now: str, *, random: Callable[[int], bytes]) -> Result:
    """What `bring_in` would do; writes nothing. Without a vault (None) everything is new. Keys are asked for only to compare. Refused where the
    accounts it brings may not be the actor's yet."""
    if workspace is None:
        with closing(sqlite3.connect(":memory:")) as empty:
            create(empty)
            return _preview(empty, asked, now, random, lambda _stored: None, actor="")
    db = workspace.view()
    with workspace.store.reading() as reading:
        return _preview(db, asked, now, random, in_snapshot(workspace, reading), actor=workspace.person)


def _preview(db: sqlite3.Connection, asked: Asked, now: str, random: Callable[[int], bytes], fields: Fields, *, actor: str) -> Result:
    intake = _intake(db, asked, fields, random, now=now, actor=actor)
    result = Result()
    for step in intake.steps(asked.logins):
        result.take(step)
    if result.created:
        gate.must_answer(db, TIER, (actor,), now[:10])
    return _told(result, intake)


def bring_in(workspace: Workspace, asked: Asked, now: str, *, progress: Progress | None = None) -> Result:
    """Take the file in, in one transaction; nothing at all is recorded where it brings nothing new.

    Raises Refused for somebody who is no admin, NotFound for a `known_to` that nobody is.
    """
    with workspace.transaction(now) as tx:
        result = walk(tx, asked, progress)
        if tx.size > tx.first:
            tx.record(
                "import.recorded",
                {
                    "format": asked.reading.format, "created": len(result.created), "merged": len(result.merged),
                    "conflicts": len(result.conflicts), "unchanged": len(result.unchanged),
                    "skipped": len(result.skipped) + len(asked.reading.skipped), "sealed": asked.sealed,
                },
                {"path": asked.path if len(asked.path) <= importing.LONGEST_URL else None},
            )  # fmt: skip
    return result


def walk(tx: Transaction, asked: Asked, progress: Progress | None) -> Result:
    """Decide and record login by login, inside a transaction of the caller's."""
    intake = _intake(tx.register, asked, in_transaction(tx), tx.workspace.random, now=tx.now, actor=tx.actor)
    recorder = Recorder(tx, place=asked.place)
    result = Result()
    for number, step in enumerate(intake.steps(asked.logins), start=1):
        if isinstance(step, Step):
            recorder.write(step)
        result.take(step)
        if progress is not None:
            progress(number)
    return _told(result, intake)


def _intake(db: sqlite3.Connection, asked: Asked, fields: Fields, random: Callable[[int], bytes], *, now: str, actor: str) -> Intake:
    def new_id() -> str:
        return random(16).hex()

    return Intake(
        db=db, directory=Directory(db, new_id), fields=fields, mark=marker(random(32)), new_id=new_id, now=now, actor=actor, weak=brought(db),
        keep=asked.without_secrets, assumed=asked.without_secrets and not holds_secrets(asked.logins), known_to=known(db, asked.known_to),
    )  # fmt: skip


def _told(result: Result, intake: Intake) -> Result:
    result.warnings = intake.warnings
    result.unclear = intake.directory.unclear
    return result
