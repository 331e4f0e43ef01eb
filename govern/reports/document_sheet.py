"""A document as a sheet for one person to sign, with a code that says which text it is and whose signature. Knows no register."""

from __future__ import annotations

import io
import re
from typing import Final, NamedTuple

from markupsafe import Markup

from govern.languages import language
from govern.reports import page

_HEADING: Final = re.compile(r"(#{1,3})\s+(.*)\Z")
_POINT: Final = re.compile(r"(?:-|(\d{1,3})\.)\s+(.*)\Z")
"""A point of a list, or a step with its number."""


class Sheet(NamedTuple):
    """What is printed: the document's name, its version (hash), number and deadline (ISO date), the person's id and name, and the text in one language."""

    document: str
    version: str
    number: int
    deadline: str
    person: str
    name: str
    text: str


def html(sheet: Sheet, locale: str) -> str:
    """One page that loads nothing; without the extra `qr` the code is left out, and the same stands there in words."""
    template = page.environment(language(locale)).get_template("document_sheet.html.j2")
    return template.render(sheet=sheet, body=body(sheet.text), drawing=drawn(said(sheet)), said=said(sheet))


def said(sheet: Sheet) -> str:
    """What the code says: `govern:document:HASH:PERSON`."""
    return f"govern:document:{sheet.version}:{sheet.person}"


def body(text: str) -> Markup:
    """Headings, lists and paragraphs of a plain Markdown text as HTML. Everything else stands there as it was written."""
    parts: list[Markup] = []
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = [page.plain(line) for line in block.splitlines()]
        while lines:
            heading = _HEADING.match(lines[0])
            if heading:
                level = len(heading[1])
                parts.append(Markup("<h{0}>{1}</h{0}>").format(min(level + 1, 3), heading[2]))
                lines = lines[1:]
            elif first := _POINT.match(lines[0]):
                parts.append(_list(lines, numbered=bool(first[1]), start=int(first[1] or 1)))
                lines = []
            else:
                parts.append(Markup("<p>{}</p>").format(" ".join(line.strip() for line in lines)))
                lines = []
    return Markup("\n").join(parts)


def _list(lines: list[str], *, numbered: bool, start: int) -> Markup:
    items = Markup("").join(Markup("<li>{}</li>").format(one) for one in _items(lines, numbered=numbered))
    return Markup('<ol start="{}">{}</ol>').format(start, items) if numbered else Markup("<ul>{}</ul>").format(items)


def _items(lines: list[str], *, numbered: bool) -> list[str]:
    items: list[str] = []
    for line in lines:
        point = _POINT.match(line)
        if point and bool(point[1]) is numbered:
            items.append(point[2].strip())
        else:
            items[-1] = f"{items[-1]} {line.strip()}"
    return items


def drawn(text: str) -> Markup:
    """The code as a drawing; empty where none can be drawn."""
    try:
        import segno
    except ImportError:
        return Markup("")
    out = io.BytesIO()
    segno.make_qr(text, error="m").save(out, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=4)
    return Markup(out.getvalue().decode())  # noqa: S704  drawn from hex digits
