"""The guide for HR says the same in six languages, and every piece of evidence that the table of controls names can be asked for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from govern.languages import LOCALES, language

DOCS = Path(__file__).resolve().parents[2] / "docs"
GUIDES = {locale: DOCS / (f"hr-guide.{locale}.md" if locale != "en" else "hr-guide.md") for locale in LOCALES}
HOUSE = {locale: DOCS / (f"house-rules.{locale}.md" if locale != "en" else "house-rules.md") for locale in LOCALES}
MANAGER = {locale: DOCS / (f"social-media-manager.{locale}.md" if locale != "en" else "social-media-manager.md") for locale in LOCALES}
TERMS = {
    "en": ("leaves", "responsible person"), "fr": ("départ", "personne responsable"), "nl": ("uitdiensttreding", "verantwoordelijke"),
    "da": ("fratræde", "ansvarlig"), "nb": ("sluttdato", "ansvarlig"), "es": ("baja", "persona responsable"),
}  # fmt: skip
"""What HR calls it there."""

COLUMNS = ("NIST 800-53", "CIS v8", "ISO 27001", "SOC 2", "what is asked", "what govern does", "evidence")


def typed(text: str) -> list[tuple[str, str]]:
    """What is typed, and what is run unseen, in its order."""
    return re.findall(r"(?ms)^```console run\n(.*?)^```|^<!-- run\n(.*?)^-->", text)


def prose(text: str) -> str:
    """The page without what is typed."""
    return re.sub(r"(?ms)^```.*?^```|^<!--.*?^-->", "", text)


def code(text: str) -> list[str]:
    """Commands within sentences, sorted: languages order their sentences differently."""
    return sorted(re.findall(r"`([^`\n]+)`", prose(text)))


def shape(text: str) -> list[str]:
    """Headings' depths and bullets."""
    return re.findall(r"(?m)^(#+ |- )", prose(text))


@pytest.mark.parametrize("locale", LOCALES)
def test_a_guide_says_in_its_language_what_the_english_one_says(locale: str) -> None:
    text = alike(GUIDES, locale)
    assert [term for term in TERMS[locale] if term not in text.lower()] == []


@pytest.mark.parametrize("locale", LOCALES)
def test_a_guide_calls_states_and_columns_as_the_screen_does(locale: str) -> None:
    """Five of the six named the English ones, which their readers do not see."""
    text, say = GUIDES[locale].read_text(encoding="utf-8"), language(locale).say
    (line,) = [one for one in text.splitlines() if say("done, not noted yet") in one]
    shown = [say("open", "item state"), say("state", "column").upper(), say("who", "column").upper()]
    assert [word for word in shown if word not in line] == []


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("pages", [HOUSE, MANAGER], ids=["house-rules", "social-media-manager"])
def test_a_page_for_hr_and_the_social_media_manager_says_the_same_in_each_language(pages: dict[str, Path], locale: str) -> None:
    """No row of a table and no paragraph is left out."""
    text, english = alike(pages, locale), pages["en"].read_text(encoding="utf-8")
    for begin in ("\n| ", "\n**", "\n- **"):
        assert text.count(begin) == english.count(begin)


def alike(pages: dict[str, Path], locale: str) -> str:
    """The page in this language: same commands in the same order, same sections; no sentence left English; a link to each of the others."""
    english, text = (pages[one].read_text(encoding="utf-8") for one in ("en", locale))
    assert (typed(text), code(text), shape(text)) == (typed(english), code(english), shape(english))
    assert {path.name for path in pages.values()} - {pages[locale].name} <= set(re.findall(r"\]\(([^)#]+)\)", text))
    sentences = set(re.findall(r"[A-Z][^.`|\n]{25,}\.", re.sub(r"(?m)^\[.*", "", prose(english))))
    assert len(sentences) > 10
    assert locale == "en" or not [one for one in sentences if one in text]
    return text


def evidence(text: str) -> list[tuple[str, list[str]]]:
    """(what is asked, the commands of its last column) of every row of the tables of controls."""
    found = []
    head = re.escape("| " + " | ".join(COLUMNS) + " |")
    for table in re.findall(rf"(?m)^{head}\n\|[-|]+\n((?:\|.*\n)+)", text):
        for row in table.splitlines():
            cells = [cell.strip() for cell in row.strip("|").split("|")]
            assert len(cells) == len(COLUMNS), row
            found.append((cells[4], re.findall(r"`govern ([^`]+)`", cells[6])))
    return found


def test_every_evidence_of_the_table_of_controls_is_a_command_whose_help_is_shown(commands: dict[str, dict[str, list[str]]]) -> None:
    """`commands` holds those whose `--help` ended with exit code 0, each asked just now."""
    rows = evidence((DOCS / "controls.md").read_text(encoding="utf-8"))
    assert len(rows) > 20
    assert [asked for asked, named in rows if not named] == []
    assert sorted({name for _, named in rows for name in named} - set(commands)) == []


def test_the_controls_that_departures_are_about_are_all_told() -> None:
    text = (DOCS / "controls.md").read_text(encoding="utf-8")
    assert [
        control for control in ("AC-2 k", "PS-4", "PS-5", "PS-6", "IA-5 i", "AU-9", "AU-10", "AU-11", "PL-4") if control not in text
    ] == []


def test_an_evidence_that_cannot_be_asked_for_is_noticed() -> None:
    head = "| " + " | ".join(COLUMNS) + " |\n|" + "---|" * 7 + "\n"
    assert evidence(f"{head}| AC-2 | | | | this | that | `govern who`, `govern frob` |\n") == [("this", ["who", "frob"])]
