"""The texts that a company may start from: house rules to sign, and words for when something went wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from govern.languages import LOCALES
from govern.policy import incident_texts

POLICIES = Path(__file__).parents[3] / "policies"
ENGLISH = sorted(path.relative_to(POLICIES) for folder in ("documents", "incident") for path in (POLICIES / folder / "en").glob("*.md"))
"""Each text once, by its English file: `documents/en/exit-duties.md`."""


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def shape(text: str) -> list[str]:
    """The marks that stand at the beginning of headings, points and steps, in their order."""
    return re.findall(r"^(#+|-|\d+\.) ", text, re.M)


def translated(text: Path, language: str) -> str:
    return (POLICIES / text.parts[0] / language / text.name).read_text(encoding="utf-8")


def test_there_are_texts() -> None:
    assert {path.name for path in ENGLISH} >= {"personal-use.md", "corporate-accounts.md", "exit-duties.md", "apology.md"}


@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize("folder", ["documents", "incident"])
def test_a_language_has_every_text_and_no_other(folder: str, language: str) -> None:
    names = {path.name for path in (POLICIES / folder / language).iterdir()}
    assert names == {path.name for path in ENGLISH if path.parts[0] == folder}


@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize("text", ENGLISH, ids=str)
def test_a_translation_says_as_many_things_in_the_same_order(text: Path, language: str) -> None:
    assert shape(translated(text, language)) == shape(translated(text, "en"))


@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize("text", ENGLISH, ids=str)
def test_a_translation_leaves_the_same_names_to_be_filled_in(text: Path, language: str) -> None:
    assert placeholders(translated(text, language)) == placeholders(translated(text, "en"))


@pytest.mark.parametrize("text", ENGLISH, ids=str)
def test_no_translation_is_a_copy(text: Path) -> None:
    assert len({translated(text, language) for language in LOCALES}) == len(LOCALES)


@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize("text", ENGLISH, ids=str)
def test_a_text_begins_with_its_title_and_fits_a_screen(text: Path, language: str) -> None:
    lines = translated(text, language).splitlines()
    assert lines[0].startswith("# ")
    assert max(map(len, lines)) <= 120


@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize("name", incident_texts.names())
def test_what_is_posted_has_no_line_breaks_within_a_paragraph(name: str, language: str) -> None:
    """Control: the file, which is read in an editor, has them."""
    title, nothing, *paragraphs = incident_texts.filled(name, language, {})[0].splitlines()
    assert (title[:2], nothing, len(paragraphs)) == ("# ", "", 1)
    assert len(translated(Path("incident/en") / f"{name}.md", language).splitlines()) > 3


def test_french_marks_stay_with_their_word() -> None:
    loose = re.compile(r"(?m)^[ ]*[:;?!»]| [:;?!»]|« ")
    texts = [translated(text, "fr") for text in ENGLISH]
    assert not [text[:40] for text in texts if loose.search(text)]
    assert loose.search("ceci : cela")
