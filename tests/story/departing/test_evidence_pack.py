"""`offboard report` writes a folder that an auditor takes away: checked without govern, whole, and in the reader's language."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from govern.languages import LOCALES

VERIFY = Path(__file__).resolve().parents[3] / "docs" / "verify.py"
NAMES = {"README.txt", "SHA256SUMS", "checkpoint.note", "evidence.html", "evidence.json", "evidence.tlog-proof"}


def verified(vault: str, *files: Path) -> subprocess.CompletedProcess[str]:
    """By a Python that looks for modules where the script lies, and not in PYTHONPATH."""
    return subprocess.run([sys.executable, "-E", "-s", str(VERIFY), vault, *map(str, files)], capture_output=True, text=True, check=False)


def written(acme: Any, case: str, out: Path, *more: str) -> Path:
    told = acme.json("offboard", "report", case, "--out", str(out), *more)
    return Path(told["evidence"][0]).parent


@pytest.fixture
def case(acme: Any) -> str:
    acme.ok("known", "blog", "anna")
    found = str(acme.json("offboard", "open", "anna")["case"]["id"])
    acme.ok("rotate", "blog", "--already-changed", stdin="another-secret")
    return found


def test_the_pack_is_checked_without_govern_and_an_edited_one_is_found(acme: Any, case: str, tmp_path: Path) -> None:
    pack = written(acme, case, tmp_path)
    vault = json.loads((pack / "evidence.json").read_text())["vault"]
    done = verified(vault, pack / "evidence.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert f": proved: case {case} of person " in done.stdout
    assert "secrets rotated (longest lag " in done.stdout
    text = (pack / "evidence.json").read_text()
    edited = text.replace('"state": "open"', '"state": "done"', 1)
    assert edited != text
    (pack / "evidence.json").write_text(edited)
    done = verified(vault, pack / "evidence.json")
    assert done.returncode == 1
    assert "REFUSED: claims." in done.stdout
    (pack / "evidence.json").write_text(text)
    (pack / "evidence.tlog-proof").unlink()
    done = verified(vault, pack / "evidence.json")
    assert (done.returncode, done.stderr) == (1, "")


def test_the_checkpoint_in_it_is_one_of_the_ledger(acme: Any, case: str, tmp_path: Path) -> None:
    assert "of this ledger, signed by" in acme.ok("ledger", "compare", str(written(acme, case, tmp_path) / "checkpoint.note")).out


def test_the_folder_is_whole_private_and_of_these_files_alone(acme: Any, case: str, tmp_path: Path) -> None:
    pack = written(acme, case, tmp_path)
    assert {path.name for path in pack.iterdir()} == NAMES
    assert pack.stat().st_mode & 0o777 == 0o700
    sums = dict(line.split("  ")[::-1] for line in (pack / "SHA256SUMS").read_text().splitlines())
    assert sums == {name: hashlib.sha256((pack / name).read_bytes()).hexdigest() for name in NAMES - {"SHA256SUMS"}}
    for path in pack.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
        assert not any(secret in path.read_bytes() for secret in (b"first-secret", b"blog-secret", b"another-secret", b"JBSWY3DPEHPK3PXP"))


def test_page_and_directions_are_in_the_readers_language(acme: Any, case: str, tmp_path: Path) -> None:
    titles = set()
    for locale in LOCALES:
        pack = written(acme, case, tmp_path / locale, "--locale", locale)
        page, told = (pack / "evidence.html").read_text(encoding="utf-8"), (pack / "README.txt").read_text(encoding="utf-8")
        assert f'<html lang="{locale}">' in page
        assert "python verify.py" in told
        titles.add(told.splitlines()[0])
    assert len(titles) == len(LOCALES)


def test_a_line_is_drawn_for_each_secret_and_said_in_words_beside_it(acme: Any, case: str, tmp_path: Path) -> None:
    page = (written(acme, case, tmp_path) / "evidence.html").read_text(encoding="utf-8")
    secrets = [one for one in acme.json("offboard", "show", case)["items"] if one["kind"] == "rotate"]
    assert page.count("<svg ") == page.count("<title id=") == page.count("<desc id=") == len(secrets) > 1
    assert page.count("<rect ") == sum(one["state"] == "done" for one in secrets) > 0
    assert "http" not in page.replace("http-equiv", "")


def test_a_pdf_of_a_hostile_name_is_written_and_says_it_as_text(acme: Any, tmp_path: Path) -> None:
    """Typst reads no markup out of a name: with `#panic` or an unclosed bracket in it, it would fail."""
    acme.ok("person", "add", '#panic("x") [*_$ {x} \\ "', "--handle", "eve")
    acme.ok("known", "blog", "eve")
    case = acme.json("offboard", "open", "eve")["case"]["id"]
    words = ("offboard", "report", case, "--out", str(tmp_path), "--pdf")
    if importlib.util.find_spec("typst") is None:
        assert "govern[pdf]" in acme.run(*words).err
        return
    pack = Path(acme.json(*words)["evidence"][0]).parent
    assert (pack / "evidence.pdf").read_bytes().startswith(b"%PDF-")
    assert "evidence.pdf" in (pack / "SHA256SUMS").read_text()


def test_the_next_command_is_the_one_that_checks_it(acme: Any, case: str, tmp_path: Path) -> None:
    told = acme.ok("offboard", "report", case, "--out", str(tmp_path))
    assert "next: python docs/verify.py " in told.err
    assert told.out.count("evidence") >= len(NAMES)
