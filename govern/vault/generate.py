"""New secrets within a platform's rules, every allowed one equally likely. Knows character classes; the bytes of chance come in."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache, partial
from itertools import combinations
from typing import Final

from govern.errors import Failed, Malformed
from govern.vault.runs import count, drawer
from govern.vault.secret import Secret

DEFAULT_LENGTH: Final = 24
LONGEST: Final = 1024
"""Longer ones are made for no platform, whatever it takes."""
SYMBOLS: Final = "!#$%&*+-.:=?@^_~"
"""Taken by nearly every platform, and safe in a CSV field: no quotes, commas, brackets, slashes or spaces."""

_LOWER: Final = "abcdefghijklmnopqrstuvwxyz"
_DIGITS: Final = "0123456789"
_CONFUSED: Final = frozenset("ilIoO01")
"""Left out of what is read from paper and typed on a phone."""

_MOST_DRAWS: Final = 100_000


class Class(StrEnum):
    """What platforms ask for: "at least one …"."""

    LOWER = "lower"
    UPPER = "upper"
    DIGIT = "digit"
    SYMBOL = "symbol"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """A platform's rules: length from `min` to `max` characters, letters and digits always, of symbols only these, classes required, no
    character too often in a row.

    Raises Malformed for rules that nothing can satisfy.
    """

    min: int = 8
    max: int = 64
    allowed_symbols: str = SYMBOLS
    required: frozenset[Class] = frozenset({Class.LOWER, Class.UPPER, Class.DIGIT})
    max_consecutive: int = 0
    """So often at most the same character in a row; 0: no such rule."""

    def __post_init__(self) -> None:
        if not 4 <= self.max <= LONGEST or not 0 <= self.min <= self.max:
            raise Malformed(f"a password of {self.min} to {self.max} characters is no rule")
        if not self.required <= set(Class):
            raise Malformed("a class of characters that is not lower, upper, digit or symbol")
        symbols = self.allowed_symbols
        if len(set(symbols)) != len(symbols) or any(not ("!" <= c <= "~") or c.isalnum() for c in symbols):
            raise Malformed("allowed symbols are ASCII symbols, each once, no letters, digits or spaces")
        if Class.SYMBOL in self.required and not symbols:
            raise Malformed("a symbol is required and none is allowed")
        if self.max_consecutive < 0:
            raise Malformed(f"{self.max_consecutive} of the same character in a row is no rule")

    def length(self, wanted: int) -> int:
        """The nearest length within the rules."""
        return max(self.min, min(self.max, wanted), 4)


def generate(limits: Limits, *, length: int = DEFAULT_LENGTH, random: Callable[[int], bytes]) -> Secret:
    """A password of `length` characters, or the nearest that the rules allow, with every required class."""
    alphabet, needed = _rules(limits)
    return Secret(_draw(alphabet, needed, limits.length(length), random, limits.max_consecutive))


def strength(limits: Limits, *, length: int = DEFAULT_LENGTH) -> float:
    """log2 of how many passwords `generate` chooses from, each equally likely."""
    return _bits(_classes(limits), limits.required, limits.length(length), limits.max_consecutive)


def generate_typeable(limits: Limits, *, length: int = DEFAULT_LENGTH, random: Callable[[int], bytes]) -> Secret:
    """To be read out and typed: lower case and digits that can't be confused, in fours; a capital or symbol only where required.

    `length` counts all characters. The dash (or whatever stands for it) between the fours is the symbol where one is required.
    """
    classes, required, separator = _typeable(limits)
    wanted = limits.length(length)
    places = _separators(wanted) if separator else set()
    letters = iter(_draw(*_drawn_from(classes, required), wanted - len(places), random, limits.max_consecutive))
    return Secret("".join(separator if place in places else next(letters) for place in range(wanted)))


def strength_typeable(limits: Limits, *, length: int = DEFAULT_LENGTH) -> float:
    """log2 of how many passwords `generate_typeable` chooses from."""
    classes, required, separator = _typeable(limits)
    wanted = limits.length(length)
    return _bits(classes, required, wanted - len(_separators(wanted)) if separator else wanted, limits.max_consecutive)


@lru_cache(maxsize=256)
def _classes(limits: Limits) -> dict[Class, str]:
    classes = {Class.LOWER: _LOWER, Class.UPPER: _LOWER.upper(), Class.DIGIT: _DIGITS, Class.SYMBOL: limits.allowed_symbols}
    return {name: characters for name, characters in classes.items() if characters}


def _typeable(limits: Limits) -> tuple[dict[Class, str], frozenset[Class], str]:
    """(classes, which of them are required, separator or nothing)."""
    wanted = {Class.LOWER, Class.DIGIT} | (limits.required & {Class.UPPER})
    classes = {name: "".join(c for c in text if c not in _CONFUSED) for name, text in _classes(limits).items() if name in wanted}
    at_need = limits.allowed_symbols[:1] if Class.SYMBOL in limits.required else ""
    separator = next((c for c in "-.:_" if c in limits.allowed_symbols), at_need)
    return classes, limits.required - {Class.SYMBOL}, separator


def _separators(length: int) -> set[int]:
    """Places after every fourth letter (every second of very short ones), never the last place."""
    group = 4 if length > 5 else 2
    return set(range(group, length - 1, group + 1))


@lru_cache(maxsize=256)
def _rules(limits: Limits) -> tuple[str, tuple[frozenset[str], ...]]:
    return _drawn_from(_classes(limits), limits.required)


def _drawn_from(classes: dict[Class, str], required: frozenset[Class]) -> tuple[str, tuple[frozenset[str], ...]]:
    """The alphabet, and the characters of each class of which there must be one."""
    return "".join(classes.values()), tuple(frozenset(classes[name]) for name in required)


def _draw(alphabet: str, needed: Sequence[frozenset[str]], length: int, random: Callable[[int], bytes], most: int = 0) -> str:
    """Whole strings are drawn and thrown away until one has all classes: picking places for them would favour some strings."""
    draw = drawer(alphabet, length, most, random) if most else partial(_uniform, alphabet, length, random)
    for _ in range(_MOST_DRAWS):
        text = draw()
        for characters in needed:
            if characters.isdisjoint(text):
                break
        else:
            return text
    raise Failed("the source of random bytes gives no password with all required classes")


def _uniform(alphabet: str, length: int, random: Callable[[int], bytes]) -> str:
    """`length` independent characters; a byte beyond the largest multiple of the alphabet's size is thrown away (no modulo bias)."""
    table, unfair = _fair(alphabet)
    text = ""
    for _ in range(_MOST_DRAWS):
        text += random(length - len(text)).translate(table, unfair).decode()
        if len(text) >= length:
            return text[:length]
    raise Failed("the source of random bytes gives none that can be used")


@lru_cache(maxsize=64)
def _fair(alphabet: str) -> tuple[bytes, bytes]:
    """Which character (ASCII) stands for each byte, and the bytes that stand for none."""
    fair = 256 - 256 % len(alphabet)
    return bytes(ord(alphabet[byte % len(alphabet)]) for byte in range(256)), bytes(range(fair, 256))


def _bits(classes: dict[Class, str], required: frozenset[Class], length: int, most: int = 0) -> float:
    """Inclusion and exclusion over the required classes that a string lacks."""
    total = sum(map(len, classes.values()))

    def strings(characters: int) -> int:
        return count(characters, length, most) if most else characters**length

    wanted = sum(
        (-1) ** size * strings(total - sum(len(classes[name]) for name in lacking))
        for size in range(len(required) + 1)
        for lacking in combinations(sorted(required), size)
    )
    return math.log2(wanted)
