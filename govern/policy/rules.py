"""A policy in force: which rule holds for which tier, with the control it comes from. Plain values; knows no file and no YAML.

`from_record` reads what `policy.adopted` stored and the register serves, so this module is imported by reading commands and stays cheap.
A record holds text, whole numbers, booleans and lists of tiers only, one spelling per policy; no free text, since it is never erased.
Controls: NIST SP 800-53 rev 5.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from govern.errors import Refused
from govern.policy import later_rules
from govern.policy.fields import CONTROL as CONTROL
from govern.policy.fields import MAX_DAYS as MAX_DAYS
from govern.policy.fields import control as _control
from govern.policy.fields import flag as _flag
from govern.policy.fields import number as _number
from govern.policy.fields import refuse as _refuse
from govern.policy.fields import section as _section
from govern.policy.fields import word as _word
from govern.policy.later_rules import Later
from govern.vocabulary import KINDS, PRESETS, TIERS

RECORD: Final = 1
"""Version of the record's form."""

MAX_HOLDERS: Final = 1000
SEVERITIES: Final = ("info", "warning", "critical")

CONNECTORS: Final = ("bluesky", "matrix", "wordpress")
"""Connectors that come with the program: all that a policy allows which was adopted before policies named them."""

_CONNECTOR = re.compile(r"[a-z0-9][a-z0-9-]{0,39}\Z").match


class HolderRule(NamedTuple):
    """How many people may hold an account of one tier (AC-6): a most is refused at grant, a least is asked for at hand-over."""

    least: int
    most: int
    control: str


class OpenerRule(NamedTuple):
    """How many keyholders besides recovery can open every live version (PS-4 e); fewer is a finding of `severity`, never a refusal."""

    least: int
    severity: str
    control: str


class GrantRule(NamedTuple):
    """What a grant on an account of one tier needs (AC-2): an end within `longest_days`, and a reason where `reason`."""

    longest_days: int
    reason: bool
    control: str


class Rule(NamedTuple):
    """Something that is allowed or refused, and why."""

    allowed: bool
    control: str


class ConnectorRule(NamedTuple):
    """Which connectors may change a platform by program (CM-7(5), allow by exception); no other one is loaded."""

    allowed: tuple[str, ...]
    control: str


