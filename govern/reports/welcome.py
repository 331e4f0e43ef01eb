"""The welcome sheet of somebody new, in their language: what to read and sign, what they will work with, and whom to ask. Holds names, no secret.

Reads the register alone. It is for paper, and for people who know nothing of computers.
"""

from __future__ import annotations

import json
import re
import sqlite3
from dataclasses import dataclass
from typing import Final

from govern.languages import language
from govern.offboarding.items import ItemKind, ItemState
from govern.register.connection import state
from govern.register.queries import accounts, cases, documents, people
from govern.register.queries.cases import Case, Entry
from govern.register.queries.people import Person
from govern.reports import departure, document_sheet, page

_TITLE: Final = re.compile(r"^#\s+(.+)$", re.MULTILINE)
_WORK: Final = (ItemKind.NATIVE_ROLE, ItemKind.GRANT)
_GIVEN_UP: Final = (ItemState.WAIVED, ItemState.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A document to sign: its name, its title in `locale`, the text (empty where none is kept), and by when (UTC)."""

    name: str
    title: str
    version: str
    number: int
    due: str
    locale: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What they will work with. `way`: how they get in: role, keys or hand; `ask`: who answers for it; `publishes`: whether they are to be named first."""

    handle: str
    platform: str
    way: str
    ask: tuple[str, ...]
    publishes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """`contact`: the name of who opened the case; `trainings`: subject, and by when (UTC); `to_hand_out`: the number of the item that this sheet ends, 0
    where it has ended."""

    organisation: str
    person: Person
    case: Case
    contact: str
    now: str
    documents: tuple[Paper, ...]
    trainings: tuple[tuple[str, str], ...]
    accounts: tuple[Account, ...]
    to_hand_out: int


def collect(db: sqlite3.Connection, case: Case, *, now: str, locale: str) -> Welcome:
    """The sheet of a case as the register stands, with titles and texts in that language where they are there; `now` UTC ISO 8601."""
    entries, person = cases.items(db, case.id), people.by_id(db, case.person)
    there = [entry for entry in entries if entry.state is ItemState.OPEN]
    names = {one.id: one.name for one in people.people(db)}
    founding = json.loads(state(db, "founding") or "{}")
    return Welcome(
        organisation=str(founding.get("organisation", "")),
        person=person,
        case=case,
        contact=names.get(case.opener, ""),
        now=now,
        documents=tuple(_paper(db, entry, locale) for entry in there if entry.item.kind is ItemKind.ACKNOWLEDGE),
        trainings=tuple((entry.about, entry.item.due) for entry in there if entry.item.kind is ItemKind.TRAINING),
        accounts=_accounts(db, person, entries, names),
        to_hand_out=next((entry.number for entry in there if entry.item.kind is ItemKind.HAND_OUT), 0),
    )


def _paper(db: sqlite3.Connection, entry: Entry, locale: str) -> Paper:
    one = documents.in_force(db, entry.about)
    texts = documents.texts(db, one)
    spoken = locale if locale in texts else next(iter(texts), locale)
    text = texts.get(spoken, "")
    title = _TITLE.search(text)
    return Paper(
        name=one.name, title=title[1].strip() if title else one.name, version=one.version, number=one.n, due=entry.item.due, locale=spoken, text=text,
    )  # fmt: skip


def _accounts(db: sqlite3.Connection, person: Person, entries: list[Entry], names: dict[str, str]) -> tuple[Account, ...]:
    by_hand = {entry.item.account for entry in entries if entry.item.kind is ItemKind.HAND_OVER and entry.state not in _GIVEN_UP}
    speaks = {entry.item.account for entry in entries if entry.item.kind is ItemKind.SPOKESPERSON and entry.state not in _GIVEN_UP}
    ways: dict[str, str] = {}
    for entry in entries:
        if entry.item.kind in _WORK and entry.state not in _GIVEN_UP:
            ways[entry.item.account] = (
                "role" if entry.item.kind is ItemKind.NATIVE_ROLE else "hand" if entry.item.account in by_hand else "keys"
            )
    found = []
    for id_, way in ways.items():
        account = accounts.by_id(db, id_)
        asked = tuple(names[one] for one in (account.custodian, account.deputy) if one in names and one != person.id)
        found.append(
            Account(handle=account.handle, platform=departure.platform(db, id_), way=way, ask=asked, publishes=id_ in speaks)
        )  # fmt: skip
    return tuple(sorted(found, key=lambda one: one.handle))


def html(told: Welcome, locale: str) -> str:
    """The sheet as one page that loads nothing, in one of `govern.languages.LOCALES`; raises Usage for any other."""
    return page.environment(language(locale)).get_template("welcome.html.j2").render(told=told)


def to_sign(told: Welcome, one: Paper) -> str:
    """A document as a page to read and sign, in the language in which it is there."""
    due = one.due[:10]
    sheet = document_sheet.Sheet(one.name, one.version, one.number, due, told.person.id, told.person.name, one.text)
    return document_sheet.html(sheet, one.locale)
