"""Writing the checklist of each person who has something left to do in a case, in that person's language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from govern.cli.files import write_into
from govern.languages import locale_of
from govern.reports import checklist

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from govern.register.queries.cases import Case


def write(db: sqlite3.Connection, case: Case, out: Path, name: str, *, locale: str, spoken: str, now: str) -> list[dict[str, Any]]:
    """`checklist-NAME-PERSON.html` each; who, in which language, where, and the numbers of their items.

    `locale`: of all, where one was asked for; else each is in its reader's, and in `spoken` where that is not known.
    """
    written = []
    for sheet in checklist.sheets(db, case, now=now):
        theirs = spoken if locale else locale_of(sheet.of.locale) or spoken
        path = write_into(out, f"checklist-{name}-{sheet.of.handle}.html", checklist.html(sheet, theirs))
        written.append(
            {"person": sheet.of.handle, "locale": theirs, "file": str(path), "items": [task.line.number for task in sheet.tasks]}
        )
    return written
