"""Rules that policies may leave out: consequences of being overdue, first rotations, typed passwords, exposures, departures, spokespersons, reviews,
documents, joiners. Plain values, cheap to import.

A record that lacks a section has no such rule, as every record had before there were such sections: what was adopted then means what it
meant. Controls: NIST SP 800-53 rev 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from govern.policy import house_rules, joiner_rules, reminder_rules, review_rules
from govern.policy.fields import MAX_DAYS, control, flag, number, refuse, section
from govern.policy.house_rules import DocumentRule
from govern.policy.joiner_rules import JoinerRule
from govern.policy.reminder_rules import ReminderRule
from govern.policy.review_rules import ReviewRule
from govern.vocabulary import BASES, TIERS

FORCING: Final = tuple(basis for basis in BASES if basis != "unknown")
"""Bases that a policy can name. That others might know, nobody knows who, is what first rotations are for."""

MAX_GUESSES: Final = 30

FIRST: Final = ("revealed", "set", "handed-over", "declared", "exported", "imported")
"""Bases by which the value itself was, or is said to have been, before the person's eyes: what comes first unless a policy says otherwise."""

_POSSIBLE: Final = 2
"""How many times the days of membership the rest has, unless a policy says otherwise."""


class OverdueRule(NamedTuple):
    """What follows once a change is overdue past the grace of its tier (IA-5 f): no new grant, and no reveal on these tiers but to whoever is
    responsible, for a rotation, and for an incident."""

    banner: bool
    no_grants: bool
    no_reveals: tuple[str, ...]
    control: str


class FirstImportRule(NamedTuple):
    """Tier -> days from an import within which each secret it brought is changed for the first time, spread, worst first (IA-5 f)."""

    within: Mapping[str, int]
    control: str


class TypedRule(NamedTuple):
    """From how many guesses on, as a power of ten, a typed password is not weak; and whether a weak new one is refused (IA-5(1))."""

    guesses: int
    refuse_weak: bool
    control: str


class ExposureRule(NamedTuple):
    """On which bases somebody who no longer holds an account could know its secret so that it has to change (IA-5 i)."""

    force: tuple[str, ...]
    control: str


class DepartureRule(NamedTuple):
    """What a leaver knew on one of the bases `first` changes within the days of membership; all else within `possible` days of its tier (AC-2 k)."""

    first: tuple[str, ...]
    possible: Mapping[str, int]
    """Tier -> days from the cut; every tier is there."""
    control: str


class SpokespersonRule(NamedTuple):
    """For how many days a spokesperson's training counts (AC-22 b)."""

    training: int
    control: str


class Later(NamedTuple):
    """All of them; None: the policy has no such rule."""

    overdue: OverdueRule | None = None
    first_import: FirstImportRule | None = None
    typed: TypedRule | None = None
    exposures: ExposureRule | None = None
    departures: DepartureRule | None = None
    reminders: ReminderRule | None = None
    spokespersons: SpokespersonRule | None = None
    reviews: ReviewRule | None = None
    documents: DocumentRule | None = None
    joiners: JoinerRule | None = None


def reminders(rules: Later) -> ReminderRule:
    """The rule in force."""
    return rules.reminders or reminder_rules.DEFAULT


def departures(rules: Later, deadline: Mapping[str, int]) -> DepartureRule:
    """The rule in force; `deadline`: tier -> days of membership."""
    return rules.departures or DepartureRule(
        first=FIRST, possible={tier: _POSSIBLE * days for tier, days in deadline.items()}, control="AC-2 k"
    )


SECTIONS: Final = (
    "overdue", "first-import", "typed", "exposures", "departures", "reminders", "spokespersons", "reviews", "documents", "joiners",
)  # fmt: skip


