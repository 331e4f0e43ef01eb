"""A platform in memory, with one account: what it has, what it was asked, and what goes wrong at which call.

It is as plain as a platform can be: one password, sessions, app passwords and api-tokens under a name, an authenticator, backup codes, and the
plain facts (a passkey, where recovery mail and messages go). Whoever deals with it, a connector or a person, does so by its calls, where
every fault is decided; a test looks at the rest as it likes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeVar

from govern.errors import Failed
from govern.rotation.kinds import FACTS
from govern.vault import otp
from govern.vault.secret import Secret

T = TypeVar("T")

LISTED: Final = {"app-password": "app_passwords", "api-token": "api_tokens"}
"""Kinds that it lists by a name -> where it keeps them."""


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


class Wrong(Failed):
    """What was given to prove who asks is not the right one; nothing was changed."""


@dataclass(slots=True, kw_only=True)
class Platform:
    """One account on a platform of its own. `faults`: number of the call, from 0 -> what goes wrong there; `calls`: what was asked so far.

    Every method that asks it something is one call, and raises TimedOut, TooMany or Crash where a fault says so.
    """

    login: str = "brand"
    password: str
    app_passwords: dict[str, str] = field(default_factory=dict)
    """Name -> secret."""
    api_tokens: dict[str, str] = field(default_factory=dict)
    seed: str = ""
    """Of the authenticator whose codes it takes."""
    offered: str = ""
    """A seed that it has shown; its codes are taken once one of them was typed in."""
    codes: tuple[str, ...] = ()
    facts: dict[str, int] = field(default_factory=dict)
    """Passkey, recovery mail and phone: how often each was changed."""
    sessions: set[str] = field(default_factory=set)
    """Names of who is logged in."""
    faults: dict[int, Fault] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    late: int = 2
    pause: int = 300
    mails: bool = False
    """Whether its password is changed by a code that it mails, and by nothing else."""
    mailed: str = ""
    """The code in the account's mailbox; good once."""
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
                self._waiting.append((number + self.late, lambda: _quietly(do)))
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
        """The secrets of this kind that it takes now: none of a plain fact."""
        match kind:
            case "password":
                return {self.password}
            case "totp":
                return {self.seed} - {""}
            case "backup-codes":
                return {"\n".join(self.codes)} - {""}
            case _ if kind in LISTED:
                return set(self.listed(kind).values())
            case _:
                return set()

    def listed(self, kind: str) -> dict[str, str]:
        """Name -> secret, of a kind that it lists."""
        found: dict[str, str] = getattr(self, LISTED[kind])
        return found

    # --- what can be asked ------------------------------------------------------------------------------------------------------------

    def log_in(self, kind: str, secret: str) -> bool:
        """Whether it takes this secret."""
        return self.call("log in", lambda: secret in self.secrets(kind))

    def log_in_with_code(self, code: str, seconds: float) -> bool:
        """Whether it takes this code of the authenticator, at that Unix time."""
        return self.call("log in with a code", lambda: _code_of(self.seed, code, seconds))

    def change_password(self, current: str, new: str) -> None:
        """Raises Wrong where `current` is not the password."""

        def change() -> None:
            if current != self.password:
                raise Wrong("that is not the password")
            self.password = new
            self.sessions.clear()

        self.call("change", change)

    def mail_code(self, current: str) -> None:
        """Mail a code to whoever has the account's mailbox. Raises Wrong where `current` is not the password."""

        def mail() -> None:
            if current != self.password:
                raise Wrong("that is not the password")
            self.issued += 1
            self.mailed = f"CODE-{self.issued:04d}"

        self.call("mail a code", mail)

    def change_with_code(self, code: str, new: str) -> None:
        """Raises Wrong for a code that is not the one in the mailbox, or was used."""

        def change() -> None:
            if not self.mailed or code != self.mailed:
                raise Wrong("that is not the code")
            self.password, self.mailed = new, ""
            self.sessions.clear()

        self.call("change", change)

    def issue(self, kind: str, name: str) -> str:
        """A new app password or api-token under a name; one of that name is replaced."""

        def make() -> str:
            self.issued += 1
            made = self.listed(kind)[name] = f"issued-{self.issued:04d}"
            return made

        return self.call("change", make)

    def revoke(self, kind: str, name: str) -> None:
        """No error where there is none of that name."""
        self.call("revoke", lambda: self.listed(kind).pop(name, None))

    def names(self, kind: str) -> list[str]:
        """What it lists."""
        return self.call("list", lambda: sorted(self.listed(kind)))

    def offer(self, random: Callable[[int], bytes]) -> str:
        """A new seed for the authenticator: shown, and not in force yet."""
        from base64 import b32encode

        def show() -> str:
            self.offered = b32encode(random(20)).decode()
            return self.offered

        return self.call("offer a seed", show)

    def take_code(self, code: str, seconds: float) -> None:
        """Put the seed that was offered into force. Raises Wrong for a code that is not one of it."""
        offered = self.offered

        def take() -> None:
            if not _code_of(offered, code, seconds):
                raise Wrong("that is no code of the seed that was shown")
            self.seed = offered

        self.call("change", take)

    def new_codes(self, count: int = 4) -> tuple[str, ...]:
        """New backup codes; those of before are void at once."""

        def make() -> tuple[str, ...]:
            self.issued += 1
            self.codes = tuple(f"{self.issued:04d} {number:04d}" for number in range(count))
            return self.codes

        return self.call("change", make)

    def change_fact(self, kind: str) -> None:
        """Another passkey, recovery mail or phone."""
        if kind not in FACTS:
            raise Failed(f"a {kind} is no plain fact", code="defect")

        def change() -> None:
            self.facts[kind] = self.facts.get(kind, 0) + 1

        self.call("change", change)

    def look_up(self, kind: str) -> int:
        """How often a plain fact was changed: what its settings page shows."""
        return self.call("look", lambda: self.facts.get(kind, 0))


def _code_of(seed: str, code: str, seconds: float) -> bool:
    """As platforms do: the code of now, of half a minute ago, or of the next half minute."""
    if not seed:
        return False
    key = otp.parse(Secret(seed))
    return any(otp.code(key, int(seconds) + late)[0] == code for late in (-30, 0, 30))


def _quietly(do: Callable[[], object]) -> None:
    """What comes too late to be refused to anybody."""
    try:
        do()
    except Wrong:
        pass
