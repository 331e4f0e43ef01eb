"""The languages in which people read what govern writes for them: catalogues of sentences, dates, times, numbers and plurals.

Knows nothing of what is said. A sentence in English is its own key; `govern/locales/LOCALE/LC_MESSAGES/govern.po` has the others, and is read as
it stands; `platforms.po` beside it has what the platforms' profiles say. Babel is imported by `language`, hence only by commands that write for people to read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Final

from govern.errors import Usage

LOCALES: Final = ("en", "fr", "nl", "da", "nb", "es")
CATALOGUES: Final = Path(__file__).parent / "locales"
QUOTES: Final = {"fr": ("«\u00a0", "\u00a0»"), "nl": ("‘", "’"), "da": ("“", "”"), "nb": ("«", "»"), "es": ("«", "»")}
"""How the name of a menu is quoted; in the catalogues of platforms it stands between “ and ”."""
_NORWEGIAN: Final = {"no": "nb", "nn": "nb"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One language, spoken. `say` and `count` give a text in which the names in braces still stand, for `str.format`."""

    locale: str
    catalogue: NullTranslations

    def say(self, text: str, /, context: str = "") -> str:
        """The sentence or word in this language. `context` tells apart what is one word in English: a case that is open, an item that is open."""
        return self.catalogue.pgettext(context, text) if context else self.catalogue.gettext(text)

    def count(self, one: str, many: str, n: int, /) -> str:
        """The form for this number, with `{n}` filled in as the language writes numbers; other names in braces are left."""
        from babel.numbers import format_decimal

        return self.catalogue.ngettext(one, many, n).replace("{n}", str(format_decimal(n, locale=self.locale)))

    def there(self, text: str) -> list[tuple[str, bool]]:
        """What a profile says of its platform, in this language, in pieces: whether each is the name of a menu, which is as the platform's English
        pages have it. What has no translation is one such piece."""
        if self.locale == "en":
            return [(text, False)]
        translated = _catalogue(self.locale, "platforms").gettext(text)
        if translated == text:
            return [(text, True)]
        return [(piece, bool(n % 2)) for n, piece in enumerate(re.split("[“”]", translated)) if piece]

    def quoted(self, menu: str) -> str:
        """The name of a menu as it is quoted within a sentence."""
        before, after = QUOTES.get(self.locale, ("", ""))
        return f"{before}{menu}{after}"

    def when(self, time: str) -> str:
        """A UTC time (ISO 8601) with its zone; empty for empty. In English as in ISO 8601: the day and month of two Englishes change places."""
        if not time or self.locale == "en":
            return f"{time[:10]} {time[11:16]} UTC" if time else ""
        from babel.dates import format_date, format_time, get_datetime_format

        moment = datetime.fromisoformat(time).astimezone(UTC)
        clock, day = format_time(moment, "short", tzinfo=UTC, locale=self.locale), format_date(moment, "medium", locale=self.locale)
        day = self._first(day, f"{moment.day:02}")
        return str(get_datetime_format("medium", locale=self.locale)).replace("{1}", day).replace("{0}", clock) + " UTC"

    def day(self, text: str) -> str:
        """A day (ISO 8601) in words; empty for empty. In French the first of a month is an ordinal, which CLDR does not know."""
        if not text or self.locale == "en":
            return text
        from babel.dates import format_date

        return self._first(format_date(date.fromisoformat(text), "long", locale=self.locale), text[8:10])

    def _first(self, said: str, day: str) -> str:
        return said.replace("1 ", "1er ", 1) if self.locale == "fr" and day == "01" else said

    def lasting(self, minutes: int) -> str:
        """A span of time in days, hours and minutes; empty for none."""
        from babel.units import format_unit

        parts = (("duration-day", minutes // 1440), ("duration-hour", minutes % 1440 // 60), ("duration-minute", minutes % 60))
        return " ".join(str(format_unit(number, unit, length="short", locale=self.locale)) for unit, number in parts if number)


def locale_of(text: str) -> str:
    """Our locale for a code as people and machines write it (`fr-BE`, `nb_NO.UTF-8`, `no`); empty for any other language."""
    code = re.split(r"[-_.@]", text.strip().casefold(), maxsplit=1)[0]
    code = _NORWEGIAN.get(code, code)
    return code if code in LOCALES else ""


def language(locale: str) -> Language:
    """The language of that locale. Raises Usage for one that there are no texts in."""
    if locale not in LOCALES:
        raise Usage(f"there are no texts in {locale[:20]!r}", hint=f"one of {', '.join(LOCALES)}")
    if locale == "en":
        return Language(locale=locale, catalogue=NullTranslations())
    return Language(locale=locale, catalogue=_catalogue(locale, "govern"))


@cache
def _catalogue(locale: str, domain: str) -> NullTranslations:
    """One catalogue, read once per process."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with (CATALOGUES / locale / "LC_MESSAGES" / f"{domain}.po").open("rb") as source:
        catalogue = read_po(source, locale=locale)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)
