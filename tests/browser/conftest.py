"""One browser per worker, and every firm set up once where its pages are looked at together: in every language."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import chromium, pages
from tests.conftest import Story


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test here is one of `make test-browser`."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium.browser() as one:
        yield one


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Callable[[pages.Page, str, str], list[Path]]:
    """Page, firm, language -> its files."""
    firms: dict[str, tuple[Story, str]] = {}

    def of(page: pages.Page, firm: str, locale: str) -> list[Path]:
        if firm not in firms:
            story = Story(tmp_path_factory.mktemp(firm.replace(" ", "-")))
            firms[firm] = (story, pages.FIRMS[firm](story))
        return pages.written(*firms[firm][:1], page, firms[firm][1], locale)

    return of
