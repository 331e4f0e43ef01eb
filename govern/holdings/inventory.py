"""What may be said of roles on platforms, connected tools, devices and recovery channels. Pure: texts in, values or Usage out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from govern.errors import Refused, Usage
from govern.vocabulary import DEVICE_KINDS

MOST_ACCOUNTS: Final = 500
"""Accounts that one device is recorded to be signed in to."""

_LONGEST: Final = 100
_MOST_SCOPES: Final = 50

ADMINS: Final = frozenset({
    "admin", "administrator", "super admin", "super administrator", "owner", "primary owner", "account owner", "page owner", "full control",
})  # fmt: skip
"""Names of roles that on every platform known to us give and take those of others."""


def label(text: str, option: str) -> str:
    """A role's or tool's name without superfluous blanks; Usage where it is empty or too long."""
    name = " ".join(text.split())
    if not name or len(name) > _LONGEST:
        raise Usage(f"{option} has 1 to {_LONGEST} characters", hint="as the platform calls it")
    return name


def gives_roles(role: str) -> bool:
    """Whether a role of this name gives and takes the roles of others, whatever the platform."""
    return role.casefold().replace("-", " ").replace("_", " ") in ADMINS


def scopes(texts: Iterable[str]) -> tuple[str, ...]:
    """What a tool may do, without repetition, sorted; several may stand in one text, separated by commas."""
    found = {label(part, "--scope") for text in texts for part in text.split(",") if part.strip()}
    if len(found) > _MOST_SCOPES:
        raise Usage(f"{len(found)} scopes, and {_MOST_SCOPES} at most are kept")
    return tuple(sorted(found, key=str.casefold))


def device_kind(text: str) -> str:
    """The kind itself; Usage for what is none."""
    if text not in DEVICE_KINDS:
        raise Usage(f"there is no kind of device {text[:40]!r}", hint=f"one of {', '.join(DEVICE_KINDS)}")
    return text


def same_as_recorded(what: str, end: str, typed: Mapping[str, tuple[object, object]]) -> None:
    """Refuse to pass over something new about what is recorded already. `typed`: option -> what was typed (nothing, where empty) and what is
    recorded; `end`: the command that ends the one that is recorded."""
    other = [option for option, (new, old) in typed.items() if new and new != old]
    if other:
        raise Refused(
            f"{what} already, with another {' and '.join(other)}", rule="recorded-otherwise", control="AU-10",
            hint=f"a record is not rewritten: {end}, then add it anew",
        )  # fmt: skip


def ends_after_beginning(since: str, on: str) -> None:
    """Refuse an end (day) before the beginning (day); either may be empty."""
    if since and on and on < since:
        raise Refused(
            f"it began on {since}: it can't have ended on {on}", rule="period", control="AU-10", hint="--on is the day on which it was removed there"
        )  # fmt: skip
