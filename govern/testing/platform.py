"""A platform in memory, with one account: what it has, what it was asked, and what goes wrong at which call.

It is as plain as a platform can be: one password, sessions, app passwords under a name. It tells nothing of its inside to a connector but
through `call`, where every fault is decided; a test looks at it as it likes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from govern.errors import Failed

T = TypeVar("T")


class Fault(StrEnum):
    """What goes wrong at one call."""

    CRASH_BEFORE = "crash before"
    """Whoever calls dies before the platform hears of it."""
    CRASH_AFTER = "crash after"
    """Whoever calls dies when the platform has done it."""
    NOT_APPLIED = "timed out, not applied"
    APPLIED = "timed out, applied"
    LATE = "timed out, applied later"
    """The platform does it after it has been asked `Platform.late` things more."""
    TOO_MANY = "too many attempts"
    """The platform does nothing, and wants to be left alone for `Platform.pause` seconds."""


class Crash(BaseException):
    """The death of the caller's process, as far as a test can play it: nothing catches it."""


class TimedOut(Failed):
    """No answer came."""


class TooMany(Failed):
    """The platform wants to be left alone."""


def _alone(what: str) -> None:
    """Nobody waits for a call."""


@dataclass(slots=True, kw_only=True)
class Platform:
    """One account on a platform of its own. `faults`: number of the call, from 0 -> what goes wrong there; `calls`: what was asked so far."""

    login: str = "brand"
    password: str
    app_passwords: dict[str, str] = field(default_factory=dict)
    """Name -> secret."""
    sessions: set[str] = field(default_factory=set)
    """Names of who is logged in."""
    faults: dict[int, Fault] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    late: int = 2
    pause: int = 300
    issued: int = 0
    during: Callable[[str], None] = _alone
    """Called with what is asked, in the midst of every call and on the thread that asks: where a test counts, or waits at a barrier."""
    _waiting: list[tuple[int, Callable[[], object]]] = field(default_factory=list)

    def call(self, what: str, do: Callable[[], T]) -> T:
        """Do what was asked, or what the fault of this call makes of it. Raises TimedOut, TooMany or Crash."""
        number = len(self.calls)
        self.calls.append(what)
        self.during(what)
        for due, waiting in [one for one in self._waiting if one[0] <= number]:
            self._waiting.remove((due, waiting))
            waiting()
        match self.faults.get(number):
            case None:
                return do()
            case Fault.CRASH_BEFORE:
                raise Crash
            case Fault.CRASH_AFTER:
                do()
                raise Crash
            case Fault.APPLIED:
                do()
                raise TimedOut("no answer came in time")
            case Fault.LATE:
                self._waiting.append((number + self.late, do))
                raise TimedOut("no answer came in time")
            case Fault.NOT_APPLIED:
                raise TimedOut("no answer came in time")
            case Fault.TOO_MANY:
                raise TooMany("too many attempts")

    def settle(self) -> None:
        """Let everything happen that was to happen later."""
        waiting, self._waiting = self._waiting, []
        for _, do in waiting:
            do()

    def secrets(self, kind: str) -> set[str]:
        """The secrets of this kind that it takes now."""
        return {self.password} if kind == "password" else set(self.app_passwords.values())
