"""The calendar files that reminders have written on this machine: whoever was erased has none any more.

A file is known by the UID of the calendar in it, not by its name: handles change, and an erased person has none.
"""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Final

from govern.holdings.notices import calendar_id

FOLDER: Final = "calendars"
"""Folder below GOVERN_HOME."""
_HEAD: Final = 4096
_UID: Final = re.compile(rb"^UID:([0-9a-f]{40})@", re.MULTILINE).search


def forget(home: Path, db: sqlite3.Connection, vault: bytes) -> bool:
    """Remove the calendars of people who were erased, as often as it is asked; False where one could not be."""
    files = [one for one in (home / FOLDER).glob("*") if one.suffix in (".ics", ".new")] if (home / FOLDER).is_dir() else []
    if not files:
        return True
    gone = {calendar_id(vault.hex(), person) for (person,) in db.execute("SELECT id FROM people WHERE handle IS NULL")}
    done = True
    for file in files:
        try:
            if _whose(file) in gone:
                file.unlink()
        except OSError:
            done = False
    return done


def _whose(file: Path) -> str:
    """Id of the calendar in the file, or nothing; its properties stand before its appointments (RFC 5545 §3.6)."""
    with file.open("rb") as opened:
        found = _UID(opened.read(_HEAD).replace(b"\r", b"").partition(b"\nBEGIN:VEVENT")[0])
    return found[1].decode() if found else ""
