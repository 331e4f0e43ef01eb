"""Values that must not be seen by accident: they show themselves masked everywhere and give the value only when asked by name.

Knows how Python prints, copies and serialises values; knows nothing of what the secrets are for. Python can't wipe memory: a masked
value protects against logs, tracebacks and JSON, not against somebody who reads the process.
"""

from __future__ import annotations

import hmac
from typing import NoReturn, Self

from govern.errors import Malformed, Refused


class Masked:
    """Base of every secret-bearing class: masked text, no pickle, no hash, copies are the object itself."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        """The mask, whatever width or conversion was asked for: even a length would say something."""
        return repr(self)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self  # dataclasses.asdict copies its leaves: it must get the mask, not the value

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise Refused(f"a {type(self).__name__} is never serialised", code="masked")


class Secret(Masked):
    """A text secret: a password, a seed in base32, the words of a sheet. Equality takes the same time wherever two differ."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        if not isinstance(value, str):
            raise Malformed("a secret that is no text")
        self.__value = value

    def reveal(self) -> str:
        """The value itself; everybody who calls this answers for where it goes."""
        return self.__value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_utf8(self.__value), _utf8(other.__value))


class SecretBytes(Masked):
    """A secret of bytes: a seed or a key."""

    __slots__ = ("__value",)

    def __init__(self, value: bytes) -> None:
        if not isinstance(value, bytes):
            raise Malformed("a secret that is no bytes")
        self.__value = value

    def reveal_bytes(self) -> bytes:
        """The value itself."""
        return self.__value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SecretBytes):
            return NotImplemented
        return hmac.compare_digest(self.__value, other.__value)


def _utf8(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")
