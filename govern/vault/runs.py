"""Strings in which no character stands more than so often in a row: how many there are, and one of them, each equally likely. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from govern.errors import Failed

_MOST_DRAWS: Final = 10_000


def count(characters: int, length: int, most: int) -> int:
    """How many strings of this length over so many characters have no run longer than `most`."""
    if length == 0:
        return 1
    return characters * _table(characters, length, most)[length - 1][0] if characters else 0


def _table(characters: int, length: int, most: int) -> list[list[int]]:
    """[left][run - 1]: in how many ways a string goes on for `left` more characters when its last one stands `run` times in a row."""
    rows = [[1] * most]
    for _ in range(length - 1):
        last = rows[-1]
        rows.append([(characters - 1) * last[0] + (last[run] if run < most else 0) for run in range(1, most + 1)])
    return rows


def drawer(alphabet: str, length: int, most: int, random: Callable[[int], bytes]) -> Callable[[], str]:
    """A function that draws one of these strings at each call: a number below their count, read as the string of that rank.

    Drawing character by character and turning back at a run would favour some strings.
    """
    rows = _table(len(alphabet), length, most)

    def draw() -> str:
        rank = _below(len(alphabet) * rows[length - 1][0], random)
        first, rank = divmod(rank, rows[length - 1][0])
        text, run = alphabet[first], 1
        for left in range(length - 2, -1, -1):
            again = rows[left][run] if run < most else 0
            if rank < again:
                text, run = text + text[-1], run + 1
                continue
            place, rank = divmod(rank - again, rows[left][0])
            others = alphabet.replace(text[-1], "")
            text, run = text + others[place], 1
        return text

    return draw


def _below(bound: int, random: Callable[[int], bytes]) -> int:
    """A number below `bound`, each equally likely; numbers beyond it are thrown away (no modulo bias)."""
    bits = (bound - 1).bit_length()
    for _ in range(_MOST_DRAWS):
        number = int.from_bytes(random((bits + 7) // 8), "big") >> (-bits % 8)
        if number < bound:
            return number
    raise Failed("the source of random bytes gives none that can be used")
