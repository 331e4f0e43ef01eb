"""A table of people as HR programs and address books export it: CSV with headings in English, French, Dutch, Danish, Norwegian or Spanish.

Knows columns and texts; knows neither people of the vault nor handles. A first and a last name in two columns make one name. A heading may
mean two things ("nom" is a whole name, or the last name where there is a "prénom"; "nombre" likewise): the columns beside it decide.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from govern.errors import Malformed
from govern.holdings.dates import read_day
from govern.importers import table
from govern.importers.encoding import MARK
from govern.importers.headings import WORDS, normal
from govern.importers.login import Skipped

COLUMNS: Final = {
    "name": """name | full name | fullname | display name | displayname | employee | employee name | person | nom complet | nom et prénom
        | prénom et nom | nom | collaborateur | salarié | naam | volledige naam | medewerker | werknemer | navn | fulde navn | fuldt navn
        | fullt navn | medarbejder | ansatt | medarbeider | nombre completo | nombre y apellidos | nombre | empleado""",
    "given": "first name | firstname | given name | givenname | forename | prénom | voornaam | fornavn | nombre de pila",
    "infix": "tussenvoegsel | voorvoegsel | infix | middle name | mellemnavn | mellomnavn",
    "family": """last name | lastname | surname | family name | familyname | nom de famille | achternaam | familienaam | efternavn
        | etternavn | apellido | apellidos""",
    "mail": """mail | e-mail | email | e-mail address | email address | work email | work e-mail | adresse e-mail | adresse mail | adresse email
        | courriel | e-mailadres | mailadres | e-mailadresse | mailadresse | e-post | epost | e-postadresse | correo | correo electrónico
        | dirección de correo""",
    "handle": """handle | short name | username | user name | login | account name | identifiant | gebruikersnaam | brugernavn | brukernavn
        | usuario | nombre de usuario | kürzel | initials | initialen | initialer""",
    "department": WORDS["department"],
    "locale": "locale | language | lang | preferred language | langue | taal | voorkeurstaal | sprog | språk | idioma | lengua",
    "agency": """agency | external agency | external | agence | agence externe | externe | bureau | extern bureau | extern | eksternt bureau
        | ekstern | byrå | eksternt byrå | agencia | agencia externa | externo""",
    "left": """left | left on | leaving date | leave date | last day | last working day | end date | termination date | exit date
        | date of leaving | date de départ | date de sortie | dernier jour | fin de contrat | uit dienst | datum uit dienst | einddatum
        | laatste werkdag | laatste dag | fratrådt | fratrædelsesdato | sidste dag | slutdato | sluttet | sluttdato | siste dag
        | siste arbeidsdag | baja | fecha de baja | fecha de salida | último día""",
}
"""Our names for columns, each with the headings that mean it, the surer first."""

LANGUAGES: Final = {
    "en": "en english anglais engels engelsk inglés", "fr": "fr french français frans fransk francés",
    "nl": "nl dutch néerlandais nederlands hollandsk nederlandsk neerlandés", "da": "da danish danois deens dansk danés",
    "nb": "nb no nn norwegian norvégien noors norsk noruego bokmål", "es": "es spanish espagnol spaans spansk español castellano",
}  # fmt: skip
"""Our locales, each with the words for it."""

LONGEST: Final = {"name": 200, "mail": 200, "department": 100, "agency": 200}
_MAIL: Final = re.compile(r"[^\s@<>]+@[^\s@<>]+\Z").match


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One person as the file has them; texts are empty where it says nothing. `left`: a day (ISO 8601). `place`: `row 7`."""

    place: str
    name: str
    mail: str
    handle: str
    department: str
    locale: str
    agency: str
    left: str


@dataclass(frozen=True, slots=True)
class People:
    """Everybody of a file, and the rows that say nobody."""

    rows: tuple[Row, ...]
    skipped: tuple[Skipped, ...]
    warnings: tuple[str, ...]


