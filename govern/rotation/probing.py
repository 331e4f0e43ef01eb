"""Which secret a platform has, by trying as few as possible, in an order that never mistakes silence for a refusal. Pure.

Candidates are tried first, the newest foremost, then what is current, then what was so before: whatever was begun last is likeliest in
force. Knows answers, no platform and no secret.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

MOST_REFUSALS: Final = 3
"""Wrong secrets that are tried in one run: real accounts are locked after three."""


class Answer(StrEnum):
    """What the platform said to a secret."""

    VALID = "valid"
    INVALID = "invalid"
    INCONCLUSIVE = "inconclusive"
    """Too many attempts, a timeout, no network: it says nothing about the secret."""


class Ask(NamedTuple):
    """Try this version next."""

    n: int


class InForce(NamedTuple):
    """The platform has this candidate."""

    n: int


class Unchanged(NamedTuple):
    """The platform has still this version, which is no candidate."""

    n: int


class Silent(NamedTuple):
    """No telling now: this version got no answer."""

    n: int


class Enough(NamedTuple):
    """As many were refused as may be tried at a time, and others are left to try."""


class Nowhere(NamedTuple):
    """None of what is stored here works."""


Finding = Ask | InForce | Unchanged | Silent | Enough | Nowhere


def conclude(candidates: Sequence[int], others: Sequence[int], known: Mapping[int, Answer], *, refused: int = 0) -> Finding:
    """What follows from the answers `known` so far: version -> answer.

    `candidates`: versions of this rotation, the newest first; `others`: what was current, then what was so before. `refused`: how many
    wrong ones were tried in this run.
    """
    for n in (*candidates, *others):
        match known.get(n):
            case None:
                return Ask(n) if refused < MOST_REFUSALS else Enough()
            case Answer.VALID:
                return InForce(n) if n in candidates else Unchanged(n)
            case Answer.INCONCLUSIVE:
                return Silent(n)
            case Answer.INVALID:
                continue
    return Nowhere()