def to_record(rules: Later) -> dict[str, Any]:
    """The sections that are there."""
    found: dict[str, Any] = {}
    if rules.overdue:
        found["overdue"] = {
            "control": rules.overdue.control, "banner": rules.overdue.banner, "no-grants": rules.overdue.no_grants,
            "no-reveals": list(rules.overdue.no_reveals),
        }  # fmt: skip
    if rules.first_import:
        found["first-import"] = {"control": rules.first_import.control, "within": dict(rules.first_import.within)}
    if rules.typed:
        found["typed"] = {"control": rules.typed.control, "guesses": rules.typed.guesses, "refuse-weak": rules.typed.refuse_weak}
    if rules.exposures:
        found["exposures"] = {"control": rules.exposures.control, "force": list(rules.exposures.force)}
    if one := rules.departures:
        found["departures"] = {"control": one.control, "first": list(one.first), "possible": dict(one.possible)}
    if rules.reminders:
        found["reminders"] = reminder_rules.to_record(rules.reminders)
    if two := rules.spokespersons:
        found["spokespersons"] = {"control": two.control, "training": two.training}
    if rules.reviews:
        found["reviews"] = review_rules.to_record(rules.reviews)
    if rules.documents:
        found["documents"] = house_rules.to_record(rules.documents)
    if rules.joiners:
        found["joiners"] = joiner_rules.to_record(rules.joiners)
    return found


def from_record(root: Mapping[str, Any]) -> Later:
    """The rules of a record's sections; raises Malformed, naming the field, for what `to_record` would not have written."""
    overdue = first = typed = exposures = departures = speaking = None
    if "overdue" in root:
        one = section(root["overdue"], "overdue", ("control", "banner", "no-grants", "no-reveals"))
        overdue = OverdueRule(
            banner=flag(one["banner"], "overdue.banner"), no_grants=flag(one["no-grants"], "overdue.no-grants"),
            no_reveals=_of(one["no-reveals"], "overdue.no-reveals", TIERS), control=control(one["control"], "overdue.control"),
        )  # fmt: skip
    if "first-import" in root:
        one = section(root["first-import"], "first-import", ("control", "within"))
        within = section(one["within"], "first-import.within", TIERS)
        first = FirstImportRule(
            within={tier: number(within[tier], f"first-import.within.{tier}", 1, MAX_DAYS) for tier in TIERS},
            control=control(one["control"], "first-import.control"),
        )
    if "typed" in root:
        one = section(root["typed"], "typed", ("control", "guesses", "refuse-weak"))
        typed = TypedRule(
            guesses=number(one["guesses"], "typed.guesses", 0, MAX_GUESSES), refuse_weak=flag(one["refuse-weak"], "typed.refuse-weak"),
            control=control(one["control"], "typed.control"),
        )  # fmt: skip
    if "exposures" in root:
        one = section(root["exposures"], "exposures", ("control", "force"))
        exposures = ExposureRule(force=_of(one["force"], "exposures.force", FORCING), control=control(one["control"], "exposures.control"))
    if "departures" in root:
        one = section(root["departures"], "departures", ("control", "first", "possible"))
        possible = section(one["possible"], "departures.possible", TIERS)
        departures = DepartureRule(
            first=_of(one["first"], "departures.first", FORCING),
            possible={tier: number(possible[tier], f"departures.possible.{tier}", 0, MAX_DAYS) for tier in TIERS},
            control=control(one["control"], "departures.control"),
        )
    reminders = reminder_rules.from_record(root["reminders"]) if "reminders" in root else None
    if "spokespersons" in root:
        one = section(root["spokespersons"], "spokespersons", ("control", "training"))
        speaking = SpokespersonRule(
            training=number(one["training"], "spokespersons.training", 1, MAX_DAYS),
            control=control(one["control"], "spokespersons.control"),
        )
    reviews = review_rules.from_record(root["reviews"]) if "reviews" in root else None
    return Later(
        overdue=overdue, first_import=first, typed=typed, exposures=exposures, departures=departures, reminders=reminders,
        spokespersons=speaking, reviews=reviews, documents=house_rules.from_record(root["documents"]) if "documents" in root else None,
        joiners=joiner_rules.from_record(root["joiners"]) if "joiners" in root else None,
    )  # fmt: skip


def _of(value: Any, where: str, words: tuple[str, ...]) -> tuple[str, ...]:
    """Some of these words, each once and in their order: one spelling per policy."""
    if not isinstance(value, list) or value != [word for word in words if word in value]:
        refuse(where, f"is no list of some of {', '.join(words)}, in this order")
    return tuple(value)
