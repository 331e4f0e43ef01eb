"""What may be said of roles on platforms, connected tools, devices and recovery channels. Pure: texts in, values or Usage out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from govern.errors import Usage
from govern.facts import DEVICE_KINDS

MOST_ACCOUNTS: Final = 500
"""Accounts that one device is recorded to be signed in to."""

_LONGEST: Final = 100
_MOST_SCOPES: Final = 50

ADMINS: Final = frozenset({
    "admin", "administrator", "super admin", "super administrator", "owner", "primary owner", "account owner", "page owner", "full control",
})  # fmt: skip
"""Names of roles that on every platform known to us give and take those of others."""

PHONES: Final = frozenset({"phone", "sim"})
"""Kinds of device that codes can be sent to."""


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
