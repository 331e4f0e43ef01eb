"""Everything that is said is said in every language, whole, and with the same names in it."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from itertools import product
from pathlib import Path
from string import Formatter
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from govern.languages import CATALOGUES, LOCALES

OTHERS = [locale for locale in LOCALES if locale != "en"]

ALIKE = {
    ("fr", "{n} secrets"), ("fr", "version {n}"), ("fr", "sessions"), ("fr", "Secret"),
    ("nl", "auditor"), ("nl", "open"), ("nl", "Account"), ("da", "version {n}"),
    ("nl", "{name}: {text}"), ("da", "{name}: {text}"), ("nb", "{name}: {text}"), ("es", "{name}: {text}"),
    ("nl", "account"), ("da", "person"), ("nb", "person"), ("es", "manual"),
    ("fr", "incident {id}"), ("nl", "incident {id}"), ("nl", "phishing"), ("da", "phishing"), ("nb", "phishing"),
    ("fr", "{credential}, version {version}"), ("da", "{credential}, version {version}"), ("nl", "Login"), ("da", "Login"), ("nl", "Platform"),
    ("da", "Platform"), ("nl", "platform"), ("da", "platform"), ("da", "1 person"), ("nb", "1 person"),
}  # fmt: skip
"""Texts that are the same in English and in that language, by looking at each."""


def _catalogues() -> ModuleType:
    path = Path(__file__).parents[2] / "catalogues.py"
    spec = importlib.util.spec_from_file_location("catalogues", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules.setdefault("catalogues", importlib.util.module_from_spec(spec))
    spec.loader.exec_module(module)
    return module


DOMAINS = ("govern", "platforms")


@cache
def said_in(domain: str) -> list[tuple[str, str, str]]:
    """Every text of a catalogue, looked for in the whole of the code when the first test asks."""
    found = _catalogues()
    return list(dict.fromkeys(found.texts() if domain == "govern" else found.of_platforms()))


def source(locale: str, domain: str = "govern") -> str:
    return (CATALOGUES / locale / "LC_MESSAGES" / f"{domain}.po").read_text(encoding="utf-8")


def names(text: str) -> list[str]:
    """The names in braces, sorted; a broken brace is a ValueError."""
    found = list(Formatter().parse(text))
    if any(spec or conversion for _, _, spec, conversion in found):
        raise ValueError(text)
    return sorted(name for _, name, _, _ in found if name is not None)


def faults(text: str, locale: str, domain: str = "govern") -> Iterator[str]:
    """What is wrong with a catalogue, each with the text concerned."""
    catalogue: Catalog = read_po(BytesIO(text.encode()), locale=locale, abort_invalid=True)
    said = {(context, one): many for context, one, many in said_in(domain)}
    there = {}
    for message in catalogue:
        if message.id:
            one = message.id if isinstance(message.id, str) else message.id[0]
            there[message.context or "", one] = message
    yield from (f"missing: {key}" for key in said.keys() - there.keys())
    yield from (f"said nowhere: {key}" for key in there.keys() - said.keys())
    yield from (f"obsolete: {key}" for key in catalogue.obsolete)
    for key in said.keys() & there.keys():
        message, many = there[key], said[key]
        forms = (message.string,) if isinstance(message.string, str) else message.string
        if message.fuzzy:
            yield f"fuzzy: {key}"
        if (message.id if isinstance(message.id, tuple) else (message.id, ""))[1] != many or len(forms) != (
            catalogue.num_plurals if many else 1
        ):
            yield f"plurals: {key}"
        for number, form in enumerate(forms):
            if domain == "platforms":
                yield from (f"{fault}: {key}" for fault in _misquoted(form, key[1]))
            yield from (f"{fault}: {key}" for fault in _wrong(form, key[1], many, just_one=bool(many) and number == 0 and locale != "fr"))
            if locale == "fr" and re.search(r" [:;?!»](?!\S)|« ", form):
                yield f"a mark that may begin a line: {key}"
            if form in (key[1], many) and (locale, form) not in ALIKE and re.search(r"[^\W\d]{4}", form):
                yield f"English: {key}"


def _wrong(form: str, one: str, many: str, *, just_one: bool) -> Iterator[str]:
    """`just_one`: the form is for the number one alone, and may spell it; in French it is for none as well."""
    if not form.strip():
        yield "empty"
        return
    if form != form.strip():
        yield "space around"
    try:
        found = names(form)
    except ValueError:
        yield "broken braces"
        return
    wanted = names(many or one)
    if found != wanted and not (just_one and found == [name for name in wanted if name != "n"]):
        yield "names"


def _misquoted(form: str, text: str) -> Iterator[str]:
    """Menus are quoted by the names that they have in the English text, from “ to ”, each under the one before it."""
    outside, *quoted = re.split("“([^“”]*)”", form)
    menus, outside = quoted[::2], outside + "".join(quoted[1::2])
    if re.search("[“”›]", outside):
        yield "broken quotation"
    yield from (f"no menu there, {name!r}" for menu in menus for name in menu.split(" › ") if name not in text)


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("locale", OTHERS)
def test_a_catalogue_has_every_text_whole_translated_and_with_its_names(locale: str, domain: str) -> None:
    assert sorted(faults(source(locale, domain), locale, domain)) == []


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("“Account › Profile”", "“Konto › Profile”", "no menu there, 'Konto'"),
        ("“Account › Profile”", "“Account › Profile", "broken quotation"),
        ("“Account › Profile”", "Account › Profile", "broken quotation"),
    ],
)
def test_a_menu_is_quoted_as_the_platforms_english_pages_have_it(before: str, after: str, fault: str) -> None:
    text = source("da", "platforms")
    assert text.count(before) == 1
    assert f"{fault}: ('', 'Open Account, Profile, and change the password there')" in set(
        faults(text.replace(before, after), "da", "platforms")
    )


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ('msgid "Checklist"\nmsgstr "Tjekliste"\n', "", "missing: ('', 'Checklist')"),
        ('msgid "Checklist"\n', '#, fuzzy\nmsgid "Checklist"\n', "fuzzy: ('', 'Checklist')"),
        ('msgstr "Tjekliste"', 'msgstr "Checklist"', "English: ('', 'Checklist')"),
        ('msgstr "Tjekliste"', 'msgstr ""', "empty: ('', 'Checklist')"),
        ('msgid "Checklist"', 'msgid "Check list"', "said nowhere: ('', 'Check list')"),
        ('msgstr "sag {id}"', 'msgstr "sag {nr}"', "names: ('', 'case {id}')"),
        ('msgstr "sag {id}"', 'msgstr "sag {id"', "broken braces: ('', 'case {id}')"),
        ('msgstr "sag {id}"', 'msgstr "sag {id!r}"', "broken braces: ('', 'case {id}')"),
        ('msgstr[1] "{n} hemmeligheder"', 'msgstr[1] "hemmeligheder"', "names: ('', '1 secret')"),
        ('msgstr[1] "{n} hemmeligheder"\n', "", "empty: ('', '1 secret')"),
    ],
)
def test_each_fault_is_found(before: str, after: str, fault: str) -> None:
    """The control is the test above: the catalogue as it stands has none."""
    assert source("da").count(before) == 1
    assert fault in set(faults(source("da").replace(before, after), "da"))


def test_what_is_said_was_found_in_code_templates_and_tables() -> None:
    assert {("", "end the grant", ""), ("", "Checklist", ""), ("grade", "two-people", ""), ("", "1 secret", "{n} secrets")} <= set(
        said_in("govern")
    )


def test_no_text_stands_in_the_list_of_those_alike_without_being_alike() -> None:
    forms = set()
    for locale, domain in product(OTHERS, DOMAINS):
        for message in read_po(BytesIO(source(locale, domain).encode()), locale=locale):
            forms |= {(locale, form) for form in ((message.string,) if isinstance(message.string, str) else message.string)}
    assert forms >= ALIKE


def test_a_french_mark_that_may_begin_a_line_is_found() -> None:
    text, one = source("fr"), "S'il a été piraté\u00a0:"
    assert text.count(one) == 1
    found = set(faults(text.replace(one, one.replace("\u00a0", " ")), "fr"))
    assert any(fault.startswith("a mark that may begin a line: ") for fault in found)