class Policy(NamedTuple):
    """All rules of a vault. Days are whole days of 24 hours; tiers and kinds are those of `govern.vocabulary`."""

    preset: str
    holders: Mapping[str, HolderRule]
    """Tier -> rule; every tier is there."""
    openers: OpenerRule
    grants: Mapping[str, GrantRule]
    """Tier -> rule; every tier is there."""
    self_grant: Rule
    """A grant to oneself (AC-5)."""
    leaver_grant: Rule
    """A grant to somebody who is leaving or has left (PS-4)."""
    rotation: Mapping[tuple[str, str], int | None]
    """(tier, kind) -> days until a rotation is due by the calendar (IA-5 f); None: never by the calendar; absent: no rule, a finding."""
    rotation_control: str
    membership_deadline_days: Mapping[str, int]
    """Tier -> days from the moment a holder leaves until the rotation must be done (AC-2 k)."""
    membership_control: str
    grace_days: Mapping[str, int]
    """Tier -> days after a due date of the calendar before being overdue has consequences."""
    grace_control: str
    second_person: bool
    """Opening, doing and verifying a step need different people where there are two (AC-5); else it is recorded as signed by one."""
    second_person_control: str
    retention_days: int
    """How long what is kept of somebody who left is kept at least, before they may be erased (SI-12(3))."""
    retention_control: str
    connectors: ConnectorRule
    later: Later = Later()
    """Rules that a policy may leave out."""

    def must_allow_connector(self, name: str) -> None:
        """Raise Refused where this policy does not name the connector."""
        if name not in self.connectors.allowed:
            raise Refused(
                f"the policy does not name the connector {name}",
                rule="connector-allowed",
                control=self.connectors.control,
                hint="add it below connectors in a policy file, then: govern policy adopt FILE",
            )

    def to_record(self) -> dict[str, Any]:
        """The canonical record (JSON-able); `Policy.from_record` of it is equal to self."""
        ages: dict[str, dict[str, int]] = {tier: {} for tier in TIERS}
        for (tier, kind), days in self.rotation.items():
            ages[tier][kind] = days or 0
        first = self.grants[TIERS[0]]
        return {
            "v": RECORD,
            "preset": self.preset,
            "holders": {"control": self.holders[TIERS[0]].control}
            | {tier: {"least": rule.least, "most": rule.most} for tier, rule in self.holders.items()},
            "openers": {"control": self.openers.control, "least": self.openers.least, "severity": self.openers.severity},
            "grants": {
                "control": first.control,
                "longest": {tier: rule.longest_days for tier, rule in self.grants.items()},
                "reason": [tier for tier in TIERS if self.grants[tier].reason],
                "to-oneself": {"allowed": self.self_grant.allowed, "control": self.self_grant.control},
                "to-leavers": {"allowed": self.leaver_grant.allowed, "control": self.leaver_grant.control},
            },
            "rotation": {"control": self.rotation_control, **ages},
            "membership": {"control": self.membership_control, "deadline": dict(self.membership_deadline_days)},
            "grace": {"control": self.grace_control, **self.grace_days},
            "second-person": {"control": self.second_person_control, "required": self.second_person},
            "retention": {"control": self.retention_control, "days": self.retention_days},
            "connectors": {"control": self.connectors.control, "allowed": list(self.connectors.allowed)},
        } | later_rules.to_record(self.later)

    @staticmethod
    def from_record(record: Mapping[str, Any]) -> Policy:
        """The policy of a record; raises Malformed, naming the field, for anything that `to_record` would not have written."""
        if isinstance(record, Mapping):
            record = {"connectors": _BEFORE_CONNECTORS, **record}
        more = tuple(name for name in later_rules.SECTIONS if isinstance(record, Mapping) and name in record)
        root = _section(record, "policy", ("v", "preset", *_SECTIONS, *more))
        _number(root["v"], "v", RECORD, RECORD)
        holders = _section(root["holders"], "holders", ("control", *TIERS))
        openers = _section(root["openers"], "openers", ("control", "least", "severity"))
        grants = _section(root["grants"], "grants", ("control", "longest", "reason", "to-oneself", "to-leavers"))
        rotation = _section(root["rotation"], "rotation", ("control", *TIERS))
        membership = _section(root["membership"], "membership", ("control", "deadline"))
        grace = _section(root["grace"], "grace", ("control", *TIERS))
        second = _section(root["second-person"], "second-person", ("control", "required"))
        retention = _section(root["retention"], "retention", ("control", "days"))
        connectors = _section(root["connectors"], "connectors", ("control", "allowed"))

        grant_control = _control(grants["control"], "grants.control")
        longest = _section(grants["longest"], "grants.longest", TIERS)
        reason = grants["reason"]
        if not isinstance(reason, list) or reason != [tier for tier in TIERS if tier in reason]:
            _refuse("grants.reason", f"is no list of tiers in the order {', '.join(TIERS)}")
        deadline = _section(membership["deadline"], "membership.deadline", TIERS)
        return Policy(
            preset=_word(root["preset"], "preset", PRESETS),
            holders=_holders(holders),
            openers=OpenerRule(
                least=_number(openers["least"], "openers.least", 1, MAX_HOLDERS),
                severity=_word(openers["severity"], "openers.severity", SEVERITIES),
                control=_control(openers["control"], "openers.control"),
            ),
            grants={
                tier: GrantRule(
                    longest_days=_number(longest[tier], f"grants.longest.{tier}", 1, MAX_DAYS),
                    reason=tier in reason,
                    control=grant_control,
                )
                for tier in TIERS
            },
            self_grant=_rule(grants["to-oneself"], "grants.to-oneself"),
            leaver_grant=_rule(grants["to-leavers"], "grants.to-leavers"),
            rotation=_ages(rotation),
            rotation_control=_control(rotation["control"], "rotation.control"),
            membership_deadline_days={tier: _number(deadline[tier], f"membership.deadline.{tier}", 0, MAX_DAYS) for tier in TIERS},
            membership_control=_control(membership["control"], "membership.control"),
            grace_days={tier: _number(grace[tier], f"grace.{tier}", 0, MAX_DAYS) for tier in TIERS},
            grace_control=_control(grace["control"], "grace.control"),
            second_person=_flag(second["required"], "second-person.required"),
            second_person_control=_control(second["control"], "second-person.control"),
            retention_days=_number(retention["days"], "retention.days", 0, MAX_DAYS),
            retention_control=_control(retention["control"], "retention.control"),
            connectors=ConnectorRule(
                allowed=_connectors(connectors["allowed"]), control=_control(connectors["control"], "connectors.control")
            ),
            later=later_rules.from_record(root),
        )


_SECTIONS: Final = ("holders", "openers", "grants", "rotation", "membership", "grace", "second-person", "retention", "connectors")
_BEFORE_CONNECTORS: Final[Mapping[str, Any]] = {"control": "CM-7(5)", "allowed": list(CONNECTORS)}
"""What a record says that was adopted before policies named connectors."""


def _connectors(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > 100 or not all(isinstance(name, str) and _CONNECTOR(name) for name in value):
        _refuse("connectors.allowed", "is no list of names of connectors")
    if value != sorted(set(value)):
        _refuse("connectors.allowed", "is not in alphabetical order, each name once")
    return tuple(value)


def _rule(value: Any, where: str) -> Rule:
    section = _section(value, where, ("allowed", "control"))
    return Rule(allowed=_flag(section["allowed"], f"{where}.allowed"), control=_control(section["control"], f"{where}.control"))


def _holders(section: Mapping[str, Any]) -> dict[str, HolderRule]:
    control = _control(section["control"], "holders.control")
    rules = {}
    for tier in TIERS:
        limits = _section(section[tier], f"holders.{tier}", ("least", "most"))
        least = _number(limits["least"], f"holders.{tier}.least", 1, MAX_HOLDERS)
        rules[tier] = HolderRule(least=least, most=_number(limits["most"], f"holders.{tier}.most", least, MAX_HOLDERS), control=control)
    return rules


def _ages(section: Mapping[str, Any]) -> dict[tuple[str, str], int | None]:
    ages: dict[tuple[str, str], int | None] = {}
    for tier in TIERS:
        if not isinstance(section[tier], Mapping):
            _refuse(f"rotation.{tier}", "is no section of kinds")
        for kind, days in section[tier].items():
            where = f"rotation.{tier}.{str(kind)[:40]}"
            ages[tier, _word(kind, where, KINDS)] = _number(days, where, 0, MAX_DAYS) or None
    return ages
