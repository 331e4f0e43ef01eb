"""A recovery sheet as a page to print: its text, and its words once more as a QR code where the extra `qr` is installed."""

from __future__ import annotations

import html
import io
from pathlib import Path
from typing import Final

from govern.vault.sheet import Sheet, write_sheet

_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<style>
  @page {{ margin: 2cm }}
  body {{ font: 11pt/1.35 monospace; margin: 0 }}
  pre {{ white-space: pre-wrap; margin: 0 0 1em }}
  svg {{ width: 6cm; height: 6cm }}
</style>
<pre>{text}</pre>
{code}
</html>
"""


def has_codes() -> bool:
    """Whether QR codes can be drawn."""
    try:
        import segno  # noqa: F401
    except ImportError:
        return False
    return True


def page(sheet: Sheet) -> str:
    """HTML that asks nothing of the network. Raises Malformed for a sheet without its heading."""
    text = html.escape(write_sheet(sheet))
    return _PAGE.format(title=f"Recovery sheet {sheet.index} of {sheet.count}", text=text, code=_code(sheet) if has_codes() else "")


def _code(sheet: Sheet) -> str:
    """The words alone, as a drawing: what a phone reads from it can be given as a sheet."""
    import segno

    out = io.BytesIO()
    segno.make_qr(sheet.words.reveal(), error="m").save(out, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=4)
    return f"<p>The same words for a camera:</p>\n{out.getvalue().decode()}"


def target(file: Path) -> Path:
    """Where the page of a sheet's file goes: beside it."""
    return file.with_suffix(".html")