def read(data: bytes) -> People:
    """Every row of the file is either a person or skipped. Malformed: no heading says which column holds names or mail addresses."""
    records, columns, warnings = _opened(data)
    rows, skipped = [], []
    for record in records:
        place = f"row {record.number}"
        if table.is_blank(record) or not any(cell.strip() for cell in record.cells):
            continue
        try:
            if reason := table.fault(record, width=None):
                raise Malformed(reason)
            rows.append(_row(place, [cell.strip() for cell in record.cells], columns))
        except Malformed as error:
            skipped.append(Skipped(place, error.message))
    return People(tuple(rows), tuple(skipped), warnings)


def columns_of(cells: Sequence[str]) -> dict[str, int]:
    """The column of each role; empty where nothing of it would say who a row is about."""
    names = [normal(cell) for cell in cells[:256]]
    found: dict[str, int] = {}
    for role, words in _words().items():
        at = next((names.index(word) for word in words if word in names and names.index(word) not in found.values()), None)
        if at is not None:
            found[role] = at
    if "name" in found and ("given" in found) != ("family" in found):
        found["family" if "given" in found else "given"] = found.pop("name")
    return found if found.keys() & {"name", "given", "family", "mail"} else {}


def _opened(data: bytes) -> tuple[tuple[table.Record, ...], dict[str, int], tuple[str, ...]]:
    best: dict[str, int] = {}
    chosen = ""
    for delimiter in table.DELIMITERS:
        head, _ = table.split(data[: 1 << 16], delimiter, most=20)
        first = next((record for record in head if not table.is_blank(record)), None)
        found = columns_of(first.cells) if first is not None else {}
        if len(found) > len(best):
            best, chosen = found, delimiter
    if not best:
        raise Malformed(
            "a table whose first row names no column of names or mail addresses", hint="head the columns: name, mail, department, left"
        )
    records, warnings = table.split(data, chosen)
    at = next(number for number, record in enumerate(records) if not table.is_blank(record))
    return records[at + 1 :], best, warnings


def _row(place: str, cells: Sequence[str], columns: dict[str, int]) -> Row:
    found = {role: cells[at] if at < len(cells) else "" for role, at in columns.items()}
    if any(MARK in text for text in found.values()):
        raise Malformed("it has characters that can't be read: save the file as UTF-8")
    name = found.get("name", "") or " ".join(part for role in ("given", "infix", "family") if (part := found.get(role, "")))
    if "," in name and "name" in found:
        family, _, given = name.partition(",")
        name = f"{given} {family}"
    name = " ".join(name.split())
    mail = found.get("mail", "").removeprefix("mailto:")
    if mail and not _MAIL(mail):
        raise Malformed("its mail address is none")
    if not name and not mail:
        raise Malformed("it has neither a name nor a mail address")
    about = {"name": name or mail.split("@")[0], "mail": mail, "department": found.get("department", ""), "agency": found.get("agency", "")}
    for role, text in about.items():
        if len(text) > LONGEST[role]:
            raise Malformed(f"its {role} is longer than {LONGEST[role]} characters")
    left = found.get("left", "")
    day = read_day(left) if left else ""
    if day is None:
        raise Malformed(f"its last day {left[:40]!r} is no date")
    return Row(place=place, handle=found.get("handle", "")[:200], locale=locale_of(found.get("locale", "")), left=day, **about)


def locale_of(text: str) -> str:
    """One of our six locales by code (`fr-BE`) or name; empty for any other language."""
    word = normal(text)
    code = re.split(r"[\s]", word)[0]
    for locale, words in LANGUAGES.items():
        known = {normal(each) for each in words.split()}
        if word in known or code in known:
            return locale
    return ""


@cache
def _words() -> dict[str, tuple[str, ...]]:
    return {role: tuple(normal(word) for word in words.split("|")) for role, words in COLUMNS.items()}
