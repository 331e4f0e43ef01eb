"""What is said of somebody who holds an account, or could know something of it: the words for it. Pure.

Revoking ends a grant, only a confirmed rotation ends an exposure: until then a person is "revoked, still knows", wherever it is shown.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from govern.holdings.exposures import OTHERS_UNKNOWN

SCREEN_NAMES: Final = {OTHERS_UNKNOWN: "others unknown"}
"""How what stands where a person would is written on screen."""


class Relation(NamedTuple):
    """What a person is to an account now: an open grant, custodian or deputy, a grant that ended, gone from the company."""

    holds: bool = False
    responsible: bool = False
    revoked: bool = False
    left: bool = False


def standing(relation: Relation, *, strength: str, live: bool) -> str:
    """One exposure in words. `strength` is that of its strongest basis: seen, possible or claimed."""
    if not live:
        return "knew"
    if relation.holds:
        return "holds, knows" if strength == "seen" else "holds"
    if relation.responsible:
        return "responsible"
    if relation.revoked:
        return "revoked, still knows"
    if relation.left:
        return "has left, still knows"
    return {"seen": "knows", "claimed": "is said to know"}.get(strength, "could know")


def summary(person: str, *, holds: int, revoked: bool, knows: int) -> str:
    """One sentence about a person: `knows` is the number of secrets that still work."""
    secrets = "1 secret" if knows == 1 else f"{knows} secrets"
    if holds:
        return f"{person} holds {'1 account' if holds == 1 else f'{holds} accounts'} and knows {secrets} that {_work(knows)}"
    if not knows:
        return f"{person} knows nothing that works"
    if revoked:
        return f"{person} is revoked, still knows {secrets}"
    return f"{person} holds nothing and knows {secrets} that {_work(knows)}"


def _work(count: int) -> str:
    return "works" if count == 1 else "work"


def strongest(strengths: set[str]) -> str:
    """Seen before possible before claimed."""
    return next((strength for strength in ("seen", "possible", "claimed") if strength in strengths), "possible")
