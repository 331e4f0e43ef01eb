"""Tables of people in six languages."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.errors import GovernError, Malformed
from govern.importers.people_table import COLUMNS, columns_of, locale_of, read


def one(text: str) -> dict[str, str]:
    people = read(text.encode())
    assert people.skipped == ()
    (row,) = people.rows
    return {name: getattr(row, name) for name in ("name", "mail", "handle", "department", "locale", "agency", "left")}


@pytest.mark.parametrize(
    "text",
    [
        "name,mail,handle,department,locale,agency,left\nZoé Å,z@a.example,zoe,PR,fr,Bureau Ø,2026-01-31\n",
        "Display name;Work email;Username;Team;Preferred language;External agency;Last working day\nZoé Å;z@a.example;zoe;PR;French;Bureau Ø;31.01.2026",
        "Prénom;Nom;Courriel;Identifiant;Service;Langue;Agence;Date de sortie\nZoé;Å;z@a.example;zoe;PR;français;Bureau Ø;31/01/2026",
        (
            "Voornaam;Tussenvoegsel;Achternaam;E-mailadres;Gebruikersnaam;Afdeling;Taal;Bureau;Datum uit dienst\n"
            "Zoé;;Å;z@a.example;zoe;PR;Frans;Bureau Ø;31-01-2026"
        ),
        "Fornavn\tEfternavn\tE-mailadresse\tBrugernavn\tAfdeling\tSprog\tBureau\tFratrædelsesdato\nZoé\tÅ\tz@a.example\tzoe\tPR\tfransk\tBureau Ø\t31.01.2026",
        "Fullt navn;E-post;Brukernavn;Avdeling;Språk;Byrå;Sluttdato\nZoé Å;z@a.example;zoe;PR;fr-FR;Bureau Ø;31.01.2026",
        "Nombre;Apellidos;Correo electrónico;Usuario;Departamento;Idioma;Agencia;Fecha de baja\nZoé;Å;z@a.example;zoe;PR;francés;Bureau Ø;31/01/2026",
        '\ufeff"Name","Mail","Handle","Department","Locale","Agency","Left"\r\n"Å, Zoé","mailto:z@a.example","zoe","PR","FR","Bureau Ø","2026-01-31"\r\n',
    ],
    ids=["ours", "en", "fr", "nl", "da", "nb", "es", "excel"],
)
def test_a_table_is_read_in_each_of_our_languages(text: str) -> None:
    assert one(text) == {
        "name": "Zoé Å", "mail": "z@a.example", "handle": "zoe", "department": "PR", "locale": "fr", "agency": "Bureau Ø", "left": "2026-01-31",
    }  # fmt: skip


def test_nom_alone_is_the_whole_name() -> None:
    assert one("Nom;Courriel\nZoé Å;z@a.example\n")["name"] == "Zoé Å"


def test_a_mail_address_alone_names_somebody() -> None:
    assert one("mail,department\nzoe.a@a.example,PR\n")["name"] == "zoe.a"


def test_windows_1252_is_read() -> None:
    assert read("name;mail\nSøren;s@a.example\n".encode("cp1252")).rows[0].name == "Søren"


def test_a_bad_row_is_skipped_with_its_reason_and_the_rest_comes_in() -> None:
    people = read(b"name,mail,left\nA,a@x.y,\nB,no mail,\n,,\nC,,31.02.2026\nD,d@x.y,soon\n,,2026-01-01\nE,e@x.y,\n")
    assert [row.name for row in people.rows] == ["A", "E"]
    assert [(one.row, one.reason) for one in people.skipped] == [
        ("row 3", "its mail address is none"),
        ("row 5", "'31.02.2026' is no day of the calendar"),
        ("row 6", "its last day 'soon' is no date"),
        ("row 7", "it has neither a name nor a mail address"),
    ]


@pytest.mark.parametrize("text", ["a,b,c\n1,2,3\n", "department;locale\nPR;fr\n", "\n\n", "x"])
def test_a_table_that_names_nobody_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        read(text.encode())


@pytest.mark.parametrize(("text", "locale"), [("nb-NO", "nb"), ("Norsk", "nb"), ("ESPAÑOL", "es"), ("nl_BE", "nl"), ("de", ""), ("", "")])
def test_locales_are_known_by_code_and_name(text: str, locale: str) -> None:
    assert locale_of(text) == locale


def test_no_two_roles_share_their_first_heading() -> None:
    firsts = [words.split("|")[0].strip() for words in COLUMNS.values()]
    assert len(set(firsts)) == len(firsts)
    assert columns_of(firsts) == {role: number for number, role in enumerate(COLUMNS)}


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300) | st.text(alphabet="name,mail;left\t\n\"' 0123456789-@.", max_size=200).map(str.encode))
def test_no_bytes_give_another_error_than_ours(data: bytes) -> None:
    try:
        people = read(b"name;mail;left\n" + data)
    except GovernError:
        return
    assert all(row.name for row in people.rows)
