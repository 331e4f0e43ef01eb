"""Whether a grant may be given, and until when: the policy's rules held against what the register says. Pure: values in, decision or Refused out.

Knows tiers, limits and days; knows neither keys nor secrets. That nobody grants to themselves is judged again in the replay
(`govern.holdings.authority`), as is that a leaver is granted nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple

from govern.errors import Refused, Usage
from govern.fields import date as is_date
from govern.policy.rules import GrantRule, Policy
from govern.vocabulary import KINDS

EMERGENCY: Final = timedelta(hours=24)
"""How long an emergency grant lasts."""


class Asked(NamedTuple):
    """What was asked for: at most one of `days`, `until` (a date) and `emergency`; no kinds mean all of them."""

    kinds: tuple[str, ...] = ()
    days: int | None = None
    until: str = ""
    emergency: bool = False
    reason: str = ""

    @property
    def shortens(self) -> bool:
        """Whether an end was named that may also lie before the one that holds now."""
        return self.days is not None or bool(self.until)


class Held(NamedTuple):
    """One open grant on the account. Empty `kinds`: all; `until` is a UTC time or empty."""

    grant: str
    person: str
    until: str
    kinds: tuple[str, ...]

    def runs(self, now: str) -> bool:
        """Whether its end still lies ahead. A grant that has run out stays open, and counts, until somebody ends it."""
        return not self.until or self.until > now

    def covers(self, kind: str) -> bool:
        return not self.kinds or kind in self.kinds


class Target(NamedTuple):
    """The account that is granted, with every open grant on it."""

    id: str
    handle: str
    tier: str
    custodian: str
    active: bool
    held: tuple[Held, ...]


class Receiver(NamedTuple):
    """Who is to hold it. `status`: active, leaving or former."""

    id: str
    handle: str
    status: str


class Issue(NamedTuple):
    """A grant to record. `replaces` is the open grant that ends first, for the cause `ended`; both are empty for a first one."""

    account: str
    handle: str
    person: str
    kinds: tuple[str, ...]
    until: str
    emergency: bool
    founding: bool
    replaces: str
    ended: str

    def body(self, grant: str) -> Mapping[str, Any]:
        """The body of `grant.issued` under this id."""
        return {
            "grant": grant, "account": self.account, "person": self.person, "kinds": list(self.kinds) or None, "until": self.until,
            "emergency": self.emergency or None, "founding": self.founding or None,
        }  # fmt: skip


def issue(policy: Policy, target: Target, receiver: Receiver, asked: Asked, *, actor: str, now: str) -> Issue | None:
    """The grant to record, or None where the receiver holds just this already. Raises Refused (rule, control) or Usage.

    `now` is UTC ISO 8601. Without `days` or `until` a grant lasts as long as the policy lets it. Controls: AC-2 (end, reason), AC-5 (not to
    oneself), AC-6 (most holders), PS-4 (leavers).
    """
    kinds = _kinds(asked.kinds)
    rule = policy.grants[target.tier]
    if not target.active:
        raise Refused(f"{target.handle} is retired", rule="retired", hint="govern account list shows those in use")
    if receiver.status != "active":
        raise Refused(
            f"{receiver.handle} {'has left' if receiver.status == 'former' else 'is leaving'}, and is granted nothing",
            rule="leaver",
            control=policy.leaver_grant.control,
            hint="grant it to somebody who stays",
        )
    founding = _founding(policy, target, receiver, actor)
    need_reason(policy, target, asked.reason, "a grant")
    until = _until(asked, rule, target, now)
    own = next((held for held in target.held if held.person == receiver.id), None)
    if own is not None and own.runs(now):
        if kinds and (not own.kinds or set(own.kinds) - set(kinds)):
            raise Refused(
                f"{receiver.handle} holds more of {target.handle} already",
                rule="one-grant",
                hint=f"end that grant first: govern revoke {target.handle} {receiver.handle}",
            )
        # Only --days and --until may shorten: an emergency grant beside a longer one is none.
        changes = until[:10] != own.until[:10] if asked.shortens else until[:10] > (own.until or until)[:10]
        if set(kinds) == set(own.kinds) and not changes:
            return None
    others = {held.person for held in target.held} - {receiver.id}
    limit = policy.holders[target.tier]
    if len(others) >= limit.most:
        raise Refused(
            f"{target.handle} has {len(others)} holders, and the tier {target.tier} allows {limit.most} at most",
            rule="most-holders",
            control=limit.control,
            hint=f"end a grant that is no longer needed: govern who {target.handle}",
        )
    return Issue(
        account=target.id, handle=target.handle, person=receiver.id, kinds=kinds, until=until, emergency=asked.emergency, founding=founding,
        replaces=own.grant if own else "", ended="" if own is None else "revoked" if own.runs(now) else "expired",
    )  # fmt: skip


def need_reason(policy: Policy, target: Target, reason: str, what: str) -> None:
    """Refuse (AC-2) where the tier asks for a reason and there is none."""
    rule = policy.grants[target.tier]
    if rule.reason and not reason.strip():
        raise Refused(
            f"{what} on {target.handle}, of the tier {target.tier}, needs a reason: --reason",
            rule="reason",
            control=rule.control,
            hint="say why in a few words: --reason 'covers for a holiday'",
        )


def _kinds(kinds: tuple[str, ...]) -> tuple[str, ...]:
    for kind in kinds:
        if kind not in KINDS:
            raise Usage(f"there is no kind {kind[:40]!r}", hint=f"one of {', '.join(KINDS)}")
    return tuple(kind for kind in KINDS if kind in kinds)


def _founding(policy: Policy, target: Target, receiver: Receiver, actor: str) -> bool:
    """Whether this is the first grant, taken by the one who answers for the account; any other grant to oneself is refused."""
    if receiver.id != actor:
        return False
    if target.custodian == actor and all(held.person == actor for held in target.held):
        return True
    raise Refused(
        f"nobody grants {target.handle} to themselves",
        rule="self-grant",
        control=policy.self_grant.control,
        hint="another admin or the responsible person grants it",
    )


def _until(asked: Asked, rule: GrantRule, target: Target, now: str) -> str:
    """The end as a UTC time: the one asked for, else the longest allowed. A date means its last second."""
    if sum((asked.days is not None, bool(asked.until), asked.emergency)) > 1:
        raise Usage("--days, --until and --emergency exclude each other", hint="give one of them")
    start = datetime.strptime(now, "%Y-%m-%dT%H:%M:%S%z")
    longest = start + timedelta(days=rule.longest_days)
    end = longest
    if asked.emergency:
        end = start + EMERGENCY
    elif asked.days is not None:
        if asked.days < 1:
            raise Usage(f"{asked.days} days is no time", hint="--days 1 or more")
        _within(asked.days, rule, target)
        end = start + timedelta(days=asked.days)
    elif asked.until:
        wanted = _date(asked.until)
        if wanted < start.date():
            raise Usage(f"{asked.until} lies in the past", hint="--until a day to come")
        _within((wanted - start.date()).days, rule, target)
        end = datetime(wanted.year, wanted.month, wanted.day, 23, 59, 59, tzinfo=UTC)
    return end.strftime("%Y-%m-%dT%H:%M:%SZ")


def _within(days: int, rule: GrantRule, target: Target) -> None:
    if days > rule.longest_days:
        raise Refused(
            f"a grant on {target.handle}, of the tier {target.tier}, lasts {rule.longest_days} days at most, not {days}",
            rule="longest-grant",
            control=rule.control,
            hint=f"--days {rule.longest_days} or fewer; it can be granted again when it ends",
        )


def _date(text: str) -> date:
    try:
        if is_date(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise Usage(f"{text[:40]!r} is no date", hint="write it as 2026-11-30")
