"""Exports of HR programs: which column is what, how days are read, and that nothing else of a file gets any further."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.errors import GovernError, Malformed
from govern.importers import hr_table
from govern.policy.hr import HrRules
from govern.policy.hr import rules as read_rules

RULES = read_rules()
SECRET = "nobody may know"

PERSONIO = f"""\
ID,First name,Last name,Email,Gender,Birthday,Department,Position,Status,Hire date,Contract ends,\
Last working day,Termination date,Termination type,Termination reason
1,Anna,Sø,anna@acme.example,{SECRET},1980-01-01,PR,Lead,Active,2020-01-01,2026-12-31,,,,
2,Bo,Berg,bo@acme.example,{SECRET},1980-01-01,Sales,Rep,Inactive,2020-01-01,,28.11.2026,30.11.2026,{SECRET},{SECRET}
"""
BAMBOOHR = f"""\
Employee #,First Name,Last Name,Preferred Name,Work Email,Department,Status,Hire Date,Termination Date,Termination Type,Termination Reason,Pay rate
1,Anna,Sø,Annie,anna@acme.example,PR,Active,2020-01-01,,,,{SECRET}
2,Bo,Berg,,bo@acme.example,Sales,Inactive,2020-01-01,2026-11-28,{SECRET},{SECRET},{SECRET}
"""
WORKDAY = f"""\
All Active and Terminated Workers;;;;;;

