"""Spreadsheets that people keep themselves: CSV or XLSX, headings in six languages or named by the caller.

Knows what cells mean; knows neither accounts nor people of the vault. People in a cell are names as written, apart by `;` `,` `/` or a
new line. The sheet of accounts × people is another thing and not read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from govern.errors import Malformed, Usage
from govern.importers import headings, nordpass, seeds, table, xlsx
from govern.importers.login import Login, Reading, Skipped
from govern.importers.records import NO_LOGIN, gather, places, secret, seeds_of

_APART = re.compile(r"[;,/\r\n]+")
_ABOUT = ("login", "password", "totp", "url", "platform", "responsible", "department", "known-to")
_LONGEST_HEADING = 60
_HEADING_ROWS = 20  # a title and a remark may stand above the headings


@dataclass(frozen=True, slots=True)
class Row:
    """One row below the headings, by role. `numbers`: the roles whose cells were numbers. `asks`: a column holds logins or passwords."""

    place: str
    cells: Mapping[str, str]
    numbers: frozenset[str]
    asks: bool

    def get(self, role: str) -> str:
        return self.cells.get(role, "").strip()


def read(data: bytes, columns: Mapping[str, str] | None = None) -> Reading:
    """Every row with a login name, a password, a seed, an account or a platform. `columns`: our name → heading in the file.

    Where there is a column of logins or passwords, a row with nothing but a title is a heading within the table, and skipped.

    Usage: a name that is none of ours. Malformed: no row of headings, or one named in `columns` is missing.
    """
    named = dict(columns or {})
    for role in named:
        if role not in headings.WORDS:
            raise Usage(f"no column {role!r} is known", hint=f"one of: {', '.join(headings.WORDS)}")
    warnings: list[str] = []
    left = _Left()
    rows = list(_of_workbook(data, named, warnings, left) if data[:2] == b"PK" else _of_text(data, named, warnings, left))
    if left.columns:
        example = "" if left.has_password or not left.example else f", in a line like: password = {left.example}"
        warnings.append(f"these columns were not read: {places(left.columns)}; --map FILE says what they are{example}")
    reading = _reading(rows, warnings)
    return replace(reading, program=left.program, unread=(*left.columns, *left.sheets))


@dataclass(slots=True)
class _Left:
    """What of a file was not read: headings of columns with something in them, titles of sheets. `program`: whose table it is."""

    columns: list[str] = field(default_factory=list)
    sheets: list[str] = field(default_factory=list)
    has_password: bool = False
    example: str = ""
    program: str = ""

    def see(self, header: Sequence[str], roles: Mapping[str, int], rows: Sequence[Sequence[str]], also: Set[str] = frozenset()) -> None:
        """Note the columns that have no role. `also`: headings (lower case) that were understood without one."""
        self.has_password = self.has_password or "password" in roles
        filled = {at for cells in rows for at, cell in enumerate(cells) if cell.strip()}
        for at in sorted(filled - set(roles.values())):
            heading = " ".join(header[at].split())[:_LONGEST_HEADING] if at < len(header) else ""
            if heading.casefold() not in also and (name := heading or f"column {at + 1}") not in self.columns:
                self.columns.append(name)
                self.example = self.example or heading


def _reading(rows: Sequence[Row | Skipped], warnings: list[str]) -> Reading:
    counted: list[str] = []
    blank: list[str] = []
    seedless: list[str] = []

    def one(row: Row) -> Login | Skipped:
        password = row.cells.get("password", "")
        if not any(row.get(role) for role in ("login", "password", "totp", "account", "platform", "url")):
            return Skipped(row.place, "no account, login name or password in it")
        if row.asks and not any(row.get(role) for role in _ABOUT):
            return Skipped(row.place, f"nothing but a title in it: {NO_LOGIN}")
        if row.asks and not any(row.get(role) for role in ("account", *_ABOUT) if role != "platform"):
            return Skipped(row.place, f"nothing but a platform in it: {NO_LOGIN}")
        if "password" in row.numbers:
            counted.append(row.place)
        if password.strip() and password != password.strip():
            blank.append(row.place)
        totp = row.get("totp")
        if totp and not seeds.looks_like_seed(totp):
            seedless.append(row.place)
            totp = ""
        return Login(
            row=row.place,
            title=row.get("account") or row.get("platform") or row.get("url"),
            username=row.get("login"),
            password=secret(password if password.strip() else ""),
            totp=seeds_of([totp]),
            urls=tuple(row.get("url").split()),
            folder=row.get("folder"),
            note_present=bool(row.get("note")),
            account=row.get("account"),
            platform=row.get("platform"),
            responsible=row.get("responsible"),
            department=row.get("department"),
            known_to=tuple(dict.fromkeys(name for name in (part.strip() for part in _APART.split(row.get("known-to"))) if name)),
        )

    outcomes = [each if isinstance(each, Skipped) else one(each) for each in rows]
    if counted:
        warnings.append(f"passwords stored as numbers, so that leading zeros may be lost: {places(counted)}")
    if blank:
        warnings.append(f"passwords that begin or end with a blank, kept so: {places(blank)}")
    if seedless:
        warnings.append(f"the TOTP column holds no seed, left out: {places(seedless)}")
    return gather("spreadsheet", outcomes, warnings)


def _of_text(data: bytes, columns: Mapping[str, str], warnings: list[str], left: _Left) -> Iterator[Row | Skipped]:
    best: tuple[dict[str, int], str] = ({}, ",")
    for delimiter in table.DELIMITERS:
        head, _ = table.split(data[: 1 << 16], delimiter, most=_HEADING_ROWS)
        roles = max((headings.assigned(record.cells, columns) for record in head), key=len, default={})
        if len(roles) > len(best[0]):
            best = roles, delimiter
    records, notices = table.split(data, best[1])
    warnings += notices
    at, roles = _heading([record.cells for record in records[:_HEADING_ROWS]], columns)
    if not roles:
        raise _no_heading(columns)
    _note_login(roles, warnings)
    header = table.named(records[at].cells)
    theirs = set(header) >= nordpass.HEADER
    left.program = "NordPass" if theirs else ""
    logins: list[Sequence[str]] = []
    for record in records[at + 1 :]:
        place = f"row {record.number}"
        if table.is_blank(record):
            continue
        reason = table.fault(record, width=len(records[at].cells))
        if theirs and not reason:
            reason = nordpass.not_a_login(dict(zip(header, record.cells, strict=False)))
        if reason:
            yield Skipped(place, reason)
        else:
            logins.append(record.cells)
            yield Row(place, _by_role(record.cells, roles), frozenset(), _asks(roles))
    left.see(records[at].cells, roles, logins, {"type"} if theirs else frozenset())


def _of_workbook(data: bytes, columns: Mapping[str, str], warnings: list[str], left: _Left) -> Iterator[Row | Skipped]:
    book = [(sheet, *_heading([row.cells for row in sheet.rows[:_HEADING_ROWS]], columns)) for sheet in xlsx.sheets(data)]
    readable = [found for found in book if found[2]]
    if not readable:
        raise _no_heading(columns)
    for sheet, at, roles in book:
        if not roles:
            if sheet.rows:
                warnings.append(f"sheet {sheet.title!r} was passed over: no row of headings in it")
                left.sheets.append(sheet.title)
            continue
        _note_login(roles, warnings)
        left.see(sheet.rows[at].cells, roles, [row.cells for row in sheet.rows[at + 1 :]])
        for row in sheet.rows[at + 1 :]:
            place = f"row {row.number}" if len(readable) == 1 else f"{sheet.title} row {row.number}"
            if reason := table.fault(table.Record(row.number, row.cells), width=None):
                yield Skipped(place, reason)
            else:
                numbers = frozenset(role for role, column in roles.items() if column in row.numbers)
                yield Row(place, _by_role(row.cells, roles), numbers, _asks(roles))


def _heading(rows: Sequence[Sequence[str]], columns: Mapping[str, str]) -> tuple[int, dict[str, int]]:
    """Where the headings stand, and what each column means: the row that says most."""
    found = [(at, headings.assigned(cells, columns)) for at, cells in enumerate(rows)]
    return max(found, key=lambda each: len(each[1]), default=(0, {}))


def _note_login(roles: dict[str, int], warnings: list[str]) -> None:
    """Platform and account without a login name: people call the login "account" then."""
    if "login" not in roles and "platform" in roles and "account" in roles:
        roles["login"] = roles["account"]
        warnings.append("no column of login names: those of the account column were taken; say otherwise with --map")


def _asks(roles: Mapping[str, int]) -> bool:
    return "password" in roles or "login" in roles


def _by_role(cells: Sequence[str], roles: Mapping[str, int]) -> dict[str, str]:
    return {role: cells[column] for role, column in roles.items() if column < len(cells)}


def _no_heading(columns: Mapping[str, str]) -> Malformed:
    if columns:
        missing = ", ".join(sorted(columns.values()))
        return Malformed(f"no row has all the headings of the map ({missing})", hint="write them as they stand in the file")
    return Malformed(
        "no row of headings that say account, platform, login or password",
        hint="add one, or say with --map FILE which column is what, in lines like: login = HEADING",
    )
