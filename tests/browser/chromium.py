"""Debian's Chromium, and what reads the pages that it prints: installed where they are not there, started without a profile and without a network."""

from __future__ import annotations

import fcntl
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, sync_playwright

from tests.platforms.running import debian

PACKAGES = {"chromium": "chromium", "pdftotext": "poppler-utils", "fc-match": "fontconfig"}
"""Command -> the package that brings it."""
_FONTS = "fonts-liberation"
_QUIET = (
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip


def installed() -> Path:
    """The browser's executable. Installing takes Debian and root, and fails the run without either."""
    with (Path(tempfile.gettempdir()) / "govern-tests-browser.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of several workers one installs
        missing = [package for command, package in PACKAGES.items() if not shutil.which(command)]
        if missing or not Path("/usr/share/fonts/truetype/liberation").exists():
            debian(*missing, _FONTS)
    found = shutil.which("chromium")
    assert found, "chromium is not there after it was installed"
    return Path(found)


@contextmanager
def browser() -> Iterator[Browser]:
    """One browser, in a new and empty profile of its own that goes with it."""
    with sync_playwright() as driver:
        one = driver.chromium.launch(executable_path=installed(), headless=True, args=list(_QUIET))
        try:
            yield one
        finally:
            one.close()


class Printed(NamedTuple):
    """One printed page: its lines from the top, each with where it ends (points), and the page's height."""

    lines: tuple[tuple[str, float], ...]
    height: float


def read(pdf: bytes) -> list[Printed]:
    """What stands on each page of a PDF, in the order of its height."""
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(pdf)
        file.flush()
        told = subprocess.run(["pdftotext", "-bbox", file.name, "-"], capture_output=True, check=True, text=True, timeout=60).stdout
    return [_page(found) for found in re.findall(r'(?s)<page width="[\d.]+" height="([\d.]+)">(.*?)</page>', told)]


def _page(found: tuple[str, str]) -> Printed:
    rows: dict[int, list[tuple[float, str, float]]] = {}
    for left, bottom, word in re.findall(r'<word xMin="([\d.]+)"[^>]*yMax="([\d.]+)">(.*?)</word>', found[1]):
        rows.setdefault(round(float(bottom)), []).append((float(left), unescape(word), float(bottom)))
    lines = tuple((" ".join(word for _, word, _ in sorted(row)), max(end for *_, end in row)) for _, row in sorted(rows.items()))
    return Printed(lines=lines, height=float(found[0]))
