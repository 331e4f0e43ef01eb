"""The export of an HR program: CSV or XLSX, of which only the columns of the rules are ever looked at.

Every other cell is dropped when its row is read: reasons and types of leaving, gender, salary and dates of birth never reach anything that is kept,
recorded or shown, and no message quotes a cell. Knows columns; knows nobody of the vault.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from govern.errors import Malformed
from govern.importers import people_table, table, xlsx
from govern.importers.encoding import MARK
from govern.importers.headings import normal
from govern.importers.hr_days import read_first_day, read_last_day
from govern.importers.login import Skipped
from govern.offboarding.employees import Employee
from govern.policy.hr import HrRules

_HEADING_ROWS: Final = 20  # a title and a date of the export may stand above the headings
_SAY: Final = ("name", "given", "family", "mail")
_TAGS: Final = re.compile(r"\s*\([^()]*\)\s*\Z")
_MAIL: Final = re.compile(r"[^\s@<>]+@[^\s@<>]+\Z").match
_CAMEL: Final = re.compile(r"(?<=[a-zà-ÿ0-9])(?=[A-ZÀ-Þ])")
_UNREADABLE: Final = "it has characters that can't be read: save the file as UTF-8"
_NOBODY: Final = "it has neither a name nor a mail address"
_NO_MAIL: Final = "its mail address is none"
_LONG: Final = f"its name or mail address is longer than {people_table.LONGEST['name']} characters"
_LONG_DEPARTMENT: Final = f"its department is longer than {people_table.LONGEST['department']} characters"
_NO_DAY: Final = "its last day is no date"
FAULTS: Final = (_UNREADABLE, _NOBODY, _NO_MAIL, _LONG, _LONG_DEPARTMENT, _NO_DAY)
"""What is wrong with a row, as it is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What a file says. `program`: whose headings they are, empty for those of a map or of any table; `read`: what -> headings of its columns;
    `dropped`: columns that were not read."""

    rows: tuple[Employee, ...]
    skipped: tuple[Skipped, ...]
    program: str
    read: Mapping[str, tuple[str, ...]]
    dropped: int
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Heading:
    at: int
    program: str
    columns: Mapping[str, tuple[int, ...]]
    exact: int = 0
    """Headings written just as the program writes them: where two have the same words, that tells them apart."""

    @property
    def score(self) -> tuple[int, int]:
        return len(self.columns), self.exact


def read(data: bytes, rules: HrRules) -> Export:
    """Everybody of the file. A row that names nobody is skipped; one that can't be used otherwise keeps its name, so that nobody vanishes by it.

    Malformed: no row of headings, a heading of the map is missing, a heading is never read, or a date could be two days and nobody said which.
    """
    records, warnings = _workbook(data, rules) if data[:2] == b"PK" else _text(data, rules)
    found = _heading(records, rules)
    if found is None:
        raise _no_heading(rules)
    header = records[found.at].cells
    rows: list[Employee] = []
    skipped: list[Skipped] = []
    for record in records[found.at + 1 :]:
        place = f"row {record.number}"
        if table.is_blank(record) or not (record.fault or any(cell.strip() for cell in record.cells)):
            continue
        fault = table.fault(record, width=None)
        one = fault or _employee(place, _cells(record.cells, found.columns), rules)
        if isinstance(one, str):
            skipped.append(Skipped(place, one))
        else:
            rows.append(one)
    if not rows:
        raise Malformed("a table in which no row names anybody", hint="export the people too, or say with --map FILE which column is what")
    used = {at for places in found.columns.values() for at in places}
    return Export(
        rows=tuple(rows),
        skipped=tuple(skipped),
        program=found.program,
        read={role: tuple(" ".join(header[at].split()) for at in places) for role, places in found.columns.items()},
        dropped=sum(bool(cell.strip()) for at, cell in enumerate(header) if at not in used),
        warnings=warnings,
    )


def is_never_read(heading: str, rules: HrRules) -> bool:
    """Whether a heading has a word that betrays more than a feed may know: a word of its own, or, of five letters and more, a part of one."""
    plain = normal(_CAMEL.sub(" ", heading))
    return any(f" {word} " in f" {plain} " or (len(word) >= 5 and " " not in word and word in plain) for word in _plain(rules.never))


@cache
def _plain(words: tuple[str, ...]) -> frozenset[str]:
    """The words as headings and cells are compared."""
    return frozenset(map(normal, words))


# --- where the headings stand -----------------------------------------------------------------------------------------------------


def _text(data: bytes, rules: HrRules) -> tuple[Sequence[table.Record], tuple[str, ...]]:
    best, chosen = (0, 0), ""
    for delimiter in table.DELIMITERS:
        head, _ = table.split(data[: 1 << 16], delimiter, most=_HEADING_ROWS)
        found = _heading(head, rules)
        if found is not None and found.score > best:
            best, chosen = found.score, delimiter
    if not chosen:
        raise _no_heading(rules)
    return table.split(data, chosen)


def _workbook(data: bytes, rules: HrRules) -> tuple[Sequence[table.Record], tuple[str, ...]]:
    sheets = [[table.Record(row.number, row.cells) for row in sheet.rows] for sheet in xlsx.sheets(data)]
    scores = [(found.score, records) for records in sheets if (found := _heading(records, rules)) is not None]
    if not scores:
        raise _no_heading(rules)
    return max(scores, key=lambda each: each[0])[1], ()


def _heading(records: Sequence[table.Record], rules: HrRules) -> _Heading | None:
    """The row of headings, which is the one that says most; the first where several say as much."""
    found = (_meant(at, record.cells, rules) for at, record in enumerate(records[:_HEADING_ROWS]))
    return max((one for one in found if one is not None), key=lambda one: one.score, default=None)


def _meant(at: int, cells: Sequence[str], rules: HrRules) -> _Heading | None:
    names = [normal(cell) for cell in cells[:256]]
    for heading in (heading for headings in rules.columns.values() for heading in headings):
        if is_never_read(heading, rules):
            raise Malformed(
                f"the map names a column that is never read: {heading!r}", hint="leave it out: why somebody leaves is kept nowhere"
            )
    if rules.columns:
        columns = _columns(names, cells, rules.columns, rules)
        whole = columns.keys() == rules.columns.keys() and any(role in columns for role in _SAY)
        return _Heading(at, "", columns) if whole else None
    known = [_of_program(at, program, names, cells, rules) for program in rules.systems]
    known.append(_Heading(at, "", _any_table(cells, rules)))
    best = max(known, key=lambda one: one.score)
    return best if len(best.columns) > 1 and any(role in best.columns for role in _SAY) else None


def _of_program(at: int, program: str, names: Sequence[str], cells: Sequence[str], rules: HrRules) -> _Heading:
    columns = _columns(names, cells, rules.systems[program], rules)
    written = {heading for headings in rules.systems[program].values() for heading in headings}
    return _Heading(at, program, columns, sum(cells[place].strip() in written for places in columns.values() for place in places))


def _columns(
    names: Sequence[str], cells: Sequence[str], headings: Mapping[str, Sequence[str]], rules: HrRules
) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for role, said in headings.items():
        places = dict.fromkeys(names.index(word) for word in map(normal, said) if word in names)
        if kept := tuple(at for at in places if not is_never_read(cells[at], rules)):
            found[role] = kept
    return found


def _any_table(cells: Sequence[str], rules: HrRules) -> dict[str, tuple[int, ...]]:
    """The columns of a table that is no program's: as `govern person import` understands them."""
    found = people_table.columns_of(cells)
    ours = {"left": "last-day", **{role: role for role in ("name", "given", "infix", "family", "mail", "department", "locale")}}
    return {ours[role]: (at,) for role, at in found.items() if role in ours and not is_never_read(cells[at], rules)}


