"""What every tracked file must not say, and what pages may point at: files that exist, targets that make knows."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parents[2]

FOLDERS = "|".join(f"/{name}/" for name in ("work", "root", "opt/pypi"))
HOSTS = "|".join((r"pypi" + r"\.org", "python" + "hosted", r"npm" + r"js\.", r"debian" + r"\.org"))
FORBIDDEN = re.compile(rf"(?<![\w.-])(?:{FOLDERS})|{HOSTS}|\bissue #?\d+\b", re.IGNORECASE)
"""Folders of the machine somebody worked on, hosts of package registries, numbers of a tracker."""


def tracked() -> list[Path]:
    """The files under version control, or a skip where that cannot be told (an unpacked archive)."""
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    told = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, timeout=60
    ).stdout.decode()
    return [path for name in told.split("\0") if name and (path := ROOT / name).is_file()]


def forbidden(text: str) -> list[str]:
    return [line.strip()[:120] for line in text.splitlines() if FORBIDDEN.search(line)]


def test_no_file_names_machines_registries_or_tracker_numbers() -> None:
    files = tracked()
    assert files
    found = {str(path.relative_to(ROOT)): forbidden(path.read_bytes().decode("utf-8", "replace")) for path in files}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize("text", ["see /" + "work/main", "https://py" + "pi.org/simple", "as in Issue" + " #7 says", "/" + "root/x"])
def test_a_forbidden_word_is_noticed(text: str) -> None:
    assert forbidden(f"first\n{text}\n") == [text]


def test_ordinary_words_pass() -> None:
    assert forbidden("the work" + "place/team, a/ro" + "ot/b, issued 7 times, /ho" + "me/anna/export.csv") == []


def test_links_lead_to_files(pages: dict[Path, str]) -> None:
    assert [missing for path, text in pages.items() for missing in dead(path, text)] == []


def test_a_dead_link_is_noticed() -> None:
    text = "[a](README.md) [b](https://example.org) [c](#part) [d](no/such.md#part)\n```\n[e](nor-this.md)\n```\n"
    assert dead(ROOT / "CHANGELOG.md", text) == ["CHANGELOG.md: README.md"] * (not (ROOT / "README.md").exists()) + [
        "CHANGELOG.md: no/such.md"
    ]


def dead(path: Path, text: str) -> list[str]:
    """The relative links of a page that lead nowhere."""
    prose = re.sub(r"(?ms)^\s*```.*?^\s*```|`[^`\n]*`", "", text)
    links = (
        unquote(link.partition("#")[0]) for link in re.findall(r"\]\(\s*<?([^)>\s]+)", prose) if "://" not in link and "mailto:" not in link
    )
    return [f"{path.relative_to(ROOT)}: {link}" for link in links if link and not (path.parent / link).exists()]


def test_make_targets_exist(pages: dict[Path, str]) -> None:
    targets = set(re.findall(r"(?m)^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8")))
    calls = re.compile(r"(?m)(?:`|^\s*\$ )make ([a-z][a-z-]*)|^\s*make ([a-z][a-z-]*)$")
    named = {found[1] or found[2] for text in pages.values() for found in calls.finditer(text)}
    assert named >= {"test", "check", "lock"}
    assert named <= targets
