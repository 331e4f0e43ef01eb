"""A policy told in rows for `policy show`: rule, value, control and what the control asks for, in our own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from govern.policy.house_rules import DocumentRule
from govern.policy.later_rules import Later, reminders
from govern.policy.reminder_rules import ReminderRule
from govern.policy.rules import Policy, Rule
from govern.vocabulary import KINDS, TIERS

MEANINGS: Final[Mapping[str, str]] = {
    "AC-2": "accounts are given for a reason, for a time, and somebody answers for each",
    "AC-2 h": "whoever answers for an account is told in time",
    "AC-2 j": "it is asked again and again who still needs what they hold",
    "AC-2 k": "what a group shares is changed when somebody leaves the group",
    "AC-5": "nobody approves, does and checks the same thing alone",
    "AC-6": "no more people than the work needs",
    "PL-4": "whoever holds an account has read and acknowledged its rules",
    "AT-3": "whoever holds an account was trained for it, and not too long ago",
    "AC-22": "who speaks in public for the company is named and trained",
    "CM-7(5)": "only programs that were decided upon run",
    "IA-5": "secrets are made, kept, changed and withdrawn by rules",
    "IA-5(1)": "passwords that people choose are held against common ones",
    "IA-5 f": "secrets are changed after a set time for their kind, or when something happens",
    "IA-5 i": "shared secrets are changed when membership of the group changes",
    "SI-12(3)": "what is no longer needed of a person is forgotten",
    "PS-6": "whoever joins has signed, learned and been given what they need, in time",
    "PS-4": "who leaves loses what they were given, in time",
    "PS-4 e": "what a leaver controlled stays within the organisation's reach",
}
"""Control of NIST SP 800-53 rev 5 -> what it means here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a policy. `means` is empty for a control that we have no words for."""

    rule: str
    value: str
    control: str
    means: str


_MISSED: Final = {
    "notify": "its reviewers are reminded",
    "escalate": "its reviewers are reminded, and admins with them",
    "end": "its reviewers are reminded, and admins with them; what nobody decided on ends",
}


def describe(policy: Policy) -> list[Row]:
    """Every rule of the policy, in the order of the policy file."""
    rows = [_row("preset", policy.preset, "")]
    for tier in TIERS:
        holders = policy.holders[tier]
        rows.append(_row(f"holders, {tier}", f"{holders.least} to {holders.most}", holders.control))
    openers = policy.openers
    rows.append(_row("keyholders who can open each secret", f"{openers.least} at least, else {openers.severity}", openers.control))
    for tier in TIERS:
        grant = policy.grants[tier]
        value = f"{_span(grant.longest_days)} at most{', with a reason' if grant.reason else ''}"
        rows.append(_row(f"grant, {tier}", value, grant.control))
    rows.append(_allowed("grant to oneself", policy.self_grant))
    rows.append(_allowed("grant to a leaver", policy.leaver_grant))
    for tier in TIERS:
        for kind in KINDS:
            if (tier, kind) in policy.rotation:
                days = policy.rotation[tier, kind]
                value = "never by the calendar" if days is None else f"every {_span(days)}"
            else:
                value = "no rule"
            rows.append(_row(f"rotation, {tier}, {kind}", value, policy.rotation_control))
    for tier in TIERS:
        deadline = policy.membership_deadline_days[tier]
        rows.append(_row(f"change after a holder left, {tier}", _within(deadline), policy.membership_control))
    for tier in TIERS:
        rows.append(_row(f"grace, {tier}", _span(policy.grace_days[tier]), policy.grace_control))
    value = "needed where there are two" if policy.second_person else "not needed: recorded as signed by one"
    rows.append(_row("second person", value, policy.second_person_control))
    rows.append(_row("kept after somebody left", f"{_span(policy.retention_days)} at least", policy.retention_control))
    rows.append(_row("connectors", ", ".join(policy.connectors.allowed) or "none", policy.connectors.control))
    rows += _later(policy.later)
    return rows


def _later(rules: Later) -> list[Row]:
    """Rules that a policy may leave out."""
    rows = []
    if one := rules.overdue:
        rows.append(_row("overdue past grace, banner", "in front of status" if one.banner else "none", one.control))
        rows.append(_row("overdue past grace, new grants", "refused" if one.no_grants else "allowed", one.control))
        value = f"refused on {', '.join(one.no_reveals)}, but to the responsible person and the deputy, for a rotation and an incident"
        rows.append(_row("overdue past grace, reveals", value if one.no_reveals else "allowed", one.control))
    if first := rules.first_import:
        rows += [_row(f"first rotation after an import, {tier}", f"{_within(first.within[tier])}, spread", first.control) for tier in TIERS]
    if typed := rules.typed:
        rows.append(_row("weak passwords", f"found by fewer than 10^{typed.guesses} guesses", typed.control))
        rows.append(_row("weak new passwords", "refused" if typed.refuse_weak else "recorded", typed.control))
    if forced := rules.exposures:
        rows.append(_row("exposures that force a change", ", ".join(forced.force) or "none", forced.control))
    if leaving := rules.departures:
        rows.append(_row("what comes first when somebody left", ", ".join(leaving.first) or "nothing", leaving.control))
        rows += [
            _row(f"change of what a leaver could merely know, {tier}", _within(leaving.possible[tier]), leaving.control) for tier in TIERS
        ]
    rows += _reminders(reminders(rules))
    if speaking := rules.spokespersons:
        rows.append(_row("training of spokespersons", f"counts for {_span(speaking.training)}", speaking.control))
    if new := rules.joiners:
        rows.append(_row("somebody new, handed out", f"{_span(new.before)} before the first day", new.control))
        for name, days in (("signed", new.acknowledge), ("trained", new.training), ("keys", new.keys), ("accounts", new.accounts)):
            rows.append(_row(f"somebody new, {name}", f"{_span(days)} after the first day", new.control))
    if asked := rules.reviews:
        rows += [_row(f"review of access, {tier}", f"every {_span(asked.every[tier])}", asked.control) for tier in TIERS]
        rows.append(_row("review of access, decided", _within(asked.within), asked.control))
        rows.append(_row("review of access, missed", _MISSED[asked.missed], asked.control))
        rows.append(_row("review of access, unused", f"after {_span(asked.unused)} without any use", asked.control))
    if house := rules.documents:
        rows += _documents(house)
    return rows


def _reminders(rule: ReminderRule) -> list[Row]:
    """Told whether or not the policy says so: without the section the defaults hold."""
    rows = []
    for tier, one in rule.tiers.items():
        ahead = ", ".join(_span(days) for days in one.before)
        told = f"{f'{ahead} ahead, ' if ahead else ''}on the day, then every {_span(one.repeat) if one.repeat > 1 else 'day'}"
        rows.append(_row(f"reminders, {tier}", told, rule.control))
        rows.append(_row(f"reminders, {tier}, who besides", f"the deputy {_late(one.deputy)}, admins {_late(one.admin)}", rule.control))
    quiet = "none" if rule.quiet_from == rule.quiet_until else f"{rule.quiet_from:02}:00 to {rule.quiet_until:02}:00, {rule.zone}"
    rows.append(_row("reminders, quiet hours", quiet, rule.control))
    often = f"{rule.snoozes} times, {_span(rule.snooze)} at most each; acknowledged: quiet for {_span(rule.ack)}"
    rows.append(_row("reminders, putting off", often, rule.control))
    rows.append(_row("reminders that reach nobody", f"admins are told after {_span(rule.undelivered)}", rule.control))
    rows.append(_row("machines that show themselves no more", f"told after {_span(rule.stale_pin)}", rule.control))
    return rows


_TRAINING: Final = "AT-3"
"""The control that a refusal for want of a training names."""


def _documents(rule: DocumentRule) -> list[Row]:
    rows = [_row(f"documents, {tier}", ", ".join(rule.required[tier]) or "none", rule.control) for tier in TIERS]
    for tier in TIERS:
        days = rule.training[tier]
        rows.append(_row(f"training, {tier}", f"in {rule.subject_of(tier)}, counts for {_span(days)}" if days else "none", _TRAINING))
    after = "the grant ends" if rule.consequence == "end" else "a finding"
    rows.append(_row("lapsed acknowledgements", f"{after} {_span(rule.grace)} later", rule.control))
    whom = "of whoever holds an account or answers for it" if rule.answering else "of holders alone"
    rows.append(_row("documents and training are asked", whom, rule.control))
    rows.append(_row("documents for nobody in particular", f"for {rule.audience}", rule.control))
    return rows


def _late(days: int) -> str:
    return f"{_span(days)} past it" if days else "on the day"


def _row(rule: str, value: str, control: str) -> Row:
    return Row(rule=rule, value=value, control=control, means=MEANINGS.get(control, ""))


def _allowed(rule: str, judged: Rule) -> Row:
    return _row(rule, "allowed" if judged.allowed else "refused", judged.control)


def _span(days: int) -> str:
    return f"{days} day" if days == 1 else f"{days} days"


def _within(days: int) -> str:
    return f"within {_span(days)}" if days else "at once"
