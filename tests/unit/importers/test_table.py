"""CSV as programs and people write it: delimiters, encodings, quotes, blank lines, numbers of rows."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.errors import Malformed
from govern.importers import chrome_csv, firefox_csv, keepassxc_csv, lastpass_csv, onepassword_csv, table
from govern.importers.encoding import MARK, decode
from govern.importers.login import Reading

ROWS = "name;url;username;password\nCafé;https://x.com;zoë;pässword\n"


def words(reading: Reading) -> list[str]:
    return [login.password.reveal() if login.password else "" for login in reading.logins]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_delimiter_encoding_and_line_end_reads_the_same(delimiter: str, encoding: str, end: str) -> None:
    reading = chrome_csv.read(ROWS.replace(";", delimiter).replace("\n", end).encode(encoding))
    assert [(login.row, login.title, login.username) for login in reading.logins] == [("row 2", "Café", "zoë")]
    assert words(reading) == ["pässword"]
    assert [warning for warning in reading.warnings if "1252" in warning] == (list(reading.warnings) if encoding == "cp1252" else [])
    assert bool(reading.warnings) == (encoding == "cp1252")


def test_excels_line_that_names_the_delimiter_is_no_row() -> None:
    reading = chrome_csv.read(("sep=;\r\n" + ROWS).encode())
    assert [login.row for login in reading.logins] == ["row 2"]


def test_a_byte_without_meaning_is_marked_and_never_replaced() -> None:
    assert decode(b"\xc3\xa4\xff") == ("ä" + MARK, ())
    assert decode(b"\xff\xfea\x00\x00\xd8") == ("a" + MARK, ())
    assert decode(b"a\xe4\x81")[0] == "aä" + MARK, "Windows-1252 has no 0x81"
    assert decode(b"a\xe4", fall_back=False) == ("a" + MARK, ())


def test_rows_are_counted_as_a_spreadsheet_program_counts_them() -> None:
    text = 'name,url,username,password,note\n\na,,anna,1,"two\nlines"\n\n,,,,\nb,,berta,2,\n'
    reading = chrome_csv.read(text.encode())
    assert [login.row for login in reading.logins] == ["row 3", "row 6"]
    assert [(skipped.row, skipped.reason) for skipped in reading.skipped] == [("row 5", "an empty row")]


def test_empty_rows_at_the_end_are_no_rows() -> None:
    assert chrome_csv.read((ROWS + ";;;\n" * 1000 + "\n\n").encode()).skipped == ()


def test_quotes_and_line_breaks_inside_cells_come_back_exactly() -> None:
    reading = chrome_csv.read(b'name,url,username,password\n"a ""b"", c",,"u\r\nv","p""w\n"\n')
    assert (reading.logins[0].title, reading.logins[0].username) == ('a "b", c', "u\r\nv")
    assert words(reading) == ['p"w\n']


@given(
    cells=st.lists(
        st.lists(st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=2, max_size=4), max_size=6
    )
)
@settings(deadline=None)
def test_whatever_the_csv_module_writes_comes_back_exactly(cells: list[list[str]]) -> None:
    import csv
    import io

    held = io.StringIO(newline="")
    csv.writer(held, quoting=csv.QUOTE_ALL).writerows([["head", "er"], *cells, ["last", "row"]])
    found = [record.cells for record in table.records(held.getvalue(), ",")]
    assert found == [("head", "er"), *(tuple(row) for row in cells), ("last", "row")]


def test_a_file_of_opened_quotes_is_read_in_one_pass_over_its_lines() -> None:
    found = table.records('x,"a\n' * 20_000, ",")
    assert len(found) == 20_000
    assert all(record.fault for record in found)


def test_the_csv_modules_limit_is_left_as_it_was() -> None:
    import csv

    before = csv.field_size_limit()
    table.records('a,"b', ",")
    assert csv.field_size_limit() == before


def test_a_header_of_another_format_is_refused() -> None:
    with pytest.raises(Malformed, match="without the header"):
        firefox_csv.read(ROWS.encode())


def test_lastpass_notes_are_skipped_and_html_in_passwords_is_warned_of() -> None:
    text = (
        "url,username,password,totp,extra,name,grouping,fav\n"
        "http://sn,,,,NoteType:Server,a note,,0\nhttps://x.com,u,a&amp;b,JBSWY3DPEHPK3PXP,,x,Team\\Social,0\nhttp://group,,,,,Team,,0\n"
    )
    reading = lastpass_csv.read(text.encode())
    assert [skipped.reason for skipped in reading.skipped] == ["a secure note, not a login", "a folder, not a login"]
    assert [login.folder for login in reading.logins] == ["Team/Social"]
    assert [seed.reveal() for seed in reading.logins[0].totp] == ["JBSWY3DPEHPK3PXP"]
    assert words(reading) == ["a&amp;b"]
    assert ["HTML" in warning and "row 3" in warning for warning in reading.warnings] == [True]


def test_1passwords_csv_gives_its_seed() -> None:
    text = "Title,Url,Username,Password,OTPAuth,Favorite,Archived,Tags,Notes\nx,,u,p,otpauth://totp/x?secret=JBSWY3DPEHPK3PXP,,,,n\n"
    reading = onepassword_csv.read(text.encode())
    assert [seed.reveal() for seed in reading.logins[0].totp] == ["otpauth://totp/x?secret=JBSWY3DPEHPK3PXP"]
    assert reading.logins[0].note_present
    assert reading.warnings == ()


def test_keepassxcs_root_group_is_no_folder_and_its_bin_is_left_out() -> None:
    text = '"Group","Title","Username","Password","URL","Notes","TOTP","Icon","Last Modified","Created"\n' + "".join(
        f'"{group}","t","u","p","","","{totp}","0","2024-01-01T00:00:00Z","2024-01-01T00:00:00Z"\n'
        for group, totp in [
            ("Passwords", ""),
            ("Passwords/Social/X", "otpauth://totp/x?secret=JBSWY3DPEHPK3PXP"),
            ("Passwords/Papirkurv", ""),
        ]
    )
    reading = keepassxc_csv.read(text.encode())
    assert [(login.folder, len(login.totp), login.password_changed) for login in reading.logins] == [("", 0, None), ("Social/X", 1, None)]
    assert [skipped.reason for skipped in reading.skipped] == ["it lies in the recycle bin"]


KEEPASS_1 = '"Account","Login Name","Password","Web Site","Comments"\n'


def test_a_keepass_1_file_that_escapes_is_read_with_its_escapes() -> None:
    reading = keepassxc_csv.read((KEEPASS_1 + '"a \\"b\\"","u","p\\\\w\\"x","",""\n').encode())
    assert reading.logins[0].title == 'a "b"'
    assert words(reading) == ['p\\w"x']
    assert any("backslash" in warning for warning in reading.warnings)


def test_a_password_that_ends_with_a_backslash_is_not_taken_for_an_escape() -> None:
    reading = keepassxc_csv.read((KEEPASS_1 + '"a","u","pw\\","",""\n').encode())
    assert words(reading) == ["pw\\"]
    assert reading.warnings == ()


def test_firefoxs_own_sync_account_is_left_out() -> None:
    text = (
        "url,username,password,httpRealm,formActionOrigin,guid,timeCreated,timeLastUsed,timePasswordChanged\n"
        "chrome://FirefoxAccounts,abc,{},Firefox Accounts,,{1},1,1,1\nhttps://x.com,u,p,,,{1},1,1,99999999999999999999\n"
    )
    reading = firefox_csv.read(text.encode())
    assert [skipped.reason for skipped in reading.skipped] == ["the sync account of the browser itself"]
    assert [(login.title, login.password_changed) for login in reading.logins] == [("x.com", None)]
