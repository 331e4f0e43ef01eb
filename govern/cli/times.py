"""Times that people type and read, with their zone; and the digest of a file that shows something."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from govern.errors import Malformed, Usage

if TYPE_CHECKING:
    from pathlib import Path

_FORM = "%Y-%m-%dT%H:%M:%SZ"


def moment(text: str, now: str) -> str:
    """`now`, an hour of today, or a date and hour, as a UTC time; without a zone it is this machine's. Raises Usage for what is none or lies in the past."""
    if text.strip().casefold() == "now":
        return now
    try:
        typed = text.strip()
        if re.fullmatch(r"[0-9]{1,2}:[0-9]{2}", typed, re.ASCII):
            typed = f"{datetime.fromisoformat(now).astimezone():%Y-%m-%d}T{typed:0>5}"
        if len(typed) <= 10:
            raise ValueError("a day alone")
        found = datetime.fromisoformat(typed).astimezone(UTC)
        utc = found.strftime(_FORM)
        datetime.strptime(utc, _FORM)  # noqa: DTZ007  years of fewer than four digits are no times of ours
    except (ValueError, OverflowError):
        raise Usage(
            f"{text[:40]!r} is no time", hint="write it as 2026-11-30T14:00, 2026-11-30T14:00+01:00, 14:00 for today, or: now"
        ) from None
    if utc < now:
        raise Usage(f"{utc} lies in the past", hint="--cut-at now")
    return utc


def told_here(utc: str) -> str:
    """A UTC time in this machine's zone, with the zone's name, and in UTC."""
    here = datetime.strptime(utc, "%Y-%m-%dT%H:%M:%S%z").astimezone()
    return f"{here.strftime('%Y-%m-%d %H:%M %Z')} ({utc})"


def digest_of(path: Path) -> str:
    """SHA-256 of a regular file, hex. Raises NotFound where there is none, Malformed where it is empty, and Failed
    where it can't be read."""
    from govern.bounded import opened
    from govern.cli import settings

    with opened(settings.place(path)) as file:
        if not file.peek(1):
            raise Malformed(f"{path} is empty, and shows nothing", hint="scan or save it again")
        return hashlib.file_digest(file, "sha256").hexdigest()
