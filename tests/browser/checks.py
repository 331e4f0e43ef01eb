"""What a page must not do, as questions to the browser: each gives the faults it found, and nothing where there is none."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser import chromium

A4_WIDTH = 688
"""What is left of A4 between the margins of the pages, in CSS pixels."""

_OVERFLOWING = """() => [document.documentElement, ...document.body.querySelectorAll('*')]
  .filter(one => !one.closest('thead, svg') || one.closest('thead')?.getBoundingClientRect().height > 2)
  .filter(one => one.clientWidth > 0 && one.scrollWidth > one.clientWidth + 1
    || one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map(one => `${one.tagName} ${one.className} ${one.scrollWidth} > ${one.clientWidth}: ${one.textContent.trim().slice(0, 40)}`)"""

# A heading's words, and days written with hyphens: each on one line.
_BROKEN = """() => {
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node; node = walker.nextNode();) {
    const heading = node.parentElement.closest('th'), cell = node.parentElement.closest('td')
    if (!heading && !cell || node.parentElement.closest('thead')?.getBoundingClientRect().height <= 2) continue
    for (const word of node.data.matchAll(heading ? /[^\\s-]+/g : /\\b\\d{4}-\\d\\d-\\d\\d\\b/g)) {
      const range = document.createRange()
      range.setStart(node, word.index); range.setEnd(node, word.index + word[0].length)
      const tops = new Set([...range.getClientRects()].map(one => Math.round(one.top)))
      if (tops.size > 1) found.push(word[0])
    }
  }
  return found
}"""

_COLOURED = """() => [...document.body.querySelectorAll('*')].flatMap(one => {
  const style = getComputedStyle(one), names = ['color', 'borderTopColor', 'borderBottomColor', 'backgroundColor', 'fill', 'stroke']
  return names.map(name => style[name]).filter(text => {
    const [r, g, b] = (text.match(/[\\d.]+/g) || [0, 0, 0]).map(Number)
    return Math.max(r, g, b) - Math.min(r, g, b) > 8
  }).map(text => `${one.tagName} ${text}`)
})"""

# Printers leave backgrounds out: what stands on one has to be dark itself. 0x76 grey is 4.5 : 1 on white.
_PALE = """() => [...document.body.querySelectorAll('*')].filter(one => [...one.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
  .map(one => [one.tagName, getComputedStyle(one).color])
  .filter(([, colour]) => Math.max(...colour.match(/[\\d.]+/g).slice(0, 3).map(Number)) > 0x76).map(String)"""

_HEADINGS = "() => [...document.querySelectorAll('h1, h2, h3, h4, caption')].map(one => one.innerText.replace(/\\s+/g, ' ').trim())"
_TABLE_HEADS = "() => [...document.querySelectorAll('thead')].map(one => one.innerText.replace(/\\s+/g, '').trim())"


def overflowing(page: Page) -> list[str]:
    """What is wider than its place."""
    return list(page.evaluate(_OVERFLOWING))


def broken(page: Page) -> list[str]:
    """Words of a table's headings, and days, that run over two lines."""
    return list(page.evaluate(_BROKEN))


def lost_in_black_and_white(page: Page) -> list[str]:
    """What is told by a colour, or is pale on paper."""
    return list(page.evaluate(_COLOURED)) + list(page.evaluate(_PALE))


def barriers(page: Page) -> list[str]:
    """What axe-core calls serious or critical."""
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:120]}" for one in found if one["impact"] in ("serious", "critical") for node in one["nodes"]]


def badly_printed(page: Page) -> list[str]:
    """Empty pages, headings or heads of tables that stand alone at the end of one, text beyond the edge."""
    headings, heads = set(page.evaluate(_HEADINGS)), set(page.evaluate(_TABLE_HEADS))
    faults = []
    sheets = chromium.read(page.pdf(format="A4", prefer_css_page_size=True))
    for number, sheet in enumerate(sheets, 1):
        numbered = f"{number} / {len(sheets)}"
        lines = [text for text, _ in sheet.lines if text != numbered]
        if len(lines) == len(sheet.lines):
            faults.append(f"page {number} does not say {numbered}")
        if not lines:
            faults.append(f"page {number} is empty")
        elif number < len(sheets):
            last = lines[-1]
            if any(f" {heading}".endswith(f" {last}") for heading in headings) or last.replace(" ", "") in heads:
                faults.append(f"page {number} ends with {last!r}")
    return faults
