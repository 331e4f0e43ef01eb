"""What goes to the screen. Data on stdout, words about it on stderr; names of strangers are made harmless before they are printed."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice
from typing import Any

_HARMFUL = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def safe(text: object) -> str:
    """Text with control characters, line breaks and direction marks shown as `\\u{…}`: a name can't move the cursor or turn the line."""
    value = str(text)
    if value.isascii() and value.isprintable():
        return value
    return "".join(c if unicodedata.category(c) not in _HARMFUL else f"\\u{{{ord(c):x}}}" for c in value)


def emit(command: str, values: Mapping[str, Any]) -> None:
    """One JSON object on stdout, with its schema."""
    sys.stdout.write(json.dumps({"schema": f"govern.{command}/1", **values}, ensure_ascii=True, indent=2) + "\n")
    sys.stdout.flush()


def emit_rows(command: str, key: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """The same for a list of any length, one row per line, written as it is read."""
    sys.stdout.write(f'{{"schema": "govern.{command}/1", "{key}": [')
    for number, row in enumerate(rows):
        sys.stdout.write((",\n  " if number else "\n  ") + json.dumps(row, ensure_ascii=True))
    sys.stdout.write("\n]}\n")
    sys.stdout.flush()


def line(text: str = "") -> None:
    """One line of data. Parts that come from people go through `safe` first."""
    sys.stdout.write(text + "\n")


def table(head: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str = "") -> None:
    """Columns as wide as the widest cell of the first 500 rows, so that any number of them streams; `empty` is said on stderr for none."""
    cells = ([safe("" if cell is None else cell) for cell in row] for row in rows)
    first = list(islice(cells, 500))
    if not first:
        note(empty)
        return
    widths = [max(len(column), *(len(row[i]) for row in first)) for i, column in enumerate(head)]
    for row in chain([[column.upper() for column in head]], first, cells):
        line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def note(text: str) -> None:
    """A sentence about what was done, on stderr."""
    if text:
        sys.stdout.flush()  # where both go to one place, they stand in the order in which they were said
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def next_step(command: str, why: str = "") -> None:
    """The next command to type."""
    note(f"next: {command}" + (f"    ({why})" if why else ""))


def count(number: int, noun: str, several: str = "") -> str:
    """A number with its noun: `1 account`, `2 people`."""
    return f"{number} {noun if number == 1 else several or noun + 's'}"


def day(time: str | None) -> str:
    """The date of a UTC time."""
    return (time or "")[:10]
