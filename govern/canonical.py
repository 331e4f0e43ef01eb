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
_C: Final = getattr(json.encoder, "c_make_encoder", None)
_CHUNKS: Final = _C and _C(None, _ENCODER.default, json.encoder.encode_basestring, None, ":", ",", True, False, False)
"""What `_ENCODER.encode` makes anew for every value, at a third of its time; pure Python's json has none."""


def within(value: Any, depth: int) -> None:
    """Refuse (Malformed) what canonical JSON has no spelling for; `depth` is what is left of MAX_DEPTH."""
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
            if type(item) is not str and not (type(item) is int and -MAX_INTEGER < item < MAX_INTEGER):
                within(item, depth - 1)
    elif isinstance(value, (list, tuple)):
        for item in value:
            if type(item) is not str and not (type(item) is int and -MAX_INTEGER < item < MAX_INTEGER):
                within(item, depth - 1)
    else:
        raise Malformed(f"a value of type {type(value).__name__} has no place in an event")


def canonical(value: Any) -> bytes:
    """The one spelling of `value`; raises Malformed for floats, surrogates, depth or size beyond the bounds."""
    within(value, MAX_DEPTH)
    return encoded(spelled(value))


def spelled(value: Any) -> str:
    """The text of a value that is known to hold nothing which `canonical` refuses; its size is not looked at."""
    return "".join(_CHUNKS(value, 0)) if _CHUNKS else _ENCODER.encode(value)


def encoded(text: str) -> bytes:
    """A spelling as the bytes that are kept; raises Malformed for surrogates or a size beyond the bound."""
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Malformed("text with a lone surrogate") from error
    if len(data) > MAX_BYTES:
        raise Malformed(f"{len(data)} bytes where {MAX_BYTES} are allowed")
    return data


def parsed(data: bytes) -> tuple[Any, str]:
    """What stands in the bytes, and their text: whoever asks must spell the value again and `must_be` the text. Raises Malformed."""
    if len(data) > MAX_BYTES:
        raise Malformed(f"{len(data)} bytes where {MAX_BYTES} are allowed")
    try:
        text = data.decode("utf-8")
        value = _DECODER.raw_decode(text)[0]  # what stands around it is missing from what is spelled again
        if data.count(b"{") + data.count(b"[") > MAX_DEPTH:
            within(value, MAX_DEPTH)
    except (ValueError, RecursionError) as error:
        raise Malformed("not canonical JSON") from error
    return value, text


def must_be(spelling: str, text: str) -> None:
    """Refuse (Malformed) a text that is not, to the letter, the canonical spelling of what was read from it."""
    if spelling != text:
        raise Malformed("JSON that is not in its canonical spelling")


def decode(data: bytes) -> Any:
    """Read canonical bytes and nothing else: what does not spell itself again byte for byte is refused (Malformed)."""
    value, text = parsed(data)
    must_be(spelled(value), text)
    return value
