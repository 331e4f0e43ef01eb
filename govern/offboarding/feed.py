"""What has changed between the people of a vault and the export of an HR program: who joined, moved, leaves, has vanished. Pure.

Decides nothing that could be wrong by a likeness or an omission: that is a question, and whoever has no answer leaves the person as they were.
Knows columns by what they mean and people by what the register says; records nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from govern.errors import Refused
from govern.offboarding.employees import NONE, Answers, Employee, Member, merged
from govern.offboarding.employees import matches as matching
from govern.offboarding.kinds import LEAVES
from govern.offboarding.wording import Say, as_written
from govern.policy.hr import HrRules


class Kind(StrEnum):
    """What a row of the export, or its absence, comes to."""

    JOINER = "joiner"
    CHANGED = "changed"
    MOVER = "mover"
    LEAVER = "leaver"
    LATER = "later"
    """Leaves, but too far ahead to open a departure."""
    RETURNED = "returned"
    VANISHED = "vanished"
    UNCLEAR = "unclear"
    """Could be somebody who is there under another mail address."""
    PAST = "past"
    """Gone, and never was here."""
    UNCHANGED = "unchanged"
    LEFT_OUT = "left-out"


_OWN: Final = "nobody opens their own departure: another admin or HR imports it"
_OWN_ABSENT: Final = "not in the file; nobody opens their own departure: another admin or HR imports it"
_OWN_MOVE: Final = "it is your own move: another admin or HR imports it"
_TWO_DAYS: Final = "their departure is open for {planned}, and the file says {said}"
_CASE_FIRST: Final = "an open case of the kind {kind} comes first"
_NO_LAST_DAY: Final = "marked as gone, without a last day"
_ABSENT: Final = "not in the file"
WHYS: Final = (_OWN, _OWN_ABSENT, _OWN_MOVE, _TWO_DAYS, _CASE_FIRST, _NO_LAST_DAY, _ABSENT)
"""Why something is left out, noted or asked, as it is told."""

QUESTIONS: Final = frozenset({Kind.MOVER, Kind.RETURNED, Kind.VANISHED, Kind.UNCLEAR})
"""What nothing comes of without an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that the export comes to. `person`: an id, empty for somebody new; `fields`: name -> (before, after); `like`: ids of those whom an
    unclear row could mean; `why`: one of WHYS or of the faults of rows, whose names in braces `about` fills; `answered`: of a question, that it is
    to be done."""

    kind: Kind
    person: str = ""
    row: Employee | None = None
    fields: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    last_day: str = ""
    like: tuple[str, ...] = ()
    why: str = ""
    about: Mapping[str, str] = field(default_factory=dict)
    answered: bool = False

    def told(self, say: Say = as_written) -> str:
        """Why, in somebody's language."""
        words = {name: say(value, "case kind") if name == "kind" else value for name, value in self.about.items()}
        return say(self.why, "hr reason").format(**words) if self.why else ""

    @property
    def asks(self) -> bool:
        return self.kind in QUESTIONS and not self.answered

    @property
    def acts(self) -> bool:
        """Whether something is recorded of it."""
        return self.kind in (Kind.JOINER, Kind.CHANGED, Kind.LEAVER) or (self.kind in (Kind.MOVER, Kind.RETURNED) and self.answered)


def diff(
    members: Sequence[Member], rows: Iterable[Employee], rules: HrRules, today: str, *, tied: Callable[[str], bool], answers: Answers = NONE
) -> tuple[Change, ...]:
    """What the rows come to, in their order, then who is in none of them. `today`: the day in the organisation's zone; `tied`: whether anything
    would end with a move of a person (id), asked only of those whose department differs."""
    people = {one.id: one for one in members}
    whole = merged(rows)
    found: list[Change] = []
    found_for, unclear = matching(members, whole, answers)
    seen = set(found_for.values()) | {person for like in unclear.values() for person in like}
    for row in whole:
        if row.place in found_for:
            found += _of(people[found_for[row.place]], row, rules, today, tied, answers)
        elif row.fault:
            found.append(Change(kind=Kind.LEFT_OUT, row=row, like=unclear.get(row.place, ()), why=row.fault))
        elif row.place in unclear:
            found.append(_unclear(row, [people[person] for person in unclear[row.place]], today))
        else:
            found += _new(row, rules, today)
    found += [_absent(one, today, rules, answers) for one in members if one.id not in seen and _should_be_there(one)]
    return tuple(found)


def check_share(changes: Iterable[Change], members: Iterable[Member], rules: HrRules) -> None:
    """Refuse an export that too many have vanished from, or that too many leave by: it is half of one, or a column means something else."""
    known = {one.id for one in members if _should_be_there(one)}
    vanished = {one.person for one in changes if one.kind is Kind.VANISHED}
    leaving = {one.person for one in changes if one.kind is Kind.LEAVER and one.person in known and one.row is not None}
    for rule, limit, count, told, hint in (
        ("feed-vanished", rules.vanished, len(vanished), "are not in the file any more", "export everybody, those who left recently included"),
        ("feed-leaving", rules.leaving, len(leaving), "would leave by it", "is it the right column? govern offboard open takes them one by one"),
    ):  # fmt: skip
        if limit.exceeded(count, len(known)):
            raise Refused(
                f"{count} of {len(known)} people {told}: more than {limit.percent} %, so nothing was taken from it", rule=rule,
                control=limit.control, hint=f"{hint}; a map with another share: --map FILE",
            )  # fmt: skip


