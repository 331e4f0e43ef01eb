"""Every command with words that nobody meant: each ends with an exit code of ours and a way on, never with a defect, and shows no secret."""

from __future__ import annotations

import importlib
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from govern.cli.commands import COMMANDS, module_of

from .vaults import SECRETS, Machine

WORDS = (
    "", " ", "-", "--", "x" * 5000, "\x1b[2J", "\u202eabc", "a\nb", "0", "-1", "99999999999999999999", "1e9", "NaN", "../../etc/passwd", "/", "/dev/zero",
    "/proc/self/mem", ".", "~nobodyhere/x", "mia", "ben", "shop", "password", "2026-02-30", "2026-11-30T25:00", "9999-12-31T23:59+14:00", "0001-01-01", "now",
    "{}", "[]", "%s%n", "'; DROP TABLE entry;--", "00" * 16, "zz" * 16, "postgresql://x:y@h/d", "postgresql:///nowhere?host=/nonexistent", "sqlite://",
    "file:///x", "abandon " * 12, "é" * 300, "𝒳", "tag:", "platform:", "tag:\x07", "a=b", "run-due", "admin", "first-import", "1-of-3",
)  # fmt: skip
STDIN = ("", "x\n", "hunter2-and-more\n", "y\n" * 20)
SHOWS = {"reveal", "code", "handover", "export", "envelope", "credential", "import", "rotate"}
"""Whose words may ask for a secret, and get it."""


def leaves(path: list[str], command: Any) -> Iterator[tuple[list[str], Any]]:
    if getattr(command, "commands", None):
        for name, below in command.commands.items():
            yield from leaves([*path, name], below)
    else:
        yield path, command


def every_command() -> list[tuple[list[str], Any]]:
    return [
        one
        for name in COMMANDS
        if name != "demo"
        for one in leaves([name], typer.main.get_command(importlib.import_module(module_of(name)).app))
    ]


def chosen(path: list[str], command: Any, dice: random.Random) -> list[str]:
    words = list(path)
    for parameter in command.params:
        if parameter.name == "help":
            continue
        if parameter.param_type_name == "argument":
            words += [dice.choice(WORDS)] if dice.random() < 0.9 else []
        elif dice.random() < 0.4:
            words += [parameter.opts[0]] if parameter.is_flag else [parameter.opts[0], dice.choice(WORDS)]
    return words + (["--json"] if dice.random() < 0.3 and "--json" not in words else [])


@pytest.mark.parametrize(("seed", "times"), [(0, 1), *(pytest.param(seed, 3, marks=pytest.mark.slow) for seed in range(30))])
def test_words_at_random_are_answered_with_a_way_on(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, times: int
) -> None:
    monkeypatch.chdir(tmp_path)
    dice, refused = random.Random(seed), 0
    for path, command in every_command():
        for _ in range(times):
            words = chosen(path, command, dice)
            told = machine.run(*words, stdin=dice.choice(STDIN))
            shown = told.out + told.err
            assert told.code in (0, 1, 2, 3, 4, 5, 6, 7), (words, shown)
            assert "a defect of govern" not in shown, (words, shown)
            assert "Traceback" not in shown, (words, shown)
            assert "\x1b" not in shown, words
            assert "\u202e" not in shown, words
            if told.code in (1, 2, 3, 4, 5, 6):
                refused += 1
                assert told.json()["error"]["hint"] if "--json" in words and told.out else "hint: " in told.err, (words, shown)
            assert path[0] in SHOWS or not [secret for secret in SECRETS if secret in shown], words
    assert 3 * refused > times * len(every_command()), "the control: words at random are mostly wrong"
    assert machine.run("ledger", "verify", "--deep").code in (0, 7), "whatever was recorded is sound"
