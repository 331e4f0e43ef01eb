"""Spreadsheets that people keep: headings in six languages, a map, people in cells, XLSX with all that it can hold."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from govern.errors import GovernError, Malformed
from govern.importers import headings, spreadsheet, xlsx
from govern.importers.login import Login, Reading
from govern.importers.read import read
from govern.vault.secret import Secret

Written = Callable[..., Path]

SEED = "JBSWY3DPEHPK3PXP"
ROLES = ("account", "platform", "login", "password", "totp", "responsible", "department", "known-to", "url")
SHEETS = {
    "en": "Account;Platform;Login;Password;TOTP secret;Responsible;Department;Known to;URL",
    "fr": "Compte;Plateforme;Identifiant;Mot de passe;Clé 2FA;Responsable;Service;Connu de;Site web",
    "nl": "Accountnaam;Kanaal;Gebruikersnaam;Wachtwoord;2FA-sleutel;Verantwoordelijke;Afdeling;Bekend bij;Webadres",
    "da": "Kontonavn;Platform;Brugernavn;Adgangskode;Totrinsbekræftelse;Ansvarlig;Afdeling;Kendt af;Hjemmeside",
    "no": "Konto;Plattform;Brukernavn;Passord;Totrinnsbekreftelse;Ansvarlig;Avdeling;Kjent av;Nettadresse",
    "es": "Cuenta;Plataforma;Usuario;Contraseña;Clave 2FA;Responsable;Departamento;Conocido por;Sitio web",
}
CELLS = (
    "Brand NL",
    "Instagram",
    "acme_nl",
    "correct horse",
    SEED,
    "Anna Lind",
    "Marketing",
    "Anna Lind, Bo/Carla",
    "https://instagram.com",
)
EXPECTED = Login(
    row="row 2",
    title="Brand NL",
    username="acme_nl",
    password=Secret("correct horse"),
    totp=(Secret(SEED),),
    urls=("https://instagram.com",),
    account="Brand NL",
    platform="Instagram",
    responsible="Anna Lind",
    department="Marketing",
    known_to=("Anna Lind", "Bo", "Carla"),
)


def workbook(*rows: tuple[object, ...], **sheets: list[tuple[object, ...]]) -> bytes:
    """A workbook of a first sheet "Sheet" and further ones; a sheet whose name begins with "hidden" is."""
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for name, content in sheets.items():
        sheet = book.create_sheet(name)
        sheet.sheet_state = "hidden" if name.startswith("hidden") else "visible"
        for row in content:
            sheet.append(row)
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


@pytest.mark.parametrize("language", SHEETS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_headings_of_six_languages_in_every_delimiter_and_encoding(written: Written, language: str, delimiter: str, encoding: str) -> None:
    def row(cells: Any) -> str:
        return delimiter.join(f'"{cell}"' for cell in cells)

    reading = read(written((row(SHEETS[language].split(";")) + "\r\n" + row(CELLS)).encode(encoding)))
    assert (reading.format, reading.logins, reading.skipped) == ("spreadsheet", (EXPECTED,), ())


@pytest.mark.parametrize("language", SHEETS)
def test_headings_of_six_languages_in_a_workbook(written: Written, language: str) -> None:
    reading = read(written(workbook(tuple(SHEETS[language].split(";")), CELLS)))
    assert (reading.format, reading.logins, reading.skipped, reading.warnings) == ("spreadsheet", (EXPECTED,), (), ())


def test_no_word_stands_under_one_role_twice_and_every_role_has_words() -> None:
    for role, words in headings._words().items():
        assert len(words) == len(set(words)), role
        assert all(words), role


@pytest.mark.parametrize(
    ("cells", "roles"),
    [
        (["Mot de passe", "Service", "Compte", "Plateforme"], {"password": 0, "department": 1, "account": 2, "platform": 3}),
        (["Service", "User", "Password"], {"platform": 0, "login": 1, "password": 2}),
        (["Website", "E-mail", "PASSWORD *"], {"url": 0, "login": 1, "password": 2}),
        (["E-mail", "Username", "Platform"], {"login": 1, "platform": 2}),
        (["Naam", "Verantwoordelijke"], {"account": 0, "responsible": 1}),
        (["Password", "TOTP"], {}),
        (["Anna", "Bo"], {}),
        (["Account"], {}),
        ([], {}),
    ],
)
def test_what_a_row_of_headings_is(cells: list[str], roles: dict[str, int]) -> None:
    assert headings.assigned(cells, {}) == roles


def test_a_map_names_columns_that_no_word_would_find_and_leaves_the_rest_to_the_words(written: Written) -> None:
    path = written("Zugang;Kennwort;Platform;Password\nacme;secret-1;X;not this one\n")
    reading = read(path, columns={"login": "zugang", "password": "Kennwort"})
    assert [(login.username, login.password, login.platform) for login in reading.logins] == [("acme", Secret("secret-1"), "X")]
    with pytest.raises(Malformed, match="Kennwort2"):
        read(path, columns={"login": "Zugang", "password": "Kennwort2"})


def test_titles_above_the_headings_are_passed_over(written: Written) -> None:
    reading = read(written("Our accounts\n\nas of May\nPlatform,Login,Password\nX,acme,secret-1\n"))
    assert [(login.row, login.platform, login.title) for login in reading.logins] == [("row 5", "X", "X")]


def test_people_in_a_cell_are_apart_by_any_of_the_usual_signs_and_named_once() -> None:
    reading = spreadsheet.read(b'Account;Known to\nx;"Anna; Bo, Carla/Dora\nEmil,, Anna "\n')
    assert reading.logins[0].known_to == ("Anna", "Bo", "Carla", "Dora", "Emil")


def test_a_row_without_a_password_is_an_account_and_one_without_anything_is_skipped() -> None:
    reading = spreadsheet.read(b"Account,Login,Password,Department\nx,acme,,Sales\n,,,Sales\n,,,\ny,,pw,\n")
    assert [(login.account, login.password) for login in reading.logins] == [("x", None), ("y", Secret("pw"))]
    assert [(skipped.row, skipped.reason) for skipped in reading.skipped] == [
        ("row 3", "no account, login name or password in it"),
        ("row 4", "an empty row"),
    ]


def test_a_row_with_nothing_but_a_title_is_skipped_where_there_are_logins_and_an_account_where_there_are_none() -> None:
    reading = spreadsheet.read(b"Account,Login,Password,Responsible\nSocial media\nx,acme,pw,\ny,,,Anna\n")
    assert [login.account for login in reading.logins] == ["x", "y"]
    assert [(skipped.row, skipped.reason.split(":")[0]) for skipped in reading.skipped] == [("row 2", "nothing but a title in it")]
    assert len(spreadsheet.read(b"Account,Known to\nSocial media,\n").logins) == 1


def test_columns_and_sheets_with_something_in_them_that_were_not_read_are_named() -> None:
    reading = spreadsheet.read("Konto;Login;Hasło;Empty;\nx;acme;tajne;;more\n".encode())
    assert reading.unread == ("Hasło", "column 5")
    assert reading.warnings == (
        "these columns were not read: Hasło, column 5; --map FILE says what they are, in a line like: password = Hasło",
    )
    assert spreadsheet.read("Konto;Login;Hasło\nx;acme;tajne\n".encode(), {"password": "Hasło"}).unread == ()
    book = workbook(("Account", "Login", "Status"), ("x", "acme", "old"), Remarks=[("call Anna",)])
    assert spreadsheet.read(book).unread == ("Status", "Remarks")


def test_the_common_german_headings_are_known() -> None:
    reading = spreadsheet.read(b"Konto;Plattform;Benutzername;Passwort;Abteilung;Bekannt bei\nx;X;acme;geheim;Vertrieb;Anna\n")
    (login,) = reading.logins
    assert (login.username, login.password, login.department, login.known_to) == ("acme", Secret("geheim"), "Vertrieb", ("Anna",))
    assert reading.warnings == ()


def test_an_unknown_table_is_told_by_its_known_headings_and_nothing_else_of_it(written: Written) -> None:
    with pytest.raises(Malformed) as caught:
        read(written("Ding;Wer;Geheimnis;Notes\nx;acme;secret-1;\n"))
    assert "found Notes, 3 columns of another or no heading" in caught.value.hint
    assert "--map" in caught.value.hint
    assert "Geheimnis" not in caught.value.hint


def test_a_cell_too_many_is_a_missing_quote_and_costs_its_row() -> None:
    reading = spreadsheet.read(b"Account,Login,Password\nx,acme,pass,word\ny,acme,password\n")
    assert [login.account for login in reading.logins] == ["y"]
    assert [skipped.row for skipped in reading.skipped] == ["row 2"]


@pytest.mark.parametrize("cell", ["SMS", "yes", "authenticator", "Anna's phone", "1234"])
def test_a_word_in_the_column_of_seeds_is_no_seed_and_is_named(cell: str) -> None:
    reading = spreadsheet.read(f"Account,Login,2FA\nx,acme,{cell}\n".encode())
    assert reading.logins[0].totp == ()
    assert any("no seed" in warning and "row 2" in warning for warning in reading.warnings)


@pytest.mark.parametrize("cell", [SEED, "jbsw y3dp ehpk 3pxp", f"otpauth://totp/x?secret={SEED}"])
def test_a_seed_is_kept_as_it_was_typed(cell: str) -> None:
    reading = spreadsheet.read(f"Account,Login,2FA\nx,acme,{cell}\n".encode())
    assert [seed.reveal() for seed in reading.logins[0].totp] == [cell]
    assert reading.warnings == ()


def test_blanks_around_a_password_are_kept_and_named() -> None:
    reading = spreadsheet.read(b"Account,Login,Password\n x , acme , pw \n")
    assert (reading.logins[0].account, reading.logins[0].username, reading.logins[0].password) == ("x", "acme", Secret(" pw "))
    assert any("blank" in warning for warning in reading.warnings)


def test_without_a_column_of_logins_the_account_beside_a_platform_is_the_login() -> None:
    reading = spreadsheet.read(b"Platform,Account,Password\nX,acme,pw\n")
    assert (reading.logins[0].platform, reading.logins[0].username) == ("X", "acme")
    assert any("--map" in warning for warning in reading.warnings)


def test_a_table_without_headings_is_refused_without_quoting_it(written: Written) -> None:
    for data in (b"X,acme,secret-1\nY,acme,secret-2\n", workbook(("X", "acme", "secret-1"))):
        with pytest.raises(Malformed) as caught:
            read(written(data))
        assert "--map" in caught.value.hint
        assert "secret" not in caught.value.message + caught.value.hint


def test_cells_of_a_workbook_become_the_text_that_is_shown() -> None:
    day, moment = datetime.date(2026, 5, 1), datetime.datetime(2026, 5, 1, 9, 30)
    rows = [("x", 42, 1234), ("y", 1.5, 7.0), ("z", True, day), ("w", None, moment), ("v", "#REF!", "shown")]
    reading = spreadsheet.read(workbook(("Account", "Login", "Password"), *rows))
    assert [(login.account, login.username, login.password.reveal() if login.password else None) for login in reading.logins] == [
        ("x", "42", "1234"),
        ("y", "1.5", "7"),
        ("z", "TRUE", "2026-05-01"),
        ("w", "", "2026-05-01T09:30:00"),
        ("v", "", "shown"),
    ]
    assert [warning for warning in reading.warnings if "leading zeros" in warning and "row 2, row 3" in warning]


def test_a_formula_gives_its_value_or_nothing_and_never_itself() -> None:
    data = workbook(("Account", "Login", "Password"), ("x", "acme", '="pass"&"word"'), ("y", "acme", "plain"))
    assert [login.password for login in spreadsheet.read(data).logins] == [None, Secret("plain")]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"]
    cell = sheet[sheet.index(b'<c r="C2"') : sheet.index(b"</c>", sheet.index(b'<c r="C2"')) + 4]
    parts["xl/worksheets/sheet1.xml"] = sheet.replace(cell, b'<c r="C2" t="str"><f>"pass"&amp;"word"</f><v>password</v></c>')
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert [login.password for login in spreadsheet.read(held.getvalue()).logins] == [Secret("password"), Secret("plain")]


def test_every_visible_sheet_with_headings_is_read_and_the_others_are_named() -> None:
    head = ("Platform", "Login", "Password")
    data = workbook(
        head, ("X", "a", "1x"), Remarks=[("call Anna",)], hidden=[head, ("X", "h", "2x")], Nordic=[("Title",), head, ("X", "b", "3x")]
    )
    reading = spreadsheet.read(data)
    assert [(login.row, login.username) for login in reading.logins] == [("Sheet row 2", "a"), ("Nordic row 3", "b")]
    assert reading.warnings == ("sheet 'Remarks' was passed over: no row of headings in it",)


def test_rows_far_below_keep_their_numbers_and_cost_little() -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(("Account", "Login"))
    book.active.cell(row=200_000, column=1, value="far below")
    book.active.cell(row=200_000, column=2, value="login")
    book.active.cell(row=3, column=16_384, value="far right")
    held = io.BytesIO()
    book.save(held)
    reading = spreadsheet.read(held.getvalue())
    assert [(login.row, login.account) for login in reading.logins] == [("row 200000", "far below")]


def test_a_workbook_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = workbook(("Account", "Login"), ("x", "y" * 30_000))
    assert len(data) < 10_000
    assert len(spreadsheet.read(data).logins) == 1
    monkeypatch.setattr(xlsx, "MOST_BYTES", 25_000)
    with pytest.raises(Malformed, match="MiB in them"):
        spreadsheet.read(data)


BOOK: list[bytes] = []


@given(
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=4)), max_size=6), length=st.floats(0, 1)
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_truncated_or_mutated_workbook_gives_a_reading_or_our_error(
    tmp_path: Path, changes: list[tuple[float, bytes]], length: float
) -> None:
    if not BOOK:
        BOOK.append(workbook(ROLES, CELLS))
    data = bytearray(BOOK[0])
    for place, replacement in changes:
        at = int(place * len(data))
        data[at : at + len(replacement)] = replacement
    path = tmp_path / "book.xlsx"
    path.write_bytes(bytes(data if changes else data[: int(length * len(data))]))
    try:
        assert isinstance(read(path, format="spreadsheet"), Reading)
    except GovernError:
        pass


@given(parts=st.lists(st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=6)), min_size=1, max_size=4), which=st.integers(0, 20))
@settings(max_examples=60, deadline=None)
def test_a_workbook_whose_xml_is_mutated_gives_a_reading_or_our_error(parts: list[tuple[int, bytes]], which: int) -> None:
    if not BOOK:
        BOOK.append(workbook(ROLES, CELLS))
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(BOOK[0])) as source, zipfile.ZipFile(held, "w") as target:
        for number, name in enumerate(source.namelist()):
            content = bytearray(source.read(name))
            for at, replacement in parts if number == which % len(source.namelist()) else ():
                content[at : at + len(replacement)] = replacement
            target.writestr(name, bytes(content))
    try:
        assert isinstance(spreadsheet.read(held.getvalue()), Reading)
    except GovernError:
        pass


def test_a_row_with_nothing_but_a_platform_is_no_account() -> None:
    """The control: with a name of its own it is one, whoever may know its login."""
    reading = spreadsheet.read(b"platform,account,login,password\nInstagram,,,\nX,shop,,\nTikTok,,acme,\n")
    assert [(skipped.row, skipped.reason.split(":")[0]) for skipped in reading.skipped] == [("row 2", "nothing but a platform in it")]
    assert [login.platform for login in reading.logins] == ["X", "TikTok"]
