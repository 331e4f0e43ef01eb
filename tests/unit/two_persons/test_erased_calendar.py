"""The calendar files that reminders wrote for somebody: they go with the person, on every machine, and again when a backup brings one back."""

from __future__ import annotations

from pathlib import Path

from govern.procedures.posts import calendars, write_calendar
from govern.register.calendar_files import FOLDER

from ..departing.conftest import copied
from .conftest import HANDLE, Firm


def _written(folder: Path) -> Firm:
    """lea has left three years ago, and mia's and ben's machines wrote a calendar for her, and for each other."""
    firm = Firm(folder)
    firm.enrol("ben", "admin")
    firm.former()
    for member in ("mia", "ben"):
        db = firm.db(member)
        for name in ("lea", "ben"):
            handle = db.execute("SELECT handle FROM people WHERE id = ?", (firm.ids[name],)).fetchone()[0]
            write_calendar(firm.members[member], firm.ids[name], [], files(firm, member) / f"{handle}.ics", firm.now)
        (files(firm, member) / "an-old-handle.ics").write_bytes((files(firm, member) / f"{HANDLE}.ics").read_bytes())
        (files(firm, member) / "notes.ics").write_text("BEGIN:VCALENDAR\r\nUID:mine\r\nEND:VCALENDAR\r\n")
    return firm


written = copied(_written)


def files(firm: Firm, member: str) -> Path:
    return firm.members[member].home / FOLDER


def names(firm: Firm, member: str) -> set[str]:
    return {path.name for path in files(firm, member).iterdir()}


def test_control_they_are_there_until_the_second_person_approves(written: Firm) -> None:
    written.forget()
    written.db("ben")
    assert names(written, "ben") == names(written, "mia") == {f"{HANDLE}.ics", "an-old-handle.ics", "ben.ics", "notes.ics"}


def test_each_machine_removes_them_when_it_reads_the_erasure_and_no_others(written: Firm) -> None:
    written.approve(written.forget(), "ben")
    assert names(written, "ben") == {"ben.ics", "notes.ics"}
    assert f"{HANDLE}.ics" in names(written, "mia"), "the control: it has not read it yet"
    written.db("mia")
    assert names(written, "mia") == {"ben.ics", "notes.ics"}


def test_one_that_a_backup_brings_back_goes_with_the_next_reminders(written: Firm) -> None:
    kept = (files(written, "mia") / f"{HANDLE}.ics").read_bytes()
    written.approve(written.forget(), "ben")
    written.db("mia")
    (files(written, "mia") / f"{HANDLE}.ics").write_bytes(kept)
    list(calendars(written.members["mia"], lambda: written.now, []).send([]))
    assert names(written, "mia") == {"ben.ics", "notes.ics"}
