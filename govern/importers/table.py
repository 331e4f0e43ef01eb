"""CSV as foreign programs write it: delimiters, quotes, ragged rows, and one bad row that must not cost the rest.

Knows rows and columns; knows no format. Rows are counted as a spreadsheet program counts them: the header is row 1, blank lines count,
a line break inside quotes does not.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import islice

from govern.errors import Malformed
from govern.importers import encoding
from govern.importers.login import Login, Skipped

DELIMITERS = (",", ";", "\t")
MISMATCHED = "its quotes don't match"
NUL = "it holds a NUL byte"


@dataclass(frozen=True, slots=True)
class Record:
    """One row: its number, its cells, or what is wrong with it."""

    number: int
    cells: tuple[str, ...]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row by the names of its columns (lower case)."""

    place: str
    cells: Mapping[str, str]

    def get(self, name: str) -> str:
        """The cell in that column, empty where there is none."""
        return self.cells.get(name, "")


@dataclass(frozen=True, slots=True)
class Table:
    """A header (lower case, trimmed), the rows below it, and what to warn of."""

    header: tuple[str, ...]
    records: tuple[Record, ...]
    warnings: tuple[str, ...]


def named(cells: Sequence[str]) -> tuple[str, ...]:
    """The names of columns as they are compared: trimmed, lower case."""
    return tuple(cell.strip().casefold() for cell in cells)


def records(text: str, delimiter: str, *, escaped: bool = False, most: int | None = None) -> tuple[Record, ...]:
    """The rows of a text. Where quotes don't match, that line alone is faulty and reading goes on with the next.

    `escaped`: quotes inside cells are written with a backslash, not doubled. `most`: how many rows at most. Trailing empty rows, of which
    spreadsheet programs write thousands, are dropped.
    """
    lines = io.StringIO(text, newline="").readlines()
    found: list[Record] = []
    start = 0
    limit = csv.field_size_limit(len(text) + 1)
    try:
        while start < len(lines) and (most is None or len(found) < most):
            reader = csv.reader(
                (lines[at] for at in range(start, len(lines))),
                delimiter=delimiter,
                strict=True,
                doublequote=not escaped,
                escapechar="\\" if escaped else None,
            )
            whole = 0
            try:
                for cells in islice(reader, None if most is None else most - len(found)):
                    found.append(Record(len(found) + 1, tuple(cells)))
                    whole = reader.line_num
                break
            except csv.Error:
                found.append(Record(len(found) + 1, (), MISMATCHED))
                start += whole + 1
    finally:
        csv.field_size_limit(limit)
    while found and not found[-1].fault and not any(cell.strip() for cell in found[-1].cells):
        found.pop()
    return tuple(found)


def is_blank(record: Record) -> bool:
    """A line with nothing on it: not even a record."""
    return not record.fault and not any(record.cells) and len(record.cells) <= 1


def split(
    data: bytes, delimiter: str | None = None, *, escaped: bool = False, most: int | None = None
) -> tuple[tuple[Record, ...], tuple[str, ...]]:
    """Rows and warnings of the bytes of a CSV file; a first line `sep=;`, which Excel understands, names the delimiter."""
    text, warnings = encoding.decode(data)
    if text[:4].casefold() == "sep=" and text[4:5] in DELIMITERS:
        delimiter = text[4]
        text = text.partition("\n")[2]
    return records(text, delimiter or ",", escaped=escaped, most=most), warnings


def opened(data: bytes, *headers: Set[str], escaped: bool = False) -> Table:
    """The table whose first row has all names of one of `headers`, whatever the delimiter. Malformed: there is no such header."""
    for delimiter in DELIMITERS:
        head, _ = split(data[: 1 << 16], delimiter, escaped=escaped, most=20)
        first = next((record for record in head if not is_blank(record)), None)
        if first is None or not any(header <= set(named(first.cells)) for header in headers):
            continue
        rows, warnings = split(data, delimiter, escaped=escaped)
        at = next(place for place, record in enumerate(rows) if not is_blank(record))
        return Table(named(rows[at].cells), rows[at + 1 :], warnings)
    wanted = ", ".join(sorted(headers[0]))
    raise Malformed(
        f"a table without the header of this format (at least: {wanted})", hint="name another --format, or map columns with --map"
    )


def each(table: Table, one: Callable[[Row], Login | Skipped], *, ragged: bool = False) -> Iterator[Login | Skipped]:
    """Read each row by itself. `ragged`: cells beyond the header are normal for this format, and passed over."""
    for record in table.records:
        place = f"row {record.number}"
        if is_blank(record):
            continue
        if reason := fault(record, width=None if ragged else len(table.header)):
            yield Skipped(place, reason)
            continue
        cells: dict[str, str] = {}
        for name, cell in zip(table.header, record.cells, strict=False):
            cells.setdefault(name, cell)
        try:
            yield one(Row(place, cells))
        except Malformed as trouble:
            yield Skipped(place, trouble.message)


def fault(record: Record, *, width: int | None) -> str:
    """Why a row can't be read, empty if it can. `width`: columns of the header, None where more cells are normal."""
    if record.fault:
        return record.fault
    if not any(cell.strip() for cell in record.cells):
        return "an empty row"
    if any("\0" in cell for cell in record.cells):
        return NUL
    if width is not None and any(cell.strip() for cell in record.cells[width:]):
        return "it has more cells than the header has columns: is a quote missing?"
    return ""
