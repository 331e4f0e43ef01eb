"""A recovery sheet as a page to print: its text, and its words once more as a QR code where the extra `qr` is installed."""

from __future__ import annotations

import html
import io
from pathlib import Path
from typing import TYPE_CHECKING, Final

from govern.vault.sheet import Say, Sheet, advice, words_of

if TYPE_CHECKING:
    from govern.languages import Language

_PAGE: Final = """<!doctype html>
<html lang="{locale}">
<meta charset="utf-8">
<title>{title}</title>
<style>
  @page {{ margin: 2cm }}
  body {{ font: 11pt/1.35 monospace; margin: 0 }}
  pre {{ white-space: pre-wrap; margin: 0 0 1em }}
  h1, h2 {{ font: bold 13pt/1.35 sans-serif; margin: 0 0 0.7em }}
  p {{ font: 11pt/1.4 sans-serif; max-width: 40em; margin: 0 0 0.7em }}
  svg {{ width: 6cm; height: 6cm }}
</style>
<h1>{title}</h1>
<pre lang="en">{text}</pre>
{code}
<h2>{todo}</h2>
{advice}
</html>
"""


def has_codes() -> bool:
    """Whether QR codes can be drawn."""
    try:
        import segno  # noqa: F401
    except ImportError:
        return False
    return True


def page(sheet: Sheet, language: Language) -> str:
    """HTML that asks nothing of the network, in the language of whoever keeps it. Raises Malformed for a sheet without its heading."""
    say = language.say
    title = say("Recovery sheet {number} of {count}").format(number=sheet.index, count=sheet.count)
    if sheet.organisation:
        title = f"{sheet.organisation}: {title}"
    return _PAGE.format(
        locale=language.locale, title=html.escape(title), text=html.escape(words_of(sheet)), code=_code(sheet, say) if has_codes() else "",
        todo=html.escape(say("What to do with this sheet")), advice="\n".join(f"<p>{html.escape(text)}</p>" for text in advice(sheet, say)),
    )  # fmt: skip


def _code(sheet: Sheet, say: Say) -> str:
    """The words alone, as a drawing: what a phone reads from it can be given as a sheet."""
    import segno

    out = io.BytesIO()
    segno.make_qr(sheet.words.reveal(), error="m").save(out, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=4)
    return f"<p>{html.escape(say('The same words for a camera:'))}</p>\n{out.getvalue().decode()}"


def target(file: Path) -> Path:
    """Where the page of a sheet's file goes: beside it."""
    return file.with_suffix(".html")
