"""Which due things wait for whom just now, and when each person is reminded of each next. Puts together what the register says and what the stages are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import TYPE_CHECKING, Final, NamedTuple

from govern.notices import stages
from govern.notices.stages import Circle, Told
from govern.policy import later_rules
from govern.policy.reminder_rules import ReminderRule, TierReminders
from govern.policy.rules import Policy
from govern.register.queries import due as queries
from govern.register.queries import reminded, work
from govern.register.queries.due import Thing
from govern.register.queries.due_cases import of_cases

if TYPE_CHECKING:
    from govern.register.queries.accounts import Account


class Notice(NamedTuple):
    """One thing for one person (id). `point`: the stage to tell now, None where nothing is told now; `day`: of the due time in the policy's zone;
    `past`: days since then, negative ahead of it; `next`: UTC time of the next reminder; `why`: custodian, deputy, admin, also."""

    thing: Thing
    person: str
    point: int | None
    day: str
    past: int
    next: str
    why: str
    then: str = ""
    """Where it waits: the UTC time of the reminder after this one, if nothing happens; empty for none."""
    before: bool = False
    """Whether this person was told of it on its due day or later already."""

    @property
    def command(self) -> str:
        """What this person types."""
        return self.thing.otherwise if self.thing.otherwise and self.why != "responsible" else self.thing.command

    @property
    def known_as(self) -> str:
        """The due day in UTC (ISO date), by which it is remembered: a zone that changes makes no other thing of it."""
        return stages.local_day(self.thing.due, "UTC")


def notices(db: sqlite3.Connection, policy: Policy, now: str, *, reader: str, every: bool = False, of_year: bool = False) -> list[Notice]:
    """What waits for somebody at `now` (UTC); with `every` also what does not, whoever would hear of it next: what is due soon, rotations under way however
    far ahead they are due, and within a year what is to be signed or decided, and what stands in cases; with `of_year` too all else that is due within a
    year. `reader`: person id of who runs this."""
    rule = later_rules.reminders(policy.later)
    today = stages.local_day(now, rule.zone)
    found = queries.things(db, policy, now, stages.plus(today, _YEAR if of_year else rule.ahead + 1), reader=reader)
    if every:
        there = set(found)
        found += [one for one in (*_rotations(db, policy, now), *_far(db, policy, now, today, reader)) if one not in there]
    if not found:
        return []
    return list(_notices(db, rule, now, today, found, every))


def _notices(db: sqlite3.Connection, rule: ReminderRule, now: str, today: str, found: Iterable[Thing], every: bool) -> Iterator[Notice]:
    there = work.staff(db, now)
    services = {person for (person,) in db.execute("SELECT DISTINCT person FROM services")}
    present, admins, runs = there.present - services, there.admins - services, there.runs - services
    near = []
    for one in found:
        day = stages.due_day(one.due, rule.zone)
        past = stages.past(day, today)
        if (every or stages.point(_of(rule, one).tiers[one.tier], past) is not None) and not (one.lapses and past > 0):
            near.append((one, one.id, day, past))
    points, snoozed, seen = reminded.points(db, [id_ for _, id_, _, _ in near], now), reminded.snoozes(db), reminded.acknowledged(db)
    for one, id_, day, past in near:
        circle = _circle(one, present, runs if one.runs else admins)
        for person in sorted(stages.audience(_of(rule, one).tiers[one.tier], circle, past)):
            acknowledged = seen.get((id_, person), "")
            told = Told(
                point=points.get((id_, stages.local_day(one.due, "UTC"), person)), snoozed=snoozed.get(id_, ""),
                acknowledged=stages.local_day(acknowledged, rule.zone) if acknowledged else "",
            )  # fmt: skip
            own = _of(rule, one)
            point = stages.waits(own, one.tier, told, day, today, pressing=one.pressing)
            if point is None and not every:
                continue
            next_day = stages.next_day(own, one.tier, told, day, today, pressing=one.pressing)
            next_time = "" if one.lapses and next_day > day else stages.next_time(rule, next_day, now)
            if one.urgent and next_day <= today:
                next_time = now  # it knows no quiet hours
            yield Notice(
                one, person, point, day, past, next_time, _why(one, circle, person),
                then="" if point is None else _after(own, one, told._replace(point=point), day, today, now),
                before=told.point is not None and told.point >= 0,
            )  # fmt: skip


def _after(rule: ReminderRule, one: Thing, told: Told, day: str, today: str, now: str) -> str:
    """The UTC time of the reminder that follows one which is sent now."""
    following = stages.next_day(rule, one.tier, told, day, today, pressing=one.pressing)
    return "" if one.lapses and following > day else stages.next_time(rule, following, now)


def upcoming(db: sqlite3.Connection, policy: Policy, now: str, *, reader: str, rotations: bool = False) -> dict[tuple[str, str], str]:
    """(what a due thing is about, the second id of it or nothing) -> when anybody is reminded of it next (UTC); of a drill ("drill", ""). `rotations`: of
    nothing else."""
    rule = later_rules.reminders(policy.later)
    if rotations:
        found = list(_notices(db, rule, now, stages.local_day(now, rule.zone), _rotations(db, policy, now), every=True))
    else:
        found = notices(db, policy, now, reader=reader, every=True)
    times: dict[tuple[str, str], str] = {}
    for one in found:
        of = one.thing.of if one.thing.kind != "drill" else "drill"
        for key in {(of, one.thing.about), (of, "")} if one.next else ():
            times[key] = min(one.next, times.get(key, one.next))
    return times


def of_credentials(db: sqlite3.Connection, policy: Policy, now: str, account: Account, dues: Mapping[str, str]) -> dict[str, str]:
    """Credential (id) -> when anybody is reminded next (UTC) of the change that the calendar asks for, or of the one under way. `dues`: credential -> the
    day that the calendar says, of one account."""
    rule = later_rules.reminders(policy.later)
    if account.state != "active":
        return {}
    begun = (
        "SELECT r.id, r.credential FROM rotations r JOIN credentials c ON c.id = r.credential WHERE c.account = ? AND r.ended_at IS NULL"
    )
    changing: dict[str, str] = dict(db.execute(begun, (account.id,)))
    found = [
        Thing(kind="schedule", of=id_, due=day, tier=account.tier, first=(account.custodian,), deputy=account.deputy)
        for id_, day in dues.items()
        if day and id_ not in changing.values()
    ]
    found += [one for one in _rotations(db, policy, now) if one.of in changing] if changing else []
    times: dict[str, str] = {}
    for one in _notices(db, rule, now, stages.local_day(now, rule.zone), found, every=True):
        credential = changing.get(one.thing.of, one.thing.of)
        times[credential] = min(one.next, times.get(credential, one.next))
    return times


def _rotations(db: sqlite3.Connection, policy: Policy, now: str) -> list[Thing]:
    return queries.things(db, policy, now, "9999-12-31", kinds=("rotation",))


def _far(db: sqlite3.Connection, policy: Policy, now: str, today: str, reader: str) -> list[Thing]:
    """What is on lists of work long before anybody is reminded of it."""
    until = stages.plus(today, _YEAR)
    found = (*queries.things(db, policy, now, until, kinds=("acknowledgement", "review")), *of_cases(db, now, until, reader=reader))
    return [one for one in found if one.due and one.due[:10] <= until]


def _of(rule: ReminderRule, thing: Thing) -> ReminderRule:
    """The rule for this thing: without any stage ahead of its day, where nobody is to hear of it earlier; of what is urgent all hear at once, and daily."""
    if thing.urgent:
        return rule._replace(tiers={thing.tier: _AT_ONCE})
    return rule._replace(tiers={thing.tier: rule.tiers[thing.tier]._replace(before=())}) if thing.on_day else rule


_YEAR: Final = 366
_AT_ONCE: Final = TierReminders(before=(7,), repeat=1, deputy=-7, admin=-7)


def _circle(thing: Thing, present: Set[str], admins: Set[str]) -> Circle:
    """Who answers for it, of those who are there: the responsible person, else the deputy, else admins; never whoever is barred from it."""
    here = frozenset(present) - {thing.barred, ""}
    heads = frozenset(admins) & here if not thing.embargoed else frozenset()
    deputies = frozenset({thing.deputy}) & here
    first = frozenset(thing.first) & here or deputies or heads
    return Circle(first=first, deputies=deputies, admins=heads, also=frozenset({thing.also}) & here)


def _why(thing: Thing, circle: Circle, person: str) -> str:
    if person in thing.first:
        return "responsible"
    if person == thing.deputy:
        return "deputy"
    return "holder" if person in circle.also and person not in circle.first | circle.admins else "admin"
