"""A key's fingerprint: its whole id as 13 words that two people can read to each other. Knows ids and the word list of SLIP-39.

The list's 1,024 words differ in their first four letters; 128 bits of id and two zero bits make 13 words of ten bits each.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from govern.errors import Usage

COUNT: Final = 13
_BITS: Final = 10
_SPARE: Final = COUNT * _BITS - 128


def words_of(key: bytes) -> str:
    """The 13 words of a key id (16 bytes), separated by spaces."""
    value = int.from_bytes(key, "big") << _SPARE
    return " ".join(_list()[value >> _BITS * place & 1023] for place in reversed(range(COUNT)))


def read_fingerprint(text: str) -> bytes:
    """The key id (16 bytes) of what somebody typed: the 13 words, or only their first four letters, or the 32 hex digits. Raises Usage."""
    plain = text.strip().casefold()
    if re.fullmatch(r"[0-9a-f]{32}", re.sub(r"[\s:-]", "", plain)):
        return bytes.fromhex(re.sub(r"[\s:-]", "", plain))
    typed = re.findall(r"[^\W\d_]+", plain)
    if len(typed) != COUNT:
        raise Usage(
            f"a fingerprint has {COUNT} words or 32 hex digits, not {len(typed)} word{'' if len(typed) == 1 else 's'}",
            hint="type it as it is read to you",
        )
    value = 0
    for number, word in enumerate(typed, start=1):
        place = _starts().get(word[:4])
        if place is None or not _list()[place].startswith(word):
            raise Usage(f"word {number} of the fingerprint is not one of the list", hint="ask for it again")
        value = value << _BITS | place
    if value & ((1 << _SPARE) - 1):
        raise Usage("the last word of the fingerprint is another one", hint="ask for it again")
    return (value >> _SPARE).to_bytes(16, "big")


@cache
def _list() -> list[str]:
    from shamir_mnemonic.wordlist import WORDLIST

    return list(WORDLIST)


@cache
def _starts() -> dict[str, int]:
    return {word[:4]: place for place, word in enumerate(_list())}