def _no_heading(rules: HrRules) -> Malformed:
    if rules.columns:
        return Malformed("no row has a heading for each column of the map", hint="write them as they stand in the file")
    known = ", ".join(rules.systems)
    return Malformed(f"a table whose headings are none that an HR program is known to have ({known})", hint="say which is what: --map FILE")


# --- what a row says --------------------------------------------------------------------------------------------------------------


def _cells(cells: Sequence[str], columns: Mapping[str, Sequence[int]]) -> dict[str, str]:
    """What -> the first of its columns that has anything in this row."""
    return {role: next(_filled(cells, places), "") for role, places in columns.items()}


def _filled(cells: Sequence[str], places: Sequence[int]) -> Iterator[str]:
    return (text for at in places if at < len(cells) and (text := cells[at].strip()))


def _employee(place: str, said: Mapping[str, str], rules: HrRules) -> Employee | str:
    """One person, or why the row names nobody."""
    if any(MARK in text for text in said.values()):
        return _UNREADABLE
    name, mail = _name(said), said.get("mail", "").removeprefix("mailto:")
    if not name and not mail:
        return _NOBODY
    fault = ""
    if mail and not _MAIL(mail):
        fault, mail = _NO_MAIL, ""
        if not name:
            return fault
    if max(len(name), len(mail)) > people_table.LONGEST["name"]:
        return _LONG
    department = " ".join(said.get("department", "").split())
    last_day = read_last_day(said.get("last-day", ""), place, rules.dates)
    if len(department) > people_table.LONGEST["department"]:
        fault, department = _LONG_DEPARTMENT, ""
    if last_day is None:
        fault, last_day = _NO_DAY, ""
    gone = normal(said.get("status", "")) in _plain(rules.gone)
    return Employee(
        place=place, name=name, mail=mail, departments=(department,) if department else (),
        locale=people_table.locale_of(language) if (language := said.get("locale", "")) else "", last_day=last_day, gone=gone, fault=fault,
        first_day=read_first_day(said.get("first-day", ""), rules.dates),
    )  # fmt: skip


def _name(said: Mapping[str, str]) -> str:
    """A whole name; what programs append in brackets, a number or that somebody is on leave, is no part of it."""
    if said.get("given") and said.get("family"):
        name = " ".join(part for role in ("given", "infix", "family") if (part := said.get(role, "")))
    else:
        name = said.get("name", "") or said.get("given", "") or said.get("family", "")
        if "," in name:
            family, _, given = name.partition(",")
            name = f"{_untagged(given)} {family}"
    return " ".join(_untagged(name).split())


def _untagged(name: str) -> str:
    while (bare := _TAGS.sub("", name)) != name:
        name = bare
    return name
