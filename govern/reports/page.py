"""What every printable page has in common: it is said in one language, loads nothing, and no name in it can change what stands beside it."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.languages import Language
from govern.offboarding import wording
from govern.policy.profile import TRUST, Statement

if TYPE_CHECKING:
    from jinja2 import Environment


def environment(speech: Language) -> Environment:
    """Templates that speak: `say` and `count` as in `Language`, names and commands (`name`, `code`) put in as HTML; `when`, `day`, `plain` as filters."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup, escape

    def say(text: str, context: str = "", /, **values: Any) -> Markup:
        return Markup(escape(speech.say(text, context))).format(**values)  # noqa: S704

    def count(one: str, many: str, n: int) -> Markup:
        return escape(speech.count(one, many, n))

    def name(text: str) -> Markup:
        return Markup("<bdi>{}</bdi>").format(plain(text))

    def secret(kind: str) -> Markup:
        return escape(wording.secret(kind, speech.say))

    def there(one: Statement) -> Markup:
        """What is said of a platform; the names of its menus are marked as English."""
        said = Markup().join(
            Markup('<span lang="en">{}</span>').format(speech.quoted(piece)) if menu else Markup(escape(piece))  # noqa: S704
            for piece, menu in speech.there(one.text)
        )
        return say("{name}: {text}", name=one.of, text=said) if one.of else said

    def trust(grade: str) -> Markup:
        return escape(speech.say(TRUST[grade], "trust"))

    def code(text: str) -> Markup:
        return Markup("<code>{}</code>").format(plain(text))

    loader = FileSystemLoader(Path(__file__).parent / "templates")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters.update(plain=plain, when=speech.when, day=speech.day)
    made.globals.update(
        say=say, count=count, name=name, code=code, secret_of=secret, there=there, trust=trust, lasting=speech.lasting, locale=speech.locale
    )
    return made


def plain(text: str) -> str:
    """Text whose control characters and direction marks are spelled out: a name can't change what stands beside it."""
    return "".join(f"\\u{{{ord(c):x}}}" if unicodedata.category(c)[0] == "C" or c in "\u2028\u2029" else c for c in text)
