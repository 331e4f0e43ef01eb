"""`offboard report --locale`: HR and holders read of a departure in their language; programs read the same JSON whatever it is."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from govern.cli import settings
from govern.errors import Usage
from govern.languages import CATALOGUES, LOCALES

WORDS = {
    "en": ("Departure of Anna Sø", "change the password (version 1)", "Last day</dt><dd>2099-02-03", "1 secret", "2099-02-03 14:05 UTC"),
    "fr": ("Départ\u00a0: Anna Sø", "changer\u00a0: mot de passe (version 1)", "3 février 2099", "connaît 1 secret", "3 févr. 2099, 14:05 UTC"),
    "nl": ("Uitdiensttreding: Anna Sø", "wijzig: wachtwoord (versie 1)", "3 februari 2099", "kent 1 geheim", "3 feb 2099, 14:05 UTC"),
    "da": ("Fratræden: Anna Sø", "gør en anden ansvarlig", "3. februar 2099", "kender 1 hemmelighed", "3. feb. 2099 14.05 UTC"),
    "nb": ("Fratredelse: Anna Sø", "gjør en annen ansvarlig", "Sluttdato</dt><dd>3. februar 2099", "kjenner 1 hemmelighet", "3. feb. 2099, 14:05 UTC"),
    "es": ("Baja: Anna Sø", "cambiar: contraseña (versión 1)", "3 de febrero de 2099", "conoce 1 secreto", "3 feb 2099, 14:05 UTC"),
}  # fmt: skip


def report(acme: Any, case: str, out: Path, *more: str) -> tuple[str, dict[str, Any]]:
    """The page as it is read, tags for names left out, and the JSON."""
    page, data = acme.json("offboard", "report", case, "--out", str(out), *more)["files"]
    return unescape(re.sub(r"</?bdi[^>]*>", "", Path(page).read_text(encoding="utf-8"))), json.loads(Path(data).read_text())


@pytest.fixture
def case(acme: Any) -> str:
    acme.ok("account", "custody", "blog", "anna")
    opened = acme.ok("offboard", "open", "anna", "--cut-at", "2099-02-03T14:05Z", "--last-day", "2099-02-03", "--json")
    return str(json.loads(opened.out)["case"]["id"])


def test_the_page_is_in_the_language_asked_for_and_the_json_the_same(acme: Any, case: str, tmp_path: Path) -> None:
    facts = []
    for locale in LOCALES:
        page, data = report(acme, case, tmp_path / locale, "--locale", locale)
        assert f'<html lang="{locale}">' in page
        assert [words for words in WORDS[locale] if words not in page] == []
        assert not re.search(r"[{}]", re.sub(r"<style>.*?</style>", "", page, flags=re.S))
        facts.append({name: value for name, value in data.items() if name != "made_at"})
    assert all(each == facts[0] for each in facts)
    assert facts[0]["result"] == "Anna Sø knows 1 secret."


def test_no_sentence_of_a_page_stays_english(acme: Any, case: str, tmp_path: Path) -> None:
    """Control: the English page has many of them, of the platforms' steps too. What platforms call things is quoted, and marked as English."""
    texts = "".join((CATALOGUES / "es" / "LC_MESSAGES" / f"{name}.po").read_text(encoding="utf-8") for name in ("govern", "platforms"))
    ids = re.findall(r'^msgid "([^"{}]+)"$', texts, flags=re.M)
    sentences = [text for text in ids if text.count(" ") > 1]
    english, _ = report(acme, case, tmp_path / "en", "--locale", "en")
    assert sum(text in english for text in sentences) > 5
    for locale in sorted(set(LOCALES) - {"en"}):
        page, _ = report(acme, case, tmp_path / locale, "--locale", locale)
        assert [text for text in sentences if text in page] == []
        assert '<span lang="en">' in page
        assert not re.search("[“”]", page) or locale == "da"


