"""One message to one person, whatever way it goes, and what became of it. Knows neither what is due nor how mail or chat is spoken."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from govern.canonical import canonical

DOMAIN: Final = "govern.invalid"
"""Right-hand side of what has to look like a name of the net and is none (RFC 2606 §2): nothing can be sent there."""

_ID: Final = b"govern/message/v1\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one person is told at one time, in their language.

    `message_id`: RFC 5322 §3.6.4 msg-id without angle brackets, from `message_id`, so that a repetition after a crash carries the same.
    `to_mail`: None where no address is known. `locale`: en fr nl da nb es. `text`: lines of at most 72 columns. `list_id`: from `list_id`.
    """

    message_id: str
    to_name: str
    to_mail: str | None
    locale: str
    subject: str
    text: str
    html: str
    list_id: str
    reply_to: str | None


class Outcome(StrEnum):
    """What became of a message."""

    DELIVERED = "delivered"
    LATER = "later"
    """Not now: the next run tries it again (a 4xx, a server that is down, a person who has no address yet)."""
    REFUSED = "refused"
    """The other side said that it will not: no such mailbox, not allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An outcome and why, in words for an admin; never a secret, never a mail address in full."""

    outcome: Outcome
    reason: str = ""


def message_id(vault: str, person: str, things: Iterable[tuple[str, str]]) -> str:
    """Message-ID (without angle brackets) of the message to a person about a set of (thing, stage): the same whenever and wherever it is made.

    `vault`, `person`: hex ids. Nobody can tell from it who is reminded of what, unless they know all of it already.
    """
    named = hashlib.sha256(
        _ID + canonical({"person": person, "things": sorted([thing, stage] for thing, stage in set(things)), "vault": vault})
    )
    return f"{named.hexdigest()[:40]}@{DOMAIN}"


def list_id(vault: str) -> str:
    """List-Id (RFC 2919, without angle brackets) of the reminders of a vault (hex id), by which a mail program can sort them."""
    return f"reminders.{vault[:16]}.{DOMAIN}"


def one_line(text: str, limit: int = 200) -> str:
    """Text for a header or a title: control characters, line breaks and what turns the direction of writing become blanks, runs of blanks one."""
    plain = "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in text)
    return " ".join(plain.split())[:limit].rstrip()
