"""Every page that people open or print, in every language and for every firm: nothing overflows, nothing is lost on paper, nobody is shut out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from govern.languages import LOCALES
from tests.browser import checks, chromium, pages

WIDTHS = (360, 800, 1280)
Files = Callable[[pages.Page, str, str], list[Path]]
CASES = [
    pytest.param(page, firm, locale, id=f"{page.name}-{firm}-{locale}", marks=pytest.mark.xdist_group(firm))
    for page in pages.PAGES
    for firm in pages.FIRMS
    for locale in LOCALES
    if firm not in page.without
]


@contextmanager
def opened(browser: Browser, file: Path) -> Iterator[Page]:
    """The page on a screen; whatever it loads, opens or says fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    loaded: list[str] = []
    said: list[str] = []
    try:
        page = context.new_page()
        page.on("request", lambda request: loaded.append(request.url))
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(file.as_uri())
        yield page
        assert (loaded, said) == ([file.as_uri()], [])
    finally:
        context.close()


@pytest.mark.parametrize(("one", "firm", "locale"), CASES)
def test_a_page_is_good_on_screen_on_a_telephone_and_on_paper(
    browser: Browser, files: Files, one: pages.Page, firm: str, locale: str
) -> None:
    found = files(one, firm, locale)
    assert found
    for file in found:
        with opened(browser, file) as page:
            assert page.get_attribute("html", "lang") == locale
            assert page.title() not in ("", "taken")
            faults: dict[str, list[str]] = {}
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                faults[f"{width} wide"] = checks.overflowing(page) + checks.broken(page)
                if width != WIDTHS[1]:
                    faults[f"{width} shuts out"] = checks.barriers(page)
            page.set_viewport_size({"width": checks.A4_WIDTH, "height": 1000})
            page.emulate_media(media="print")
            faults["print"] = checks.overflowing(page) + checks.broken(page) + checks.lost_in_black_and_white(page)
            faults["paper"] = checks.badly_printed(page) if one.paper else []
            assert {where: what for where, what in faults.items() if what} == {}


@pytest.mark.xdist_group("every firm")
@pytest.mark.parametrize("page", pages.PAGES, ids=lambda page: page.name)
def test_a_firm_is_without_a_page_only_where_that_is_said(files: Files, page: pages.Page) -> None:
    assert [firm for firm in pages.FIRMS if not files(page, firm, "en")] == list(page.without)


def test_a_hostile_name_stands_on_the_page_as_it_was_typed(browser: Browser, files: Files) -> None:
    """Else the pages of the hostile firm would be tame."""
    (file,) = files(pages.PAGES[0], "hostile", "en")
    with opened(browser, file) as page:
        assert pages.HOSTILE.replace("\u202e", "\\u{202e}") in page.inner_text("body")
        assert page.evaluate("document.querySelectorAll('script, img, [onerror], [onload]').length") == 0


# --- each check finds its fault ------------------------------------------------------------------------------------------------------

TALL = "<p style='break-inside: avoid; height: {height}mm; margin: 0'>text</p>"


def shown(browser: Browser, tmp_path: Path, body: str, style: str = "") -> Any:
    file = tmp_path / "page.html"
    file.write_text(
        f"<!doctype html><html lang=en><meta charset=utf-8><title>t</title><style>@page {{ margin: 14mm; @bottom-right"
        f" {{ content: counter(page) ' / ' counter(pages) }} }} body {{ margin: 0 }} {style}</style><main>{body}</main>",
        encoding="utf-8",
    )
    return opened(browser, file)


@pytest.mark.parametrize(
    "body", ["<div style='width: 400px'>wide</div>", f"<p>{'a' * 90}</p>", "<div style='overflow: auto; width: 9em'><pre>" + "b" * 30]
)
def test_what_is_wider_than_its_place_is_noticed(browser: Browser, tmp_path: Path, body: str) -> None:
    with shown(browser, tmp_path, body) as page:
        page.set_viewport_size({"width": 360, "height": 900})
        assert checks.overflowing(page)
    with shown(browser, tmp_path, "<p>short") as page:
        assert checks.overflowing(page) == []


def test_a_word_of_a_tables_heading_or_a_day_on_two_lines_is_noticed(browser: Browser, tmp_path: Path) -> None:
    table = "<table style='table-layout: fixed; width: {}px; overflow-wrap: anywhere'><thead><tr><th>Between</th></tr></thead><tr><td>2026-11-22"
    with shown(browser, tmp_path, table.format(40)) as page:
        assert checks.broken(page) == ["Between", "2026-11-22"]
    with shown(browser, tmp_path, table.format(200)) as page:
        assert checks.broken(page) == []


@pytest.mark.parametrize(
    ("style", "lost"),
    [("", False), ("p { color: #333 }", False), ("p { color: #c00 }", True), ("p { color: #999 }", True), ("p { background: #fdd }", True)],
)
def test_a_colour_and_a_pale_grey_are_noticed(browser: Browser, tmp_path: Path, style: str, lost: bool) -> None:
    with shown(browser, tmp_path, "<p>text", style) as page:
        assert bool(checks.lost_in_black_and_white(page)) is lost


def test_a_serious_barrier_is_noticed(browser: Browser, tmp_path: Path) -> None:
    with shown(browser, tmp_path, "<h1>t</h1><p style='color: #bbb'>pale") as page:
        assert [one.partition(":")[0] for one in checks.barriers(page)] == ["color-contrast"]


def test_a_heading_alone_at_the_end_of_a_page_is_noticed(browser: Browser, tmp_path: Path) -> None:
    """Control: the same heading, kept with what follows it."""
    body = TALL.format(height=250) + "<h2>Alone</h2>" + TALL.format(height=40)
    with shown(browser, tmp_path, body, "h2 { break-after: auto; margin: 0; font-size: 12pt }") as page:
        assert checks.badly_printed(page) == ["page 1 ends with 'Alone'"]
    with shown(browser, tmp_path, body, "h2 { break-after: avoid; margin: 0; font-size: 12pt }") as page:
        assert checks.badly_printed(page) == []


def test_an_empty_page_is_noticed(browser: Browser, tmp_path: Path) -> None:
    with shown(browser, tmp_path, "<p>text</p><div style='break-before: page'>&nbsp;</div><p style='break-before: page'>text") as page:
        assert checks.badly_printed(page) == ["page 2 is empty"]


def test_where_no_browser_can_be_installed_the_run_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: with Debian's own tools it is there."""
    assert chromium.installed().exists()
    refusing = tmp_path / "apt-get"
    refusing.write_text("#!/bin/sh\necho no such package >&2\nexit 100\n")
    refusing.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AssertionError, match="no such package"):
        chromium.installed()