def test_a_language_without_texts_is_refused(acme: Any, case: str, tmp_path: Path) -> None:
    told = acme.run("offboard", "report", case, "--out", str(tmp_path), "--locale", "de")
    assert (told.code, "--locale en|fr|nl|da|nb|es" in told.err) == (2, True)


@pytest.mark.parametrize(
    ("named", "own", "machine", "locale"),
    [
        ("da", "fr", {"LC_ALL": "nl_NL.UTF-8"}, "da"),
        ("", "fr", {"LC_ALL": "nl_NL.UTF-8"}, "fr"),
        ("", "", {"LC_ALL": "nl_NL.UTF-8", "LANG": "es_ES.UTF-8"}, "nl"),
        ("", "", {"LC_ALL": "", "LANG": "no_NO.UTF-8"}, "nb"),
        ("", "", {"LC_ALL": "C", "LANG": "es_ES.UTF-8"}, "en"),
        ("", "", {"LANG": "de_DE.UTF-8"}, "en"),
        ("", "", {}, "en"),
        ("no", "", {}, "nb"),
    ],
)
def test_what_is_named_comes_first_then_the_persons_language_then_the_machines(
    named: str, own: str, machine: dict[str, str], locale: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in machine.items():
        monkeypatch.setenv(name, value)
    assert settings.locale(named, lambda: own) == locale


def test_a_named_language_is_never_replaced_by_another() -> None:
    with pytest.raises(Usage):
        settings.locale("klingon", lambda: "fr")


def test_a_founder_says_their_language_and_reads_their_reports_in_it(story: Any, tmp_path: Path) -> None:
    told = story.run("init", "--organisation", "Acme", "--founder", "Mia Holm <mia@acme.example>", "--locale", "tlh")
    assert (told.code, story.home.joinpath("vault.db").exists()) == (2, False)
    story.ok("init", "--organisation", "Acme", "--founder", "Mia Holm <mia@acme.example>", "--locale", "nb_NO")
    story.ok("person", "add", "Bo Berg", "--handle", "bo")
    case = story.json("offboard", "open", "bo")["case"]["id"]
    page, _ = report(story, case, tmp_path)
    assert "Bo Berg hadde ingenting og kunne ikke kjenne noe som virker." in page
    story.ok("ledger", "verify", "--deep")


def test_what_paper_does_not_end_is_said_in_the_language_of_whoever_enters_it(acme: Any, case: str, tmp_path: Path) -> None:
    acme.ok("person", "add", "Rosa Gil", "--handle", "rosa")
    code = next(one["code"] for one in acme.json("offboard", "show", case)["items"] if one["kind"] == "rotate")
    words = ("offboard", "done", case, "--sheet", code, "--on-behalf-of", "rosa")
    english = acme.run(*words)
    assert (english.code, f"not entered: {code}: only the change itself ends this" in english.err) == (4, True)
    acme.ok("person", "edit", "mia", "--locale", "nl")
    dutch = acme.run(*words)
    assert (dutch.code, f"niet ingevoerd: {code}: alleen de wijziging zelf" in dutch.err, "govern rotate shop" in dutch.err) == (
        4,
        True,
        True,
    )


def test_envelopes_and_recovery_sheets_are_printed_in_the_language_of_whoever_keeps_them(acme: Any, tmp_path: Path) -> None:
    acme.ok("envelope", "print", "shop", "--out", str(tmp_path / "envelope.html"), "--locale", "fr")
    page = (tmp_path / "envelope.html").read_text(encoding="utf-8")
    assert all(
        words in page for words in ('<html lang="fr">', "Que faire de cette page", "Mot de passe".lower(), "govern envelope opened shop")
    )
    sheet = next((acme.home / "recovery").glob("*.txt"))
    acme.ok("recovery", "print", str(sheet), "--locale", "es")
    page = sheet.with_suffix(".html").read_text(encoding="utf-8")
    assert all(words in page for words in ('<html lang="es">', "Qué hacer con esta hoja", "GOVERN RECOVERY SHEET 1", '<pre lang="en">'))
