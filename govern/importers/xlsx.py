"""The visible sheets of an XLSX workbook as rows of text, through openpyxl (extra `xlsx`): values only, never a formula.

Knows cells; knows no meaning. Whatever openpyxl raises on a damaged file becomes one of our errors here and nowhere else.
"""

from __future__ import annotations

import datetime
import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from govern.errors import Failed, GovernError, Malformed
from govern.importers import archive

MOST_BYTES = 128 << 20
"""All parts of a workbook together, decompressed."""

_MOST_ROWS = 1_048_576  # what a sheet can have; a damaged one claims more
_MOST_COLUMNS = 256
_ERRORS = frozenset({"#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"})


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row with anything in it: its number as the program shows it, its cells, and which of them were numbers."""

    number: int
    cells: tuple[str, ...]
    numbers: frozenset[int]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One visible sheet."""

    title: str
    rows: tuple[SheetRow, ...]


def sheets(data: bytes) -> tuple[Sheet, ...]:
    """All visible sheets. Failed: the extra is not installed. Malformed: no whole workbook, or one that is too large."""
    try:
        import openpyxl
    except ImportError:
        raise Failed(
            "reading XLSX needs openpyxl, which is not installed",
            hint="in the folder of its source: pip install '.[xlsx]', or save the sheet as CSV",
        ) from None
    archive.check(data, most=MOST_BYTES)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and validations that openpyxl does not keep
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            try:
                return tuple(Sheet(each.title, tuple(_rows(each))) for each in book.worksheets if each.sheet_state == "visible")
            finally:
                book.close()
    except GovernError:
        raise
    except Exception:  # zipfile, XML, KeyError, TypeError …: openpyxl checks little by itself
        raise Malformed("not a whole XLSX workbook", hint="save it again, or save the sheet as CSV") from None


def _rows(sheet: object) -> Iterator[SheetRow]:
    width = min(getattr(sheet, "max_column", None) or _MOST_COLUMNS, _MOST_COLUMNS)
    rows = sheet.iter_rows(max_row=_MOST_ROWS, max_col=width, values_only=True)  # type: ignore[attr-defined]
    for number, values in enumerate(rows, start=1):
        if values.count(None) < len(values):
            numbers = frozenset(at for at, value in enumerate(values) if isinstance(value, int | float) and not isinstance(value, bool))
            yield SheetRow(number, tuple(_text(value) for value in values), numbers)


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case datetime.datetime() if value.time() == datetime.time():
            return value.date().isoformat()
        case datetime.date() | datetime.time():
            return value.isoformat()
        case str() if value in _ERRORS:
            return ""
        case _:
            return str(value)
