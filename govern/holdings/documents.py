"""Documents that people acknowledge: what a version is, which gaps its text has, and until when an acknowledgement counts. Pure.

Controls: NIST SP 800-53 rev. 5 PL-4 (rules of behaviour, acknowledged before access and again when they change), PS-6 (agreements), AT-3.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from govern.canonical import canonical
from govern.errors import Refused
from govern.vocabulary import LANGUAGES, MOST_TEXT

_LABEL: Final = b"govern/document/v1\0"
_GAP: Final = re.compile(r"\{([a-z][a-z_]{0,39})\}")


def text_digest(text: str) -> str:
    """SHA-256 of one language's text, hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def version_of(digests: Mapping[str, str]) -> str:
    """The version that these texts are, hex: SHA-256 over the canonical list of (language, digest), so that its languages belong together."""
    return hashlib.sha256(_LABEL + canonical([[locale, digests[locale]] for locale in sorted(digests)])).hexdigest()


def fill(texts: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """The texts with `{name}` replaced by the value of `name.LOCALE`, else of `name`. Refused where a gap has no value, or nothing is in it, or it is too
    long."""

    def value(name: str, locale: str) -> str:
        return values.get(f"{name}.{locale}") or values.get(name) or ""

    filled = {
        locale: _GAP.sub(lambda gap, locale=locale: value(gap[1], locale) or gap[0], text)  # type: ignore[misc]
        for locale, text in texts.items()
    }
    left = _unfilled(texts, value)
    if left:
        raise Refused(
            f"the text still has gaps: {', '.join(left)}", rule="document-gaps", control="PL-4",
            hint=" ".join(f"--set {name}=…" for name in left),
        )  # fmt: skip
    for locale, text in filled.items():
        if not text.strip():
            raise Refused(
                f"the text in {locale} is empty", rule="document-empty", control="PL-4", hint="leave the language out, or write it"
            )
    if sum(len(text.encode()) for text in filled.values()) > MOST_TEXT:
        raise Refused(
            f"a document has {MOST_TEXT >> 10} KiB at most, all languages together", rule="document-size", control="PL-4",
            hint="shorten it, or adopt it as two documents",
        )  # fmt: skip
    return filled


def _unfilled(texts: Mapping[str, str], value: Callable[[str, str], str]) -> list[str]:
    """Names of gaps without a value; with their language where others have one."""
    found = set()
    for name in gaps(texts):
        here = [locale for locale, text in texts.items() if name in _GAP.findall(text)]
        open_ = [locale for locale in here if not value(name, locale)]
        found |= {name} if open_ == here else {f"{name}.{locale}" for locale in open_}
    return sorted(found)


def gaps(texts: Mapping[str, str]) -> frozenset[str]:
    """Names of the gaps that the texts have before they are filled in."""
    return frozenset(name for text in texts.values() for name in _GAP.findall(text))


def lacking(locales: Sequence[str]) -> list[str]:
    """Languages that are not there."""
    return [locale for locale in LANGUAGES if locale not in locales]


class Publication(NamedTuple):
    """One version as it was published, in order of `place`; until `deadline` (a date, included) what counted before it still counts."""

    place: int
    version: str
    deadline: str


def lapses(publications: Sequence[Publication], acknowledged: int) -> str:
    """The last day on which an acknowledgement of the publication at this place counts (0: there is none); empty where it is of the newest.

    Whoever never signed is held to the first deadline that they let pass: another version gives nobody more time.
    """
    return min((one.deadline for one in publications if one.place > acknowledged), default="")


def must_be_day(text: str, what: str) -> None:
    """Refuse what is spelled as a date and is none."""
    try:
        date.fromisoformat(text)
    except ValueError:
        raise Refused(f"{what} {text} is no date", rule="no-date", control="PL-4", hint="write it as 2026-11-30") from None


def must_lie_ahead(deadline: str, today: str) -> None:
    """Refuse a deadline (ISO date) before today."""
    if deadline < today:
        raise Refused("a deadline that lies behind", rule="document-deadline", control="PL-4", hint="--deadline today or later")


def trained_until(on: str, days: int) -> str:
    """The last day on which a training counts."""
    try:
        return (date.fromisoformat(on) + timedelta(days=days)).isoformat()
    except OverflowError:
        return date.max.isoformat()
