"""Foreign JSON, read strictly enough that nothing in it is ambiguous and nothing can exhaust the reader.

Knows JSON; knows no format. Our own canonical JSON is elsewhere and far stricter.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NoReturn

from govern.errors import Malformed
from govern.importers import encoding


class Doubled(dict[str, object]):
    """An object in which a field stands twice: nobody can say which of the two is meant."""


def parse(data: bytes) -> Mapping[str, object]:
    """The object that the bytes hold. Bytes that are not UTF-8 become lone surrogates, which cost the record they stand in.

    Malformed: no JSON, nested too deeply, numbers out of bounds, not an object, or a doubled field on the outermost level.
    """
    text, _ = encoding.decode(data, fall_back=False)
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except RecursionError:
        raise Malformed("JSON that is nested too deeply") from None
    except ValueError as trouble:  # JSONDecodeError, and whole numbers of more than 4300 digits
        at = f" (line {trouble.lineno})" if isinstance(trouble, json.JSONDecodeError) else ""
        raise Malformed(f"not whole JSON{at}", hint="export the file again: it may be cut off or altered") from None
    if not isinstance(value, dict):
        raise Malformed("JSON that is not an object")
    if isinstance(value, Doubled):
        raise Malformed("JSON in which a field stands twice")
    return value


def ambiguous(value: object) -> bool:
    """Whether a field stands twice anywhere within."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case Doubled():
                return True
            case dict() as inner:
                waiting.extend(inner.values())
            case list() as inner:
                waiting.extend(inner)
    return False


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else Doubled(found)


def _constant(name: str) -> NoReturn:
    raise ValueError(name)
