"""Whom the rows of an HR program's export mean. Pure: employees and members in, matches and doubts out; knows nothing of what comes of it.

The mail address is the person, as long as the name has a word in common. A name is one only where nothing speaks against it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Final

from govern.offboarding.kinds import CaseKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Employee:
    """One person as the export has them, by a name, a mail address or both; texts are empty where it says nothing.

    `place`: `row 7`; `departments`: of all their rows that have not ended; `first_day`, `last_day`: days (ISO 8601); `gone`: marked so; `fault`: why nothing
    else of their row can be used.
    """

    place: str
    name: str
    mail: str = ""
    departments: tuple[str, ...] = ()
    locale: str = ""
    first_day: str = ""
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
_TWICE: Final = "another row has this name and a mail address"
_SHARED: Final = "two people of the file have this mail address"
FAULTS: Final = (_TWICE, _SHARED)
"""What keeps anything from coming of a row, as it is told."""


def merged(rows: Iterable[Employee]) -> list[Employee]:
    """One row per person: whoever has several posts leaves with the last of them. The same mail address is one person, or without one the same name.

    Two people of unlike names under one mail address, and a name both with and without one, can't be told apart: nothing comes of their rows.
    """
    kept: dict[tuple[str, str], Employee] = {}
    shared: set[str] = set()
    for row in rows:
        mail = row.mail.casefold()
        key = (mail, "") if mail else ("", row.name.casefold())
        if mail and key in kept and not akin(kept[key].name, row.name):
            shared.add(mail)
            key = (mail, row.name.casefold())
        kept[key] = _both(kept[key], row) if key in kept else row
    with_mail = {row.name.casefold() for row in kept.values() if row.mail}
    return [_doubted(row, with_mail, shared) for row in kept.values()]


def _doubted(row: Employee, with_mail: AbstractSet[str], shared: AbstractSet[str]) -> Employee:
    if not row.mail and row.name.casefold() in with_mail:
        return replace(row, fault=row.fault or _TWICE)
    if row.mail.casefold() in shared:
        return replace(row, fault=row.fault or _SHARED)
    return row


def akin(one: str, other: str) -> bool:
    """Whether two names have a word in common, or one says nothing: a name that was married into has, the next one to have a mailbox has not."""
    return not one or not other or not _words(one).isdisjoint(_words(other))


def _words(name: str) -> set[str]:
    plain = unicodedata.normalize("NFKD", name.casefold())
    return set(re.split(r"[\W_]+", "".join(sign for sign in plain if not unicodedata.combining(sign)))) - {""}


def _both(one: Employee, other: Employee) -> Employee:
    stays = [row for row in (one, other) if not (row.last_day or row.gone)]
    departments = tuple(dict.fromkeys(name for row in (stays or (one, other)) for name in row.departments))
    last_day = "" if stays else max(one.last_day, other.last_day)
    return replace(
        one, departments=departments, last_day=last_day, gone=one.gone and other.gone, fault=one.fault or other.fault,
        locale=one.locale or other.locale, first_day=min(filter(None, (one.first_day, other.first_day)), default=""),
    )  # fmt: skip


def matches(members: Sequence[Member], rows: Sequence[Employee], answers: Answers) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """Place of a row -> id; and of rows that could mean somebody, ids of these. Whoever is still here comes before whoever is gone."""
    by_mail: dict[str, list[Member]] = {}
    by_name: dict[str, list[Member]] = {}
    for one in members:
        if one.mail:
            by_mail.setdefault(one.mail.casefold(), []).append(one)
        by_name.setdefault(one.name.casefold(), []).append(one)
    found_by = {row.place: answers.same[row.place] for row in rows if row.place in answers.same}
    taken = set(found_by.values())
    unclear: dict[str, tuple[str, ...]] = {}
    asked = [row for row in rows if row.place not in found_by]
    for row in asked:
        found = _named(_nearest([one for one in by_mail.get(row.mail.casefold(), []) if one.id not in taken]), row.name)
        if len(found) == 1 and akin(found[0].name, row.name):
            found_by[row.place] = found[0].id
            taken.add(found[0].id)
        elif found and row.place not in answers.new:
            namesakes = _nearest([one for one in by_name.get(row.name.casefold(), []) if one.id not in taken])
            unclear[row.place] = tuple(dict.fromkeys(one.id for one in (*found, *namesakes)))
    left = [row for row in asked if row.place not in found_by and row.place not in unclear and row.place not in answers.new]
    names = Counter(row.name.casefold() for row in left if not row.fault)
    for row in sorted(left, key=lambda row: bool(row.fault)):
        found = _nearest([one for one in by_name.get(row.name.casefold(), []) if one.id not in taken])
        alone = len(found) == 1 and names[row.name.casefold()] <= 1
        if alone and not (row.mail and found[0].mail) and found[0].status != "former":
            found_by[row.place] = found[0].id
            taken.add(found[0].id)
        elif found:
            unclear[row.place] = tuple(one.id for one in found)
    return found_by, unclear


def _named(found: Sequence[Member], name: str) -> Sequence[Member]:
    """Of several who share a mail address the one of this very name, where there is one."""
    same = [one for one in found if one.name.casefold() == name.casefold()]
    return same if len(same) == 1 else found


def _nearest(found: Sequence[Member]) -> Sequence[Member]:
    """Those who are here; where nobody is, whoever left last."""
    here = [one for one in found if one.status != "former"]
    return here or sorted(found, key=lambda one: one.last_day)[-1:]
