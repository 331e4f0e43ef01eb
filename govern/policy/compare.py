"""Which rules of a policy ask for less than those of another: noted when it is adopted. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from govern.policy import joiner_rules
from govern.policy.house_rules import DocumentRule
from govern.policy.joiner_rules import JoinerRule
from govern.policy.later_rules import Later, departures, reminders
from govern.policy.reminder_rules import ReminderRule
from govern.policy.review_rules import MISSED, ReviewRule
from govern.policy.rules import SEVERITIES, Policy, Rule
from govern.vocabulary import KINDS, TIERS


def weaker(before: Policy, after: Policy) -> list[str]:
    """Names of the rules, as `govern.policy.show` calls them, in which `after` asks for less than `before`."""
    return list(dict.fromkeys(_weaker(before, after)))


def _weaker(before: Policy, after: Policy) -> Iterator[str]:
    for tier in TIERS:
        old, new = before.holders[tier], after.holders[tier]
        if new.most > old.most or new.least < old.least:
            yield f"holders, {tier}"
    if after.openers.least < before.openers.least or SEVERITIES.index(after.openers.severity) < SEVERITIES.index(before.openers.severity):
        yield "keyholders who can open each secret"
    for tier in TIERS:
        was, is_ = before.grants[tier], after.grants[tier]
        if is_.longest_days > was.longest_days or (was.reason and not is_.reason):
            yield f"grant, {tier}"
    yield from _allows("grant to oneself", before.self_grant, after.self_grant)
    yield from _allows("grant to a leaver", before.leaver_grant, after.leaver_grant)
    for tier in TIERS:
        for kind in KINDS:
            if _age(after, tier, kind) > _age(before, tier, kind):
                yield f"rotation, {tier}, {kind}"
    for tier in TIERS:
        if after.membership_deadline_days[tier] > before.membership_deadline_days[tier]:
            yield f"change after a holder left, {tier}"
        if after.grace_days[tier] > before.grace_days[tier]:
            yield f"grace, {tier}"
    if before.second_person and not after.second_person:
        yield "second person"
    if after.preset == "solo" and before.preset != "solo":
        yield "preset"
    if after.retention_days < before.retention_days:
        yield "kept after somebody left"
    if set(after.connectors.allowed) - set(before.connectors.allowed):
        yield "connectors"
    yield from _departures(before, after)
    yield from _reminders(reminders(before.later), reminders(after.later))
    yield from _later(before.later, after.later)


def _later(before: Later, after: Later) -> Iterator[str]:
    """Rules that a policy may leave out: leaving one out that was there asks for less."""
    old, new = before.overdue, after.overdue
    if old and (not new or (old.banner and not new.banner)):
        yield "overdue past grace, banner"
    if old and old.no_grants and not (new and new.no_grants):
        yield "overdue past grace, new grants"
    if old and not set(old.no_reveals) <= set(new.no_reveals if new else ()):
        yield "overdue past grace, reveals"
    if before.first_import:
        for tier, days in before.first_import.within.items():
            if not after.first_import or after.first_import.within[tier] > days:
                yield f"first rotation after an import, {tier}"
    if before.typed and (not after.typed or after.typed.guesses < before.typed.guesses):
        yield "weak passwords"
    if before.typed and before.typed.refuse_weak and not (after.typed and after.typed.refuse_weak):
        yield "weak new passwords"
    if before.exposures and not set(before.exposures.force) <= set(after.exposures.force if after.exposures else ()):
        yield "exposures that force a change"
    if before.spokespersons and (not after.spokespersons or after.spokespersons.training > before.spokespersons.training):
        yield "training of spokespersons"
    if before.joiners:
        yield from _joiners(before.joiners, after.joiners or joiner_rules.DEFAULT)
    if before.reviews:
        yield from _reviews(before.reviews, after.reviews)
    if before.documents:
        yield from _documents(before.documents, after.documents)


def _joiners(old: JoinerRule, new: JoinerRule) -> Iterator[str]:
    """Later is weaker; handed out later is sooner before the first day."""
    later = (new.acknowledge > old.acknowledge, new.training > old.training, new.keys > old.keys, new.accounts > old.accounts)
    for name, weaker in zip(("signed", "trained", "keys", "accounts"), later, strict=True):
        if weaker:
            yield f"somebody new, {name}"
    if new.before < old.before:
        yield "somebody new, handed out"


def _reviews(old: ReviewRule, new: ReviewRule | None) -> Iterator[str]:
    for tier, days in old.every.items():
        if new is None or new.every[tier] > days:
            yield f"review of access, {tier}"
    if new is None or new.within > old.within:
        yield "review of access, decided"
    if new is None or MISSED.index(new.missed) < MISSED.index(old.missed):
        yield "review of access, missed"
    if new is None or new.unused > old.unused:
        yield "review of access, unused"


def _documents(old: DocumentRule, new: DocumentRule | None) -> Iterator[str]:
    for tier in TIERS:
        if not set(old.required[tier]) <= set(new.required[tier] if new else ()):
            yield f"documents, {tier}"
        asked, asks = old.training[tier], new.training[tier] if new and new.subject_of(tier) == old.subject_of(tier) else 0
        if asked and not 0 < asks <= asked:
            yield f"training, {tier}"
    if new is None or new.grace > old.grace or (old.consequence == "end" and new.consequence != "end"):
        yield "lapsed acknowledgements"
    if old.answering and not (new and new.answering):
        yield "documents of those who answer for accounts"


def _departures(before: Policy, after: Policy) -> Iterator[str]:
    """What is in force counts: a policy that says nothing of departures has a rule all the same."""
    old, new = (departures(one.later, one.membership_deadline_days) for one in (before, after))
    if not set(old.first) <= set(new.first):
        yield "what comes first when somebody left"
    for tier in TIERS:
        if new.possible[tier] > old.possible[tier]:
            yield f"change of what a leaver could merely know, {tier}"


def _reminders(old: ReminderRule, new: ReminderRule) -> Iterator[str]:
    for tier in TIERS:
        was, is_ = old.tiers[tier], new.tiers[tier]
        if is_.repeat > was.repeat or max(is_.before, default=0) < max(was.before, default=0):
            yield f"reminders, {tier}"
        if is_.deputy > was.deputy or is_.admin > was.admin:
            yield f"reminders, {tier}, who besides"
    if (new.snooze, new.snoozes) > (old.snooze, old.snoozes) or new.snoozes > old.snoozes or new.ack > old.ack:
        yield "reminders, putting off"
    if _quiet(new) > _quiet(old):
        yield "reminders, quiet hours"
    if new.undelivered > old.undelivered:
        yield "reminders that reach nobody"
    if new.stale_pin > old.stale_pin:
        yield "machines that show themselves no more"


def _quiet(rule: ReminderRule) -> int:
    """Hours of a day in which nothing is sent: a run that comes in one of them tells nobody anything."""
    return (rule.quiet_until - rule.quiet_from) % 24


def _allows(name: str, before: Rule, after: Rule) -> Iterator[str]:
    if after.allowed and not before.allowed:
        yield name


def _age(policy: Policy, tier: str, kind: str) -> float:
    """Days until the calendar asks for a change; without end where it never does."""
    return policy.rotation.get((tier, kind)) or float("inf")
