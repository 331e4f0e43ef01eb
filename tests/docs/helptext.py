"""Prints `{"grant": {"options": ["--days", …], "commands": []}, …}` for every command, read from what `--help` shows.

Run as a program of its own, so that what the command line changes in its process touches no test. Knows only the entry point and the
two shapes that a help text can have, boxed and plain; nothing of how the commands are made.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys

LONGEST = 3
"""Words in the longest command."""


NO_COMMANDS = {"options", "arguments", "usage", "examples", "environment", "exit codes"}
"""Titles of the other sections."""


def options(text: str) -> list[str]:
    """Every long option that a help text names."""
    return sorted(set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", text)))


def commands(text: str) -> list[str]:
    """The first column of every section that is none of NO_COMMANDS; wrapped lines of the second column are passed over."""
    found, indent, inside = [], -1, False
    for raw in text.splitlines():
        if title := re.fullmatch(r"[╭┌]─+ (.+?) ─+[╮┐]|([A-Z][\w ]*):", raw.strip()):
            inside, indent = (title[1] or title[2]).lower() not in NO_COMMANDS, -1
            continue
        line = re.sub(r"^│|│$", " ", raw)
        if not line.strip() or line.lstrip()[0] in "╰└":
            inside = inside and "│" in raw
            continue
        here = len(line) - len(line.lstrip())
        indent = here if indent < 0 else indent
        inside = inside and here > 0
        if inside and here == indent and re.fullmatch(r"[a-z][a-z0-9-]*", line.split()[0]):
            found.append(line.split()[0])
    return found


def help_of(words: list[str]) -> str:
    """What `govern WORDS --help` prints; RuntimeError when that does not end with exit code 0."""
    from govern.cli.main import run

    said = io.StringIO()
    sys.argv = ["govern", *words, "--help"]
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            run()
        except SystemExit as end:
            if end.code:
                raise RuntimeError(f"govern {' '.join(words)} --help ends with exit code {end.code}: {said.getvalue()}") from end
    return said.getvalue()


def walk(words: list[str]) -> dict[str, dict[str, list[str]]]:
    """All commands from `words` on."""
    text = help_of(words)
    below = commands(text) if len(words) < LONGEST else []
    found = {" ".join(words): {"options": options(text), "commands": below}}
    for name in below:
        found |= walk([*words, name])
    return found


if __name__ == "__main__":
    print(json.dumps(walk([])))
