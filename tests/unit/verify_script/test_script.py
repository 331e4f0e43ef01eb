"""`docs/verify.py` as a program: stands alone, says what it proved, and trusts the vault id alone."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from proof_files import (
    ANNA,
    AT,
    BEN,
    CLEO,
    FILE,
    FOUNDED,
    LOG,
    SCRIPT,
    VAULT,
    Log,
    proved,
    refused,
    run,
)

from govern.ledger.checkpoint import Checkpoint, origin


def test_the_script_stands_alone() -> None:
    source = SCRIPT.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 300
    modules = {
        (node.module or "").split(".")[0] if isinstance(node, ast.ImportFrom) else name.name.split(".")[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in node.names
    }
    assert modules - set(sys.stdlib_module_names) == {"cryptography"}


def test_it_says_in_one_line_per_file_what_was_proved_and_exits_0(tmp_path: Path) -> None:
    files = [tmp_path / "one.tlog-proof", tmp_path / "two.tlog-proof"]
    files[0].write_bytes(FILE)
    files[1].write_bytes(LOG.proof(0, [0], signer=ANNA))
    result = run(VAULT, *map(str, files))
    assert (result.returncode, result.stderr) == (0, "")
    first, second = result.stdout.splitlines()
    what = f"entry 5 of a log of 6 is account.added at {AT} by {CLEO.person} with key {CLEO.key}"
    links = (
        f"key {CLEO.key} was enrolled for {CLEO.person} by {BEN.person} with key {BEN.key}; "
        f"key {BEN.key} was enrolled for {BEN.person} by {ANNA.person} with key {ANNA.key}"
    )
    assert first == f"{files[0]}: proved: {what}; signed with that key; {links}; that each was allowed to is not shown by this file"
    assert f"entry 0 of a log of 7 is vault.founded at {AT} by {ANNA.person}" in second


def test_one_bad_file_among_good_ones_exits_1_without_a_traceback(tmp_path: Path) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_bytes(FILE)
    bad.write_bytes(FILE.replace(b"index 5", b"index 6"))
    result = run(VAULT, str(good), str(bad), str(tmp_path / "missing"), str(tmp_path), "\x1b[2J\u202e")
    assert (result.returncode, result.stderr) == (1, "")
    lines = result.stdout.splitlines()
    assert [": proved: " in line for line in lines] == [True, False, False, False, False]
    assert all(": REFUSED: " in line for line in lines[1:])
    assert "\x1b" not in result.stdout
    assert "\u202e" not in result.stdout


@pytest.mark.parametrize("arguments", [[], [VAULT], ["nonsense", "file"], [VAULT.upper(), "file"], [VAULT + "\n", "file"], ["--help"]])
def test_a_wrong_call_exits_1_with_the_usage(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.returncode == 1
    assert result.stderr.startswith("usage: ")
    assert result.stdout == ""


def test_it_is_the_vault_id_that_is_trusted_and_not_the_file() -> None:
    other = Log(random=Random(4))
    other.add(ANNA, "vault.founded", FOUNDED)
    data = other.proof(0, [0], signer=ANNA)
    assert "vault.founded" in proved(data, other.vault.hex())
    assert "another vault" in refused(data)
    relabelled = ANNA.note(Checkpoint(origin(LOG.vault), 1, other.entries[0].leaf()).text())
    assert "does not start this vault" in refused(other.proof(0, [0], signer=ANNA, note=relabelled))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_result_that_can_not_be_written_gives_one_line_and_no_traceback(tmp_path: Path) -> None:
    """Both scripts, with something good and with something bad to say."""
    good = tmp_path / "good"
    good.write_bytes(FILE)
    for script, arguments in (
        (SCRIPT, [VAULT, str(good)]),
        (SCRIPT, [VAULT, "missing"]),
        (SCRIPT.with_name("replay.py"), [VAULT, "missing"]),
    ):
        with open("/dev/full", "w") as full:
            done = subprocess.run([sys.executable, str(script), *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert done.stderr.startswith("error: what was found can not be written")
