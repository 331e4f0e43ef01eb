"""What a run of all that is due has to say, as plain values. Cheap to import: a run with nothing due loads little more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from govern.errors import IntegrityError
    from govern.procedures import remind
    from govern.register.queries.reminded import Lease


class Done(NamedTuple):
    """One thing that was carried out. `what`: cut, grant-ended, review-opened, review-ended, rotation-opened, rotated or reconciled; ids hex, the rest
    text, empty where there is none."""

    what: str
    id: str
    account: str = ""
    kind: str = ""
    person: str = ""
    told: str = ""


class Left(NamedTuple):
    """What is due and not for this run. `what`: as in `Done`, or reminders; `to`: who can do it, and how."""

    what: str
    number: int
    to: str
    about: str = ""


class Failure(NamedTuple):
    """What went wrong in one part, which stops no other."""

    what: str
    about: str
    message: str
    hint: str = ""


class Checked(NamedTuple):
    """The whole ledger was read again. `findings`: entries that count for nothing."""

    size: int
    deep: bool
    findings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What one run came to. `reminded`: what it told people, None where that is not for it; `other`: the run that was under way instead; `damage`: what the
    check of the ledger has met; `quiet_until`: UTC, before which nothing comes due unless somebody records something, empty where that was not looked at."""

    done: tuple[Done, ...] = ()
    left: tuple[Left, ...] = ()
    failed: tuple[Failure, ...] = ()
    reminded: remind.Ran | None = None
    other: Lease | None = None
    checked: Checked | None = None
    damage: IntegrityError | None = None
    quiet_until: str = ""
