"""What a connector is: the calls that govern makes, in their order, and what each of them may answer.

A connector is made for one account and one rotation, speaks to one server, and keeps nothing between two runs: whatever it must find again
after a crash lies on the platform, labelled with the rotation. It never decides what comes next; `govern.procedures.connected` does.

Order of one rotation: `prepare`, `apply`, `probe` of the new secret, `verify`, `probe` of the old one, `finish`. After a crash any of them
may come again, so each must be harmless when repeated. `finish` is called once in every run, however that run ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final, Protocol

from govern.rotation.probing import Answer
from govern.vault.secret import Secret

API: Final = 1
"""Version of this protocol; a connector says which one it was written for."""


class Origin(StrEnum):
    """Who makes the new secret of a kind."""

    CHOSEN = "chosen"
    """We do; `apply` is given it."""
    ISSUED = "issued"
    """The platform does; `apply` brings it back, and `verify` ends the one that it replaces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a connector can do, and how far that was tried."""

    platforms: frozenset[str]
    """Ids of platform profiles."""
    kinds: Mapping[str, Origin]
    """Kind of credential -> who makes the new secret."""
    own_helpers: tuple[str, ...] = ()
    """Kinds of the account's own credentials that help where nobody else's was named, the best first."""
    lists_access: bool
    """Whether `list_access` and `remove_access` do something."""
    grade: str
    """`tested`: against a real server, by our own tests; `official`: by the maker's specification, never called."""
    checked_on: str
    """Day (ISO 8601) of that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Helper:
    """Another credential that the connector may act with: of an administrator, or an app password of the account itself."""

    login: str
    kind: str
    secret: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The account that is changed. `url` and `login` as the register has them; `label` is a word of the rotation's own, for the platform."""

    handle: str
    url: str
    login: str
    kind: str
    label: str
    old_label: str = ""
    """The label under which the present secret was issued, where a rotation by a connector did that."""
    helper: Helper | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What the platform said to one secret. `retry_after`: seconds that it asked us to wait, 0 where it named none; `why`: our own words."""

    answer: Answer
    retry_after: int = 0
    why: str = ""


class Outcome(StrEnum):
    """How a change went."""

    DONE = "done"
    """The platform says that it is changed."""
    REFUSED = "refused"
    """The platform says that it is not: the new secret is not to its liking."""
    WRONG = "wrong"
    """The platform says that the secret to change from is not the present one."""
    CODE = "code"
    """It has mailed a code, with which it is changed: `TakesCode.enter`. Where that says so, it does not take the code, and nothing is changed."""
    UNCERTAIN = "uncertain"
    """It may be changed or not: a timeout, a lost connection, a server in trouble, too many attempts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What came of `apply`. `issued`: the new secret, where the platform makes it."""

    outcome: Outcome
    why: str = ""
    retry_after: int = 0
    issued: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What the change has ended besides. `sessions_cut`: no session of before is left, None where nobody can tell.

    `residual_seconds`: how long what was given out before may go on working all the same; `survives`: what works on, in a few words each.
    """

    sessions_cut: bool | None
    residual_seconds: int = 0
    survives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """One way into the account, or one person's login, besides the secret itself."""

    id: str
    """What `remove_access` finds it by: as the platform has it, whatever that is."""
    kind: str
    """`session`, `app-password`, `person`."""
    name: str
    """As the platform shows it; `remove_access` may be given the beginning of it."""
    created: str = ""
    last_used: str = ""
    own: bool = False
    """Whether it is what the connector itself works with."""


class Connector(Protocol):
    """One platform. It is constructed with a `Target` and the `Http` of that account's server: `Matrix(target, http)`.

    Any call may raise `govern.errors.Failed`: the platform can't be reached, or answers what it never should; that is taken as silence.
    """

    api: ClassVar[int]
    capabilities: ClassVar[Capabilities]

    def prepare(self) -> None:
        """Look whether a change can be made at all, before one is set out for. Where the platform issues the secret: take away what stands there
        under this rotation's label, since nobody was told it. Changes nothing else."""

    def probe(self, secret: Secret) -> Probe:
        """Try one secret as anybody would. Too many attempts, a timeout or an error of the server is INCONCLUSIVE, never INVALID."""

    def apply(self, current: Secret | None, new: Secret | None) -> Applied:
        """Change it: from `current` (None where there is none, or a helper needs none) to `new` (None where the platform issues it)."""

    def verify(self, new: Secret, old: Secret | None) -> Verified:
        """Once `new` is known to work: end what it replaces, and look what else that has ended."""

    def finish(self) -> None:
        """End the connector's own session. Never raises for a session that is gone already."""

    def list_access(self, secret: Secret) -> list[Entrance]:
        """Who and what else gets in, seen with the account's own secret or the helper's."""

    def remove_access(self, secret: Secret, way: Entrance) -> None:
        """End one of them; no error where it is gone already."""


class TakesCode(Protocol):
    """What a connector has besides, whose `apply` may say CODE."""

    def enter(self, code: Secret, new: Secret) -> Applied:
        """Change it to `new` with the code that somebody has read in the account's mailbox."""