Employee ID;Worker;Primary Work Email;Supervisory Organization;Worker Status;Termination Date;Primary Termination Reason
1;Anna Sø (On Leave);anna@acme.example;PR;On Leave;;
2;Bo Berg (20042) (Terminated);bo@acme.example;Sales;Terminated;2026-11-28;{SECRET}
"""
AFAS = f"""\
Medewerker;Roepnaam;Voorvoegsel;Achternaam;Geslacht;Geboortedatum;E-mail werk;Afdeling;Datum in dienst;Einddatum contract;Datum uit dienst;Reden uit dienst
1;Anna;;Sø;{SECRET};01-01-1980;anna@acme.example;PR;01-01-2020;31-12-2026;31-12-9999;
2;Bo;;Berg;{SECRET};01-01-1980;bo@acme.example;Sales;01-01-2020;;28-11-2026;{SECRET}
"""
GERMAN = f"""\
Vorname;Nachname;E-Mail;Abteilung;Austrittsdatum;Kündigungsgrund;Gehalt
Anna;Sø;anna@acme.example;PR;;;{SECRET}
Bo;Berg;bo@acme.example;Sales;28.11.2026;{SECRET};{SECRET}
"""
EXPORTS = {"personio": PERSONIO, "bamboohr": BAMBOOHR, "workday": WORKDAY, "afas": AFAS, "personio in German": GERMAN}


def read(text: str, rules: HrRules = RULES) -> hr_table.Export:
    return hr_table.read(text.encode(), rules)


def mapped(text: str) -> HrRules:
    return read_rules(f"version: 1\n{text}".encode(), name="map.yaml")


@pytest.mark.parametrize("program", EXPORTS)
def test_each_program_has_its_headings(program: str) -> None:
    found = read(EXPORTS[program])
    assert found.program == program.split()[0]
    assert [(one.name, one.mail, one.departments, one.last_day) for one in found.rows] == [
        ("Anna Sø", "anna@acme.example", ("PR",), ""), ("Bo Berg", "bo@acme.example", ("Sales",), "2026-11-28"),
    ]  # fmt: skip
    assert found.skipped == ()


@pytest.mark.parametrize("program", EXPORTS)
def test_whatever_says_why_is_dropped_with_its_row(program: str) -> None:
    """No cell of another column is anywhere in what is handed on; nor what a program writes behind a name."""
    found = repr(read(EXPORTS[program]))
    assert SECRET not in found
    for word in ("1980", "Leave", "Terminated", "Inactive", "2026-12-31", "Lead"):
        assert word not in found
    assert "Sales" in found, "the control: what is read would be seen"


def test_a_fixed_term_that_ends_is_no_departure() -> None:
    assert "2026-12-31" in PERSONIO
    assert read(PERSONIO).rows[0].last_day == ""


@pytest.mark.parametrize(
    "heading",
    ["Termination reason", "terminationReason", "Reason_for_leaving", "Termination type", "Kündigungsgrund", "Reden uit dienst", "Motif de départ",
     "Fratrædelsesårsag", "Gender", "Geslacht", "Salary", "Base salary amount", "Date of birth", "BSN"],
)  # fmt: skip
def test_no_map_makes_such_a_column_readable(heading: str) -> None:
    """A map may name any other column as the department; one that says why is refused by its heading, whatever it is called for."""
    text = "Name,Mail,{}\nAnna Sø,anna@acme.example,Words\n"
    with pytest.raises(Malformed, match="never read"):
        read(text.format(heading), mapped(f"columns: {{name: [Name], mail: [Mail], department: ['{heading}']}}\nnever: []\n"))
    control = read(text.format("Team"), mapped("columns: {name: [Name], mail: [Mail], department: [Team]}\n"))
    assert control.rows[0].departments == ("Words",)


def test_no_shipped_heading_is_one_that_is_never_read() -> None:
    headings = {heading for columns in RULES.systems.values() for said in columns.values() for heading in said}
    assert {heading for heading in headings if hr_table.is_never_read(heading, RULES)} == set()


@pytest.mark.parametrize(
    ("written", "dates", "day"),
    [
        ("2026-11-30", "refuse", "2026-11-30"), ("30.11.2026", "refuse", "2026-11-30"), ("30-11-2026", "refuse", "2026-11-30"),
        ("2026-11-30 00:00:00", "refuse", "2026-11-30"), ("11/30/2026", "refuse", "2026-11-30"), ("11/11/2026", "refuse", "2026-11-11"),
        ("03/04/2026", "day-first", "2026-04-03"), ("03/04/2026", "month-first", "2026-03-04"), ("03-04-2026", "month-first", "2026-03-04"),
        ("30.11.2026", "month-first", "2026-11-30"), ("2026-11-30", "month-first", "2026-11-30"),
        ("31-12-9999", "refuse", ""), ("9999-12-31", "refuse", ""), ("0000-00-00", "refuse", ""), ("", "refuse", ""), ("-", "refuse", ""),
    ],
)  # fmt: skip
def test_days_as_programs_write_them(written: str, dates: str, day: str) -> None:
    text = f"First Name,Last Name,Work Email,Termination Date\nAnna,Sø,a@acme.example,{written}\n"
    (one,) = read(text, mapped(f"dates: {dates}\n")).rows
    assert (one.last_day, one.fault) == (day, "")


@pytest.mark.parametrize(("written", "dates"), [("03/04/2026", "refuse"), ("30/11/2026", "month-first"), ("11/30/2026", "day-first")])
def test_a_day_that_could_be_two_or_contradicts_the_map_refuses_the_whole_file(written: str, dates: str) -> None:
    text = f"First Name,Last Name,Work Email,Termination Date\nAnna,Sø,a@acme.example,{written}\nBo,Berg,b@acme.example,2026-11-30\n"
    with pytest.raises(Malformed, match="row 2") as caught:
        read(text, mapped(f"dates: {dates}\n"))
    assert written not in caught.value.message
    assert "dates: month-first" in caught.value.hint


@pytest.mark.parametrize("written", ["soon", SECRET, "2026-02-30", "31.11.2026", "1900-01-01"])
def test_a_day_that_is_none_keeps_the_person_and_says_nothing_of_the_cell(written: str) -> None:
    text = f"First Name,Last Name,Work Email,Termination Date\nAnna,Sø,a@acme.example,{written}\n"
    (one,) = read(text).rows
    assert (one.name, one.last_day, one.fault) == ("Anna Sø", "", "its last day is no date")


@pytest.mark.parametrize(
    ("written", "dates", "day"),
    [
        ("2026-12-01", "refuse", "2026-12-01"), ("01.12.2026", "refuse", "2026-12-01"), ("03/04/2027", "month-first", "2027-03-04"),
        ("03/04/2027", "refuse", ""), ("soon", "refuse", ""), ("", "refuse", ""),
    ],
)  # fmt: skip
def test_a_first_day_that_could_be_two_or_is_none_is_left_out_and_refuses_nothing(written: str, dates: str, day: str) -> None:
    text = f"First Name,Last Name,Work Email,Hire Date\nAnna,Sø,a@acme.example,{written}\n"
    (one,) = read(text, mapped(f"dates: {dates}\n")).rows
    assert (one.first_day, one.fault) == (day, "")


def test_a_map_has_the_first_word_and_all_of_it_must_be_there() -> None:
    own = mapped("columns: {name: [Person], mail: [Adresse], last-day: [Slut]}\n")
    found = read("Person;Adresse;Slut\nSø, Anna;anna@acme.example;2026-11-30\n", own)
    assert (found.program, found.rows[0].name, found.rows[0].last_day) == ("", "Anna Sø", "2026-11-30")
    with pytest.raises(Malformed, match="each column of the map"):
        read("Person;Adresse\nAnna;anna@acme.example\n", own)


def test_any_table_of_people_is_understood() -> None:
    found = read("Prénom;Nom;Courriel;Service;Date de sortie\nZoé;Éluard;zoe@acme.example;PR;31.01.2026\n")
    assert (found.program, found.rows[0].name, found.rows[0].last_day) == ("", "Zoé Éluard", "2026-01-31")


def test_rows_that_name_nobody_are_skipped_and_others_kept() -> None:
    found = read("First name,Last name,Email,Department\n,,,PR\nAnna,Sø,nothing,PR\n\nBo,Berg,bo@acme.example,PR\n,,none,PR\n")
    assert [(one.row, one.reason) for one in found.skipped] == [
        ("row 2", "it has neither a name nor a mail address"), ("row 6", "its mail address is none"),
    ]  # fmt: skip
    assert [(one.name, one.fault) for one in found.rows] == [("Anna Sø", "its mail address is none"), ("Bo Berg", "")]


def test_a_mail_address_alone_gives_no_name() -> None:
    """Else whoever is there already would be called by the first part of their address."""
    (one,) = read("Email,Last working day\nanna@acme.example,2026-11-30\n").rows
    assert (one.name, one.mail, one.last_day) == ("", "anna@acme.example", "2026-11-30")


def workbook(rows: list[list[Any]]) -> bytes:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["Report of today"])
    for cells in rows:
        book.active.append(cells)
    book.create_sheet("Notes").append(["Email"])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_a_workbook_is_read_like_a_table() -> None:
    import datetime

    head = ["First name", "Last name", "Email", "Termination date", "Salary"]
    data = workbook([head, ["Bo", "Berg", "bo@acme.example", datetime.date(2026, 11, 28), 50000]])
    found = hr_table.read(data, RULES)
    assert [(one.place, one.name, one.last_day) for one in found.rows] == [("row 3", "Bo Berg", "2026-11-28")]
    assert "50000" not in repr(found)
    for end in (30, len(data) // 2, len(data) - 30):
        with pytest.raises(GovernError):
            hr_table.read(data[:end], RULES)


@pytest.mark.parametrize(
    "data", [b"\n", b"a,b\n1,2\n", b"First name,Last name,Email\n", b"PK\x03\x04", b"\xff\xfe\x00", b"\x00" * 50, b'"Email"' * 999]
)
def test_a_file_that_is_no_export_is_one_error(data: bytes) -> None:
    with pytest.raises(GovernError) as caught:
        hr_table.read(data, RULES)
    assert len(caught.value.message.splitlines()) == 1


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(EXPORTS)), st.data())
def test_a_mutated_file_is_read_or_refused(program: str, data: st.DataObject) -> None:
    """Bytes that are overwritten, cut out or put in make rows unreadable or an error of ours, and never another."""
    text = bytearray(EXPORTS[program].encode())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(text)))
        text[at : at + data.draw(st.integers(0, 40))] = data.draw(
            st.sampled_from([b"", b'"', b"\n", b"\xff", b"\x00", b";", b",", b"9" * 30, b"(" * 9])
        )
    try:
        rows = hr_table.read(bytes(text), RULES).rows
    except GovernError:
        rows = ()
    assert all(len(one.name + one.mail) > 0 and len(one.name) <= 200 and len(one.mail) <= 200 for one in rows)
