"""Canonical JSON, one spelling for one value: what is signed, committed to and compared is always these bytes.

RFC 8259 narrowed: UTF-8, sorted keys, no white space, no floats, no duplicate keys, no lone surrogates, |integer| < 2^53,
depth <= 8, <= 64 KiB. Bytes are kept exactly as written and never made again from what was read. Knows nothing of what the values mean.
"""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

from govern.errors import Malformed

MAX_BYTES: Final = 65_536
MAX_DEPTH: Final = 8
MAX_INTEGER: Final = 2**53


def _refuse_number(text: str) -> NoReturn:
    raise Malformed(f"a number that is no whole number: {text[:20]}")


def _integer(text: str) -> int:
    if len(text) > 17 or not -MAX_INTEGER < (number := int(text)) < MAX_INTEGER:
        raise Malformed("an integer beyond 2^53")
    return number


_DECODER = json.JSONDecoder(parse_float=_refuse_number, parse_constant=_refuse_number, parse_int=_integer)
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, check_circular=False)


def _within(value: Any, depth: int) -> None:
    """Refuse what canonical JSON has no spelling for; `depth` is what is left of MAX_DEPTH."""
    if isinstance(value, str) or value is None or value is True or value is False:
        return
    if isinstance(value, int):
        if not -MAX_INTEGER < value < MAX_INTEGER:
            raise Malformed("an integer beyond 2^53")
        return
    if depth == 0:
        raise Malformed(f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise Malformed("a key that is no text")
            if type(item) is not str:
                _within(item, depth - 1)
    elif isinstance(value, (list, tuple)):
        for item in value:
            if type(item) is not str:
                _within(item, depth - 1)
    else:
        raise Malformed(f"a value of type {type(value).__name__} has no place in an event")


def canonical(value: Any) -> bytes:
    """The one spelling of `value`; raises Malformed for floats, surrogates, depth or size beyond the bounds."""
    _within(value, MAX_DEPTH)
    return spell(value)


def spell(value: Any) -> bytes:
    """`canonical` for a value that is known to have no floats, no keys but texts, no integers beyond the bound and no such depth."""
    try:
        data = _ENCODER.encode(value).encode("utf-8")
    except UnicodeEncodeError as error:
        raise Malformed("text with a lone surrogate") from error
    if len(data) > MAX_BYTES:
        raise Malformed(f"{len(data)} bytes where {MAX_BYTES} are allowed")
    return data


def decode(data: bytes) -> Any:
    """Read canonical bytes and nothing else: what does not spell itself again byte for byte is refused (Malformed)."""
    if len(data) > MAX_BYTES:
        raise Malformed(f"{len(data)} bytes where {MAX_BYTES} are allowed")
    try:
        text = data.decode("utf-8")
        value = _DECODER.raw_decode(text)[0]  # what stands around it is missing from what is spelled below
        if data.count(b"{") + data.count(b"[") > MAX_DEPTH:
            _within(value, MAX_DEPTH)
        same = _ENCODER.encode(value) == text
    except (ValueError, RecursionError) as error:
        raise Malformed("not canonical JSON") from error
    if not same:
        raise Malformed("JSON that is not in its canonical spelling")
    return value
