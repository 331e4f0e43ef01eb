"""When a file claims that a password was changed: foreign notations of time to UTC ISO 8601 with seconds and Z, or None.

A claim that can't be read is no claim: nothing here raises.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

_YEAR_ONE = datetime(1, 1, 1, tzinfo=UTC)
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


def _written(moment: datetime) -> str | None:
    if moment < _EARLIEST:  # zero and other place-holders: no shared web password is older than the web
        return None
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def from_iso(value: object) -> str | None:
    """`2024-01-30T14:09:33.753Z`, with any offset; one without an offset is taken as UTC."""
    if not isinstance(value, str) or len(value) > 64:
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return _written(moment)


def from_seconds(value: object) -> str | None:
    """Seconds since 1970, as a whole number or its decimal digits (1PUX)."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,15}", value.strip()):
        value = int(value)
    if not isinstance(value, int) or not 0 < value < 1 << 50:
        return None
    try:
        return _written(datetime.fromtimestamp(value, tz=UTC))
    except (ValueError, OverflowError, OSError):
        return None


def from_milliseconds(value: object) -> str | None:
    """Milliseconds since 1970, as decimal digits (Firefox)."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,17}", value.strip()):
        return from_seconds(int(value) // 1000)
    return None


def from_kdbx(value: object) -> str | None:
    """KDBX 3: ISO 8601. KDBX 4: base64 of the seconds since the year 1, eight bytes, little-endian."""
    if not isinstance(value, str):
        return None
    if (moment := from_iso(value)) is not None:
        return moment
    try:
        raw = base64.b64decode(value, validate=True)
        return _written(_YEAR_ONE + timedelta(seconds=int.from_bytes(raw, "little"))) if len(raw) == 8 else None
    except (binascii.Error, ValueError, OverflowError):
        return None


def latest(claims: Iterable[str | None]) -> str | None:
    """The latest of several claims; the notation sorts as time does."""
    return max((claim for claim in claims if claim is not None), default=None)
