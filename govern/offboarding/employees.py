"""Whom the rows of an HR program's export mean. Pure: employees and members in, matches and doubts out; knows nothing of what comes of it.

The mail address is the person. A name is one only where nothing speaks against it: nobody is taken for another by a likeness.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Final

from govern.offboarding.kinds import CaseKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Employee:
    """One person as the export has them; texts are empty where it says nothing. `place`: `row 7`; `departments`: of all their rows that have not
    ended; `last_day`: a day (ISO 8601); `gone`: marked so; `fault`: why their row can't be used otherwise."""

    place: str
    name: str
    mail: str = ""
    departments: tuple[str, ...] = ()
    locale: str = ""
    last_day: str = ""
    gone: bool = False
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One person as the register has them. `status`: active, leaving or former; `last_day`: the one that is planned, or was theirs; `case`: kind of
    their open case; `expected`: whether an HR program would have them: no agency's people, no services; `oneself`: whoever imports."""

    id: str
    name: str
    mail: str = ""
    department: str = ""
    status: str = "active"
    last_day: str = ""
    case: CaseKind | None = None
    expected: bool = True
    oneself: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What somebody said to the questions. `same`: place of a row -> id of whom it means; `new`: places of rows of new people; `moved`, `renamed`:
    ids of those whose new department is a move, or is merely called otherwise; `returned`: ids; `gone`: id -> last day of who has vanished."""

    same: Mapping[str, str] = field(default_factory=dict)
    new: AbstractSet[str] = frozenset()
    moved: AbstractSet[str] = frozenset()
    renamed: AbstractSet[str] = frozenset()
    returned: AbstractSet[str] = frozenset()
    gone: Mapping[str, str] = field(default_factory=dict)


NONE: Final = Answers()


def merged(rows: Iterable[Employee]) -> list[Employee]:
    """One row per person: whoever has several posts leaves with the last of them. The same mail address is one person, or without one the same name."""
    kept: dict[tuple[str, str], Employee] = {}
    for row in rows:
        key = ("mail", row.mail.casefold()) if row.mail else ("name", row.name.casefold())
        kept[key] = _both(kept[key], row) if key in kept else row
    with_mail = {row.name.casefold() for row in kept.values() if row.mail}
    return [
        replace(row, fault=row.fault or "another row has this name and a mail address")
        if not row.mail and row.name.casefold() in with_mail
        else row
        for row in kept.values()
    ]


def _both(one: Employee, other: Employee) -> Employee:
    stays = [row for row in (one, other) if not (row.last_day or row.gone)]
    departments = tuple(dict.fromkeys(name for row in (stays or (one, other)) for name in row.departments))
    last_day = "" if stays else max(one.last_day, other.last_day)
    return replace(
        one, departments=departments, last_day=last_day, gone=one.gone and other.gone, fault=one.fault or other.fault,
        locale=one.locale or other.locale,
    )  # fmt: skip


def matches(members: Sequence[Member], rows: Sequence[Employee], answers: Answers) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """Place of a row -> id; and of rows that could mean somebody, ids of these. Whoever is still here comes before whoever is gone."""
    here = sorted(members, key=lambda one: one.status == "former")
    by_mail: dict[str, list[Member]] = {}
    by_name: dict[str, list[Member]] = {}
    for one in here:
        if one.mail:
            by_mail.setdefault(one.mail.casefold(), []).append(one)
        by_name.setdefault(one.name.casefold(), []).append(one)
    found_by = {row.place: answers.same[row.place] for row in rows if row.place in answers.same}
    unclear: dict[str, tuple[str, ...]] = {}
    for row in rows:
        found = _nearest([one for one in by_mail.get(row.mail.casefold(), []) if row.mail and one.id not in found_by.values()])
        if row.place not in found_by and len(found) == 1:
            found_by[row.place] = found[0].id
        elif row.place not in found_by and found:
            unclear[row.place] = tuple(one.id for one in found)
    left = [row for row in rows if row.place not in found_by and row.place not in unclear and row.place not in answers.new]
    names = Counter(row.name.casefold() for row in left if not row.fault)
    for row in sorted(left, key=lambda row: bool(row.fault)):
        found = _nearest([one for one in by_name.get(row.name.casefold(), []) if one.id not in found_by.values()])
        alone = len(found) == 1 and names[row.name.casefold()] <= 1
        if alone and not (row.mail and found[0].mail) and found[0].status != "former":
            found_by[row.place] = found[0].id
        elif found:
            unclear[row.place] = tuple(one.id for one in found)
    return found_by, unclear


def _nearest(found: Sequence[Member]) -> Sequence[Member]:
    """Those who are here; where nobody is, whoever left last."""
    here = [one for one in found if one.status != "former"]
    return here or sorted(found, key=lambda one: one.last_day)[-1:]
