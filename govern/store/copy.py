"""All rows of one store put into another, empty one, a page at a time: for a backup, a move, a restore. Whoever asked verifies the result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from govern.errors import IntegrityError
from govern.store.reading import Reading
from govern.store.writing import Writing

Row = tuple[bytes, bytes, bytes]

_PAGE: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """How many rows went over."""

    size: int
    versions: int
    wraps: int


def copy(reading: Reading, writing: Writing) -> Copied:
    """Entries and checkpoints as far as the head, versions, wraps and mailbox; rows outside the ledger stay behind. Does not commit.

    IntegrityError for a row of the wrong type.
    """
    size, _ = reading.head()
    for first in range(0, size, _PAGE):
        writing.insert_entries(reading.entries(first, min(first + _PAGE, size)))
    notes = reading.checkpoints(0)
    while page := list(islice(notes, _PAGE)):
        writing.insert_checkpoints(page)
    versions = _each(reading.all_versions(), writing.insert_versions, "version")
    wraps = _each(reading.all_wraps(), writing.insert_wraps, "wrap")
    writing.insert_letters(reading.letters())
    return Copied(size=size, versions=versions, wraps=wraps)


def _each(rows: Iterator[Row], put: Callable[[list[Row]], None], name: str) -> int:
    count = 0
    while page := list(islice(rows, _PAGE)):
        if not all(isinstance(part, bytes) for row in page for part in row):
            raise IntegrityError(f"a column of a {name} is not of its type", code="damaged")
        put(page)
        count += len(page)
    return count
