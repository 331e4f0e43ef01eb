"""How often access is reviewed, and what follows where nobody decides: plain values of a policy, cheap to import. Knows no account and no clock.

A policy that has no such section asks for no reviews by the calendar. Control: NIST SP 800-53 rev 5 AC-2 j.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from govern.policy.fields import MAX_DAYS, control, number, refuse, section
from govern.vocabulary import TIERS

MISSED: Final = ("notify", "escalate", "end")
"""What follows where a review is overdue, each on top of what stands before it: its reviewers are reminded, admins as well, what is undecided ends."""


class ReviewRule(NamedTuple):
    """`every`: tier -> days after which whoever holds an account is reviewed again. `within`: days in which a review is decided. `unused`: days without any
    use of an account after which somebody's grant is reviewed."""

    every: Mapping[str, int]
    within: int
    missed: str
    unused: int
    control: str


def to_record(rule: ReviewRule) -> dict[str, Any]:
    """The section of a policy's record."""
    return {"control": rule.control, "every": dict(rule.every), "within": rule.within, "missed": rule.missed, "unused": rule.unused}


def from_record(value: Any) -> ReviewRule:
    """The rule of such a section; raises Malformed, naming the field, for what `to_record` would not have written."""
    root = section(value, "reviews", ("control", "every", "within", "missed", "unused"))
    every = section(root["every"], "reviews.every", TIERS)
    if root["missed"] not in MISSED:
        refuse("reviews.missed", f"is none of {', '.join(MISSED)}")
    return ReviewRule(
        every={tier: number(every[tier], f"reviews.every.{tier}", 1, MAX_DAYS) for tier in TIERS},
        within=number(root["within"], "reviews.within", 0, MAX_DAYS),
        missed=root["missed"],
        unused=number(root["unused"], "reviews.unused", 1, MAX_DAYS),
        control=control(root["control"], "reviews.control"),
    )
