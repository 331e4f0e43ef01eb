"""What somebody who mistyped a name may have meant. Pure, and light to load: every command that takes a name needs it, seldom in earnest."""

from __future__ import annotations

from collections.abc import Iterable


def near_matches(wanted: str, known: Iterable[str], n: int = 3) -> list[str]:
    """At most `n` known names that somebody who typed `wanted` may have meant."""
    from difflib import get_close_matches  # where nothing is misspelt it is not needed, and it takes a while to load

    return get_close_matches(wanted, list(known), n=n)