def ends_at(day: str, zone: tzinfo | None) -> str:
    """The UTC time at which a day ends in a zone, None for this machine's."""
    end = datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(), tzinfo=zone)
    return end.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day_of(now: str, zone: tzinfo | None) -> str:
    """The day that it is in a zone at a UTC time."""
    return datetime.strptime(now, "%Y-%m-%dT%H:%M:%S%z").astimezone(zone).date().isoformat()


def days_on(day: str, days: int) -> str:
    """The day so many days later."""
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def _new(row: Employee, rules: HrRules, today: str) -> list[Change]:
    if _over(row, today):
        return [Change(kind=Kind.PAST, row=row, last_day=row.last_day)]
    joined = Change(kind=Kind.JOINER, row=row)
    return [joined, *([_leaves("", row, rules, today)] if row.last_day else [])]


def _unclear(row: Employee, like: Sequence[Member], today: str) -> Change:
    """Somebody gone who could only be somebody gone is no question."""
    if _over(row, today) and all(one.status == "former" for one in like):
        return Change(kind=Kind.PAST, row=row, last_day=row.last_day)
    return Change(kind=Kind.UNCLEAR, row=row, like=tuple(one.id for one in like), last_day=row.last_day)


def _of(one: Member, row: Employee, rules: HrRules, today: str, tied: Callable[[str], bool], answers: Answers) -> list[Change]:
    if row.fault:
        return [Change(kind=Kind.LEFT_OUT, person=one.id, row=row, why=row.fault)]
    if one.status == "former":
        if _over(row, today) or (row.last_day and row.last_day <= one.last_day):
            return [Change(kind=Kind.UNCHANGED, person=one.id, row=row)]
        back = Change(kind=Kind.RETURNED, person=one.id, row=row, answered=one.id in answers.returned or row.place in answers.same)
        return [back, *([_leaves("", row, rules, today)] if back.answered and row.last_day else [])]
    found: list[Change] = []
    if fields := _fields(one, row):
        found.append(Change(kind=Kind.CHANGED, person=one.id, row=row, fields=fields))
    ending = _ending(one, row, rules, today, answers) if row.last_day or row.gone else []
    if any(change.kind is not Kind.LATER for change in ending):
        return found + ending
    department = _department(one, row)
    if department and not one.case and one.status == "active":
        moved = {"department": department}
        if not one.department or one.id in answers.renamed or not tied(one.id):
            fields = {**fields, **moved}
            found = [Change(kind=Kind.CHANGED, person=one.id, row=row, fields=fields)]
        elif one.oneself:
            found.append(Change(kind=Kind.LEFT_OUT, person=one.id, row=row, fields=moved, why=_OWN_MOVE))
        else:
            found.append(Change(kind=Kind.MOVER, person=one.id, row=row, fields=moved, answered=one.id in answers.moved))
    return (found + ending) or [Change(kind=Kind.UNCHANGED, person=one.id, row=row)]


def _ending(one: Member, row: Employee, rules: HrRules, today: str, answers: Answers) -> list[Change]:
    """The file has an end for somebody who is here."""
    if one.case in LEAVES:
        differs = row.last_day and one.last_day and row.last_day != one.last_day
        about = {"planned": one.last_day, "said": row.last_day} if differs else {}
        return [Change(kind=Kind.UNCHANGED, person=one.id, row=row, last_day=row.last_day, why=_TWO_DAYS if differs else "", about=about)]
    if one.oneself:
        return [Change(kind=Kind.LEFT_OUT, person=one.id, row=row, last_day=row.last_day, why=_OWN)]
    if one.case:
        about = {"kind": one.case.value}
        return [Change(kind=Kind.LEFT_OUT, person=one.id, row=row, last_day=row.last_day, why=_CASE_FIRST, about=about)]
    if not row.last_day:
        if one.id in answers.gone:
            return [Change(kind=Kind.LEAVER, person=one.id, last_day=answers.gone[one.id])]
        return [Change(kind=Kind.VANISHED, person=one.id, row=row, why=_NO_LAST_DAY)]
    return [_leaves(one.id, row, rules, today)]


def _leaves(person: str, row: Employee, rules: HrRules, today: str) -> Change:
    ahead = row.last_day > days_on(today, rules.open_ahead)
    return Change(kind=Kind.LATER if ahead else Kind.LEAVER, person=person, row=row, last_day=row.last_day)


def _absent(one: Member, today: str, rules: HrRules, answers: Answers) -> Change:
    if one.oneself:
        return Change(kind=Kind.LEFT_OUT, person=one.id, why=_OWN_ABSENT)
    if one.id in answers.gone:
        last_day = answers.gone[one.id]
        ahead = last_day > days_on(today, rules.open_ahead)
        return Change(kind=Kind.LATER if ahead else Kind.LEAVER, person=one.id, last_day=last_day)
    return Change(kind=Kind.VANISHED, person=one.id, why=_ABSENT)


def _should_be_there(one: Member) -> bool:
    return one.expected and one.status != "former" and one.case not in LEAVES


def _over(row: Employee, today: str) -> bool:
    return bool(row.last_day and row.last_day < today) or (row.gone and not row.last_day)


def _fields(one: Member, row: Employee) -> dict[str, tuple[str, str]]:
    said = {"name": (one.name, row.name), "mail": (one.mail, row.mail)}
    return {name: pair for name, pair in said.items() if pair[1] and pair[0].casefold() != pair[1].casefold()}


def _department(one: Member, row: Employee) -> tuple[str, str] | None:
    if not row.departments or one.department.casefold() in {name.casefold() for name in row.departments}:
        return None
    return one.department, row.departments[0]
