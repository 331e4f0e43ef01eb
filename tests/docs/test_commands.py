"""Commands, `--help` and pages agree: every command and option has its words in docs/commands, every example is a command that exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from govern import errors

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "commands"
INDEX = FOLDER / "README.md"
"""The page that tells what all commands have in common: options, environment, exit codes."""

Commands = dict[str, dict[str, list[str]]]
OPTION = r"(?<![\w-])--[a-z][a-z0-9-]*"


def page_of(command: str) -> Path:
    """`account add` is told in account-add.md where that is there, else in account.md."""
    words = command.split()
    own = FOLDER / f"{'-'.join(words)}.md"
    return own if own.exists() else FOLDER / f"{words[0]}.md"


def untold(commands: Commands, told: dict[Path, str]) -> list[str]:
    """What `--help` knows and no page tells."""
    common = set(re.findall(OPTION, told.get(INDEX, ""))) | {"--help"}
    missing = []
    for command, parts in commands.items():
        if not command:
            missing += [f"govern {option}" for option in parts["options"] if option not in common]
            continue
        text = told.get(page_of(command), "")
        if f"govern {command}" not in text:
            missing.append(f"govern {command}")
        mentioned = common | set(re.findall(OPTION, text))
        missing += [f"govern {command} {option}" for option in parts["options"] if option not in mentioned]
    return missing


def examples(text: str) -> Iterator[str]:
    """The `govern …` lines of console blocks, continuation lines joined, and the code spans that start with `govern `."""
    for block in re.findall(r"(?ms)^\s*```(?:console|sh|bash|text)?[^\n]*\n(.*?)^\s*```", text):
        for line in re.sub(r"\\\n(?:>\s)?", " ", block).splitlines():
            if found := re.match(r"\s*(?:\$ )?(?:\.venv/bin/)?(govern\s.*)", line):
                yield found[1]
    outside = re.sub(r"(?ms)^\s*```.*?^\s*```", "", text)
    yield from re.findall(r"`(govern [^`]+)`", outside)


def wrong_with(example: str, commands: Commands) -> str:
    """Why an example cannot be typed; empty when it can."""
    typed = re.split(r"\s(?:[|&;<>]|&&|\|\|)\s|\s#\s", example)[0]
    words = typed.split()[1:]
    path: list[str] = []
    for word in words:
        if word in commands[" ".join(path)]["commands"]:
            path.append(word)
        elif path:
            break
    command = " ".join(path)
    if not path and not words[0].startswith(("-", "[")):
        return f"there is no command {words[0]!r}"
    rest = words[words.index(path[-1]) + 1 :] if path else words
    if commands[command]["commands"] and rest and re.fullmatch(r"[a-z][a-z-]+", rest[0]):
        return f"govern {command} has no command {rest[0]!r}"
    known = {"--help", *commands[""]["options"], *commands[command]["options"]}
    unknown = sorted(set(re.findall(OPTION, typed)) - known)
    return f"govern {command} has no {', '.join(unknown)}" if unknown else ""


def test_every_command_and_option_is_told(commands: Commands, pages: dict[Path, str]) -> None:
    assert untold(commands, pages) == []


def test_every_page_tells_a_command(commands: Commands) -> None:
    names = {command.replace(" ", "-") for command in commands}
    assert {path.stem for path in FOLDER.glob("*.md")} - {INDEX.stem} - names == set()


def test_every_example_is_a_command(commands: Commands, pages: dict[Path, str]) -> None:
    found = {
        f"{path.relative_to(ROOT)}: {example}": wrong_with(example, commands) for path, text in pages.items() for example in examples(text)
    }
    assert {place: why for place, why in found.items() if why} == {}


FEW: Commands = {
    "": {"options": ["--help", "--vault"], "commands": ["account", "who"]},
    "account": {"options": ["--help"], "commands": ["add"]},
    "account add": {"options": ["--help", "--platform"], "commands": []},
    "who": {"options": ["--help", "--json"], "commands": []},
}


@pytest.mark.parametrize(
    ("example", "why"),
    [
        ("govern account add shop --platform x", ""),
        ("govern --vault v.db who shop --json | head", ""),
        ("govern who shop # not --this", ""),
        ("govern account", ""),
        ("govern --vault", ""),
        ("govern whom shop", "there is no command 'whom'"),
        ("govern account frob", "govern account has no command 'frob'"),
        ("govern who shop --platform x", "govern who has no --platform"),
    ],
)
def test_a_wrong_example_is_noticed(example: str, why: str) -> None:
    assert wrong_with(example, FEW) == why


def test_an_untold_option_is_noticed() -> None:
    told = {INDEX: "--vault --json", FOLDER / "account.md": "`govern account add`, `govern account`", FOLDER / "who.md": "govern who"}
    assert untold(FEW, told) == ["govern account add --platform"]


def test_examples_are_found_in_blocks_and_spans() -> None:
    text = "Type `govern who X`.\n\n```console run\n$ govern account add \\\n> shop\nsaid `govern no`\n$ ls\n```\n"
    assert list(examples(text)) == ["govern account add  shop", "govern who X"]


def test_the_exit_code_table_is_that_of_the_program(pages: dict[Path, str]) -> None:
    """0 done, 7 done with findings and 130 interrupted are no errors; every other code is a class of govern.errors."""
    classes = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.GovernError)]
    tables = {path: codes for path, text in pages.items() if (codes := exit_codes(text))}
    assert INDEX in tables
    assert {path: codes for path, codes in tables.items() if codes != {0, 7, 130} | {each.exit_code for each in classes}} == {}


def exit_codes(text: str) -> set[int]:
    """The first column of every table whose first heading is `exit` or `exit code`."""
    found = set()
    for table in re.findall(r"(?mi)^\|\s*exit(?: code)?\s*\|.*\n\|[-| :]+\n((?:\|.*\n?)+)", text):
        found |= {int(code) for code in re.findall(r"(?m)^\|\s*`?(\d+)`?\s*\|", table)}
    return found


def test_an_exit_code_table_is_read() -> None:
    assert exit_codes("x\n\n| exit | meaning |\n|---|---|\n| 0 | done |\n| `7` | more |\n\n| 9 | no |\n") == {0, 7}
