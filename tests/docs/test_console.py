"""Examples that claim an output are run: every block marked `console run` of README.md and docs/, page by page.

    ```console run
    $ govern who shop-x        a command, typed into bash; lines that start with "> " continue it
    anna    since …            what it prints, standard error included; "…" stands for any text, alone on a line for any lines
    [exit 4]                   its exit code, where that is not 0
    ```

A command without lines below it may print anything. What a page needs beforehand and need not show stands in `<!-- run` … `-->`. All of
a page runs in one shell, in a temporary folder of its own with a fresh GOVERN_HOME, a key file, no keyring, no terminal, and the
project's `docs` beside it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [path for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))) if path.is_file()]
STARTS = re.compile(r"\s*(```console run|<!-- run)\s*")
MARK = "\x1e"


@dataclass(kw_only=True)
class Step:
    """One command of a page and what the page says of it."""

    line: int
    command: str
    prints: list[str] = field(default_factory=list)
    code: int = 0


def steps(text: str) -> list[Step]:
    """The commands of a page in their order; ValueError for a block that starts with something else."""
    found: list[Step] = []
    end, begun = "", False
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if not end:
            if start := STARTS.fullmatch(line):
                end, begun = ("```" if start[1].startswith("`") else "-->"), False
        elif bare == end:
            end = ""
        elif bare.startswith("$ "):
            found.append(Step(line=number, command=bare[2:]))
            begun = True
        elif not begun:
            raise ValueError(f"line {number}: a block to run starts with a command")
        elif bare.startswith("> ") and not found[-1].prints:
            found[-1].command += "\n" + bare[2:]
        elif code := re.fullmatch(r"\[exit (\d+)\]", bare):
            found[-1].code = int(code[1])
        else:
            found[-1].prints.append(line.rstrip())
    if end:
        raise ValueError("a block to run has no end")
    return found


def pattern(prints: list[str]) -> re.Pattern[str]:
    """Lines with wildcards as one expression over the whole output."""
    lines = [r"(?:.*\n)*?" if line.strip() == "…" else ".*?".join(map(re.escape, line.split("…"))) + r"[ \t]*\n" for line in prints]
    return re.compile("".join(lines) + r"\s*")


OF_THIS_CHECKOUT = re.compile(r"(?m)^the service does not see .*: it has a /tmp and a /var/tmp of its own; move that first\n")
"""What is told only where the project lies in a temporary folder, as a fresh clone may."""


def run(found: list[Step], folder: Path) -> list[str]:
    """Runs the commands in `folder` and tells every difference."""
    (folder / "home").mkdir()
    (folder / "work").mkdir()
    (folder / "work" / "docs").symlink_to(ROOT / "docs")
    scripts = Path(sysconfig.get_path("scripts"))
    if not (scripts / "govern").exists():  # run from the source, not installed
        (folder / "bin").mkdir()
        (folder / "bin" / "govern").write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m govern "$@"\n')
        (folder / "bin" / "govern").chmod(0o755)
    environment = {
        "PATH": f"{folder / 'bin'}:{scripts}:{os.environ['PATH']}",
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder),
        "GOVERN_HOME": str(folder / "home" / "govern"),
        "GOVERN_KEY_FILE": str(folder / "home" / "key"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "NO_COLOR": "1",
        "COLUMNS": "100",
        **{name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ},  # another tree than the installed one
    }
    script = "".join(f"{step.command}\nprintf '\\n{MARK}%d\\n' $?\n" for step in found)
    result = subprocess.run(
        ["bash", "-c", script],
        cwd=folder / "work",
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
    ended = re.findall(rf"(?s)(.*?)\n{MARK}(\d+)\n", OF_THIS_CHECKOUT.sub("", result.stdout))
    differences = []
    for step, (said, code) in zip(found, ended, strict=False):
        if int(code) != step.code:
            differences.append(f"line {step.line}: {step.command}: exit {code}, not {step.code}\n{said}")
        elif step.prints and not pattern(step.prints).fullmatch(said.rstrip("\n") + "\n"):
            differences.append(f"line {step.line}: {step.command}: prints\n{said}\nnot\n" + "\n".join(step.prints))
    if len(ended) < len(found):
        differences.append(f"line {found[len(ended)].line}: the shell ended here\n{result.stdout[-1000:]}")
    return differences


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_examples_print_what_the_page_says(page: Path, tmp_path: Path) -> None:
    assert "\n\n".join(run(steps(page.read_text(encoding="utf-8")), tmp_path)) == ""


def page(*lines: str) -> list[Step]:
    return steps("\n".join(["text", "```console run", *lines, "```", "$ false"]))


@pytest.mark.parametrize(
    "lines",
    [
        ("$ echo one; echo two >&2", "one", "two"),
        ("$ echo held since 2026", "held since …"),
        ("$ seq 9", "1", "…", "8", "9"),
        ("$ seq 2", "…", "1", "2", "…"),
        ("$ sh -c 'exit 4'", "[exit 4]"),
        ("$ cd /; here=$PWD", "$ echo $here", "/"),
        ("$ echo a \\", "> b", "a b"),
        ("$ cat; test -d docs && echo $GOVERN_HOME | tail -c 12", "home/govern"),
    ],
)
def test_a_right_example_passes(lines: tuple[str, ...], tmp_path: Path) -> None:
    assert run(page(*lines), tmp_path) == []


@pytest.mark.parametrize(
    "lines",
    [
        ("$ echo one", "two"),
        ("$ echo one; echo two", "one"),
        ("$ echo one", "one", "two"),
        ("$ echo held since", "held since 2…"),
        ("$ false",),
        ("$ true", "[exit 4]"),
        ("$ exit", "$ true"),
    ],
)
def test_a_wrong_example_is_noticed(lines: tuple[str, ...], tmp_path: Path) -> None:
    assert len(run(page(*lines), tmp_path)) == 1


def test_hidden_commands_run_too_and_other_blocks_do_not() -> None:
    text = "<!-- run\n$ one\n-->\n```console\n$ two\n```\n```console run\n$ three\n```\n"
    assert [step.command for step in steps(text)] == ["one", "three"]


@pytest.mark.parametrize("text", ["```console run\nno command\n```\n", "```console run\n$ true\n"])
def test_a_malformed_block_is_noticed(text: str) -> None:
    with pytest.raises(ValueError, match="a block to run"):
        steps(text)
