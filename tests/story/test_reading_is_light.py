"""What a reading command loads: nothing that takes longer to import than the command takes to answer."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from ..conftest import Story

HEAVY = ("sqlalchemy", "cryptography", "pydantic", "keyring", "ruamel", "babel", "jinja2", "rich")

SCRIPT = """
import sys
from govern.cli.main import run
try:
    run(sys.argv[1:])
except SystemExit as ended:
    print({name.partition(".")[0] for name in sys.modules} & set(HEAVY), ended.code, file=sys.stderr)
"""


def loaded(vault: Any, *words: str) -> str:
    script = f"HEAVY = {HEAVY!r}\n{SCRIPT}"
    done = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, env=vault.environment(), check=False, timeout=120
    )
    return done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    "words",
    [
        ("account", "list"), ("account", "list", "platform:x", "--json"), ("account", "show", "shop"), ("person", "list"),
        ("person", "show", "mia", "--json"), ("credential", "list", "shop"), ("place", "list"), ("todo",),
        ("todo", "--all", "--json"), ("known", "--sheet", os.devnull + ".csv"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_reading_commands_load_nothing_heavy(shop: Any, words: tuple[str, ...], tmp_path: Any) -> None:
    words = tuple(str(tmp_path / "sheet.csv") if word.endswith(".csv") else word for word in words)
    assert loaded(shop, *words) == "set() 0"


def test_status_stays_light_while_nobody_has_answered_an_invite(shop: Any) -> None:
    """Control: it looks, where there is an invite; ciphers are loaded for a letter that lies under its id, and for nothing else."""
    shop.ok("person", "add", "Ben Bos", "--handle", "ben")
    assert loaded(shop, "status") == "set() 0"
    line = shop.json("person", "invite", "ben")["invite"]
    assert loaded(shop, "status") == "set() 0"
    ben = Story(shop.folder / "ben", vault=str(shop.home / "vault.db"))
    ben.folder.mkdir()
    ben.ok("join", "-", stdin=line)
    assert loaded(shop, "status") == "{'cryptography'} 0"


def test_a_run_with_nothing_due_is_as_light_as_reading(shop: Any) -> None:
    """Control: the first run, which looks at everything and reads the ledger again, is not."""
    assert "cryptography" in loaded(shop, "tick")
    shop.ok("tick")
    assert loaded(shop, "tick", "--json") == "set() 0"


def test_a_writing_command_does_load_them(shop: Any) -> None:
    """The control: the list above is not empty because nothing is ever seen."""
    told = loaded(shop, "person", "add", "Anna")
    assert "sqlalchemy" in told
    assert "cryptography" in told


@pytest.fixture
def shop(vault: Any) -> Any:
    vault.ok("account", "add", "shop", "--platform", "x", "--login", "acme")
    vault.ok("credential", "add", "shop", "--kind", "password", stdin="correct horse battery")
    return vault
