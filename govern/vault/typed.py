"""How hard a password is to guess that a person has typed, by estimate; and whether it stands on a list of common ones.

What we generate needs no estimate. The estimate is zxcvbn's: patterns, dictionaries, keyboard walks, and a list of 30,000 passwords that
were found in breaches (NIST SP 800-53 IA-5(1) a, b). It is made on this machine; nothing leaves it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from govern.vault.secret import Secret

LOOKED_AT: Final = 72
"""Characters that are looked at: zxcvbn takes no more, and a longer one is no weaker than its beginning."""

MOST_WORDS: Final = 20


class Estimate(NamedTuple):
    """`guesses`: the power of ten of the guesses that would find it; `common`: it is, as a whole, on the list of common passwords."""

    guesses: float
    common: bool


def estimate(secret: Secret, about: Iterable[str] = (), *, first: int = LOOKED_AT) -> Estimate:
    """The estimate for a password. `about`: words that anybody would try first, such as the login and the platform.

    `first`: how many characters are looked at. What it takes grows with more than their square: a millisecond for ten, thirty for all.
    """
    from zxcvbn import zxcvbn

    text = secret.reveal()
    if not text:
        return Estimate(guesses=0.0, common=True)
    words = [word[:LOOKED_AT] for word in about if word][:MOST_WORDS]
    try:
        found = zxcvbn(text[:first], user_inputs=words)
        only, *others = found["sequence"]
        common = not others and only.get("dictionary_name") == "passwords" and len(text) <= first
        return Estimate(guesses=float(found["guesses_log10"]), common=common)
    finally:
        zxcvbn("-", user_inputs=[])  # it keeps the words of the last call in its module


def begins_well(secret: Secret, about: Iterable[str], guesses: int) -> bool:
    """Whether the first few characters alone take that many guesses (as a power of ten), so that the whole need not be looked at.

    False where the whole is a single known word, or some characters over and over: of those a beginning may look better than it all is.
    """
    from zxcvbn.matching import RANKED_DICTIONARIES

    text = secret.reveal()
    over_and_over = text in (text + text)[1:-1]
    known = any(text.lower() in words for words in RANKED_DICTIONARIES.values())
    return not over_and_over and not known and estimate(secret, about, first=guesses + 2).guesses >= guesses
