"""Sentences, dates, times, numbers and plurals as each language has them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from govern.errors import Usage
from govern.languages import LOCALES, language, locale_of
from govern.offboarding.items import ItemKind
from govern.offboarding.wording import Told, sentence


@pytest.mark.parametrize("kind", ItemKind)
@pytest.mark.parametrize("about", ["", "admin"])
def test_every_kind_of_item_has_a_sentence_of_its_own_in_every_language(kind: ItemKind, about: str) -> None:
    told = Told(kind=kind, person="Zoé {x}", account="shop", credential="recovery-email", version=2, about=about)
    said = {locale: sentence(told, language(locale).say) for locale in LOCALES}
    assert len(set(said.values())) == len(LOCALES)
    assert said["en"] == sentence(told)
    assert {"Zoé {x}" in text for text in said.values()} == {"Zoé {x}" in said["en"]}
    assert not any("{person}" in text or "{about}" in text for text in said.values())


@pytest.mark.parametrize(
    ("locale", "time", "day", "span"),
    [
        ("en", "2026-02-03 14:05 UTC", "2026-02-03", "1 day 2 hr"),
        ("fr", "3 févr. 2026, 14:05 UTC", "3 février 2026", "1 j 2 h"),
        ("nl", "3 feb 2026, 14:05 UTC", "3 februari 2026", "1 dag 2 uur"),
        ("da", "3. feb. 2026 14.05 UTC", "3. februar 2026", "1 dag 2 t."),
        ("nb", "3. feb. 2026, 14:05 UTC", "3. februar 2026", "1 døgn 2 t"),
        ("es", "3 feb 2026, 14:05 UTC", "3 de febrero de 2026", "1 d 2 h"),
    ],
)
def test_days_times_and_spans_are_those_of_the_language(locale: str, time: str, day: str, span: str) -> None:
    speech = language(locale)
    told = (speech.when("2026-02-03T14:05:00Z"), speech.day("2026-02-03"), speech.lasting(26 * 60))
    assert tuple(" ".join(text.split()) for text in told) == (time, day, span)
    assert (speech.when(""), speech.day(""), speech.lasting(0)) == ("", "", "")


@pytest.mark.parametrize(
    ("locale", "none", "one", "many"),
    [
        ("en", "0 secrets", "1 secret", "1,234 secrets"), ("fr", "0 secret", "1 secret", "1 234 secrets"),
        ("nl", "0 geheimen", "1 geheim", "1.234 geheimen"), ("da", "0 hemmeligheder", "1 hemmelighed", "1.234 hemmeligheder"),
        ("nb", "0 hemmeligheter", "1 hemmelighet", "1 234 hemmeligheter"), ("es", "0 secretos", "1 secreto", "1.234 secretos"),
    ],
)  # fmt: skip
def test_plurals_and_numbers_are_those_of_the_language(locale: str, none: str, one: str, many: str) -> None:
    """French counts none as one."""
    told = [language(locale).count("1 secret", "{n} secrets", n) for n in (0, 1, 1234)]
    assert [" ".join(text.split()) for text in told] == [none, one, many]


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("fr", "fr"), ("fr_BE.UTF-8", "fr"), ("nl-BE", "nl"), ("NB_no", "nb"), ("no", "nb"), ("nn_NO.utf8", "nb"), ("es@euro", "es"),
        ("C", ""), ("C.UTF-8", ""), ("POSIX", ""), ("", ""), ("de_DE", ""), ("english", ""), ("../fr", ""),
    ],
)  # fmt: skip
def test_codes_are_read_as_people_and_machines_write_them(text: str, locale: str) -> None:
    assert locale_of(text) == locale


@pytest.mark.parametrize("locale", ["de", "", "../en", "FR"])
def test_a_language_without_texts_is_refused(locale: str) -> None:
    with pytest.raises(Usage):
        language(locale)


def test_words_that_are_one_in_english_are_told_apart() -> None:
    speech = language("fr")
    assert (speech.say("cut", "entry"), speech.say("Cut")) == ("fin des accès", "Fin des accès")
    assert (speech.say("service", "role"), speech.say("service")) == ("service automatique", "service")


def test_the_module_loads_no_babel_before_something_is_said() -> None:
    """Control: a language other than English does."""
    program = "import sys, govern.languages, govern.reports.leavers, govern.cli.offboard; {}; print('babel' in sys.modules)"
    for speaking, loaded in (("govern.languages.language('en').say('x')", "False"), ("govern.languages.language('fr')", "True")):
        done = subprocess.run([sys.executable, "-c", program.format(speaking)], capture_output=True, text=True, check=True, timeout=60)
        assert done.stdout.strip() == loaded


def test_the_first_of_a_month_is_an_ordinal_in_french() -> None:
    speech = language("fr")
    assert [speech.day(f"2026-12-{day}") for day in ("01", "11", "21")] == ["1er décembre 2026", "11 décembre 2026", "21 décembre 2026"]
    assert speech.when("2026-12-01T14:30:00Z").startswith("1er déc. 2026")
