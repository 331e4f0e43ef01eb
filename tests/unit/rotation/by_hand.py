"""Somebody who is led through a rotation on a terminal: reads the screen, presses keys, and deals with the platform in between.

They remember nothing from one time to the next, and know only what the screen and the platform tell them: whoever was interrupted looks
first whether the new secret works already.
"""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Callable, Generator
from typing import Any
from unittest import mock

from govern.cli import guide, settings
from govern.procedures import rotate
from govern.register.queries import rotatable
from govern.rotation.triggers import Trigger
from govern.testing.platform import LISTED, TimedOut, TooMany, Wrong
from tests.unit.rotation.crashing import Brand

Script = Generator[str, str, None]
"""Yields keys, is sent what the screen says to each."""

YES, LATER, REFUSED, UNSURE = "y", "l", "r", "u"


class ByHand(Brand):
    """The same account, changed by a person. `said`: what the screen said in the last run."""

    said = ""

    def run(self) -> Any:
        """`govern rotate BRAND` on a terminal, to its end. May end in a Crash."""
        with self.machine.opened() as workspace:
            found = rotatable.of_account(workspace.view(), self.account(workspace), self.kind)
            with workspace.transaction(settings.now()) as tx:
                (started,), _ = rotate.start(tx, found, Trigger.MANUAL)
            terminal = Terminal(Person(self, resumed=started.resumed))
            try:
                terminal.lead(lambda: guide.guide(workspace, started.rotation.id))
            finally:
                self.said = terminal.getvalue()
        return self.state()


class Person:
    """`typing`: what they would type where the screen asks for a secret."""

    def __init__(self, brand: Brand, *, resumed: bool) -> None:
        self.platform, self.kind, self.resumed = brand.platform, brand.kind, resumed
        self.typing: list[str] = []
        self.label = ""

    def script(self) -> Script:
        said = yield ""
        named = re.search(r"call the new one there: (\S+)", said)
        self.label = named[1] if named else ""
        match self.kind:
            case "password":
                yield from self.password()
            case "totp":
                yield from self.seed(said)
            case "backup-codes":
                yield from self.codes(said)
            case _ if self.kind in LISTED:
                yield from self.listed(said)
            case _:
                yield from self.fact()

    def password(self) -> Script:
        new = shown((yield "n"))
        if self.resumed and (yield from self.settled(new)):
            return
        current = shown((yield "o"))
        for _ in range(3):
            try:
                self.platform.change_password(current, new)
                yield YES
            except (TimedOut, TooMany):
                yield UNSURE
            except Wrong:
                pass
            if (yield from self.settled(new)):
                return

    def settled(self, new: str) -> Generator[str, str, bool]:
        """Whether the platform takes the new one, which is confirmed then; no answer is none."""
        try:
            taken = self.platform.log_in(self.kind, new)
        except (TimedOut, TooMany):
            yield LATER
            return True
        if taken:
            yield YES
        return taken

    def seed(self, said: str) -> Script:
        if "[c] show a code" in said:
            code = shown((yield "c"))
            try:
                if self.platform.log_in_with_code(code, settings.seconds()):
                    yield YES
                    return
            except (TimedOut, TooMany):
                yield LATER
                return
            yield REFUSED  # the page with its seed is gone
        for _ in range(3):
            try:
                self.typing = [self.platform.offer(os.urandom)]
            except (TimedOut, TooMany):
                yield LATER
                return
            yield "s"
            code = shown((yield "c"))
            try:
                self.platform.take_code(code, settings.seconds())
                yield YES
                return
            except Wrong:
                yield REFUSED
                continue
            except (TimedOut, TooMany):
                yield UNSURE
            yield LATER
            return

    def codes(self, said: str) -> Script:
        if self.resumed and "[n] show the new one" in said:
            yield YES  # they were typed in here from the platform's own page, and no others were asked for since
            return
        for _ in range(3):
            try:
                self.typing = [*self.platform.new_codes(), ""]
            except (TimedOut, TooMany):
                continue  # those were never seen: have others
            yield "s"
            yield YES
            return

    def listed(self, said: str) -> Script:
        if "[n] show the new one" in said:
            new = shown((yield "n"))
            if (yield from self.cleared(new)):
                return
            yield REFUSED
        for _ in range(3):
            try:
                self.platform.revoke(self.kind, self.label)  # one that was made and never seen
                new = self.platform.issue(self.kind, self.label)
            except (TimedOut, TooMany):
                continue
            self.typing = [new]
            yield "s"
            yield from self.cleared(new)
            return

    def cleared(self, new: str) -> Generator[str, str, bool]:
        """Whether the new one works, or nobody can tell: then it is for later. The others are taken away before it counts."""
        try:
            if not self.platform.log_in(self.kind, new):
                return False
            for name in self.platform.names(self.kind):
                if name != self.label:
                    self.platform.revoke(self.kind, name)
        except (TimedOut, TooMany):
            yield LATER
            return True
        yield YES
        return True

    def fact(self) -> Script:
        for _ in range(3):
            try:
                if self.platform.look_up(self.kind):
                    yield YES
                    return
                self.platform.change_fact(self.kind)
            except (TimedOut, TooMany):
                yield UNSURE


def shown(said: str) -> str:
    """The secret or the code that the screen shows, on a line of its own."""
    found = re.findall(r"^    (\S.*)$", said, re.M)
    assert found, said
    return str(found[-1])


class Terminal(io.StringIO):
    """A terminal in memory: stdout and stderr, and somebody at the keys."""

    def __init__(self, person: Person) -> None:
        super().__init__()
        self.person, self.script = person, person.script()
        self.read_so_far = 0
        next(self.script)

    def isatty(self) -> bool:
        return True

    def readline(self, *_size: Any) -> str:  # type: ignore[override]
        said = self.getvalue()[self.read_so_far :]
        if said.endswith("(y/N): "):
            return "n\n"
        self.read_so_far = len(self.getvalue())
        if said.startswith("error: "):
            return f"{LATER}\n"  # whatever they pressed was not done
        try:
            return f"{self.script.send(said)}\n"
        except StopIteration:
            return f"{LATER}\n"

    def hidden(self, *_prompt: Any, **_more: Any) -> str:
        return self.person.typing.pop(0)

    def lead(self, work: Callable[[], Any]) -> None:
        with (
            mock.patch.multiple(sys, stdin=self, stdout=self, stderr=self),
            mock.patch("getpass.getpass", self.hidden),
            mock.patch("govern.cli.prompt.getpass", self.hidden),
        ):
            work()
