"""The exported ledger: a stranger replays it without govern, and refuses whatever was left out, put in, moved or changed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ...conftest import ROOT
from .vaults import NAMES, Machine

SCRIPT = ROOT / "docs" / "replay.py"


@pytest.fixture(scope="module")
def script() -> Any:
    sys.path.insert(0, str(SCRIPT.parent))
    try:
        import replay
    finally:
        sys.path.remove(str(SCRIPT.parent))
    return replay


def exported(machine: Machine, *words: str) -> tuple[str, list[bytes]]:
    out = machine.folder / "ledger.jsonl"
    out.unlink(missing_ok=True)
    told = machine.json("ledger", "export", "--out", str(out), *words)
    assert out.stat().st_mode & 0o777 == 0o600
    return told["vault"], out.read_bytes().splitlines(keepends=True)


def verdict(script: Any, lines: list[bytes], vault: str) -> str:
    """What the script says of the whole file: its last line, or why it is refused."""
    try:
        return str(script.read(lines, vault).end())
    except (script.Refusal, ValueError) as error:
        return f"REFUSED: {error}"


@pytest.mark.parametrize("words", [(), ("--pseudonymous",)], ids=["with names", "pseudonymous"])
def test_the_untouched_file_is_replayed_to_its_end(machine: Machine, script: Any, words: tuple[str, ...]) -> None:
    vault, lines = exported(machine, *words)
    size = machine.json("ledger", "show")["size"]
    assert verdict(script, lines, vault).startswith(f"{size} entries under ")
    assert any(name.encode() in b"".join(lines) for name in NAMES) == (not words)


@pytest.mark.parametrize("every", [307, pytest.param(37, marks=pytest.mark.slow)])
def test_whatever_was_done_to_a_line_is_refused(machine: Machine, script: Any, every: int) -> None:
    """Each line twice, away or out of turn, or with a bit of one of its bytes turned; `every` how many bytes."""
    vault, lines = exported(machine)
    cases = 0
    for at in range(len(lines)):
        others = [lines[: at + 1] + lines[at:]]
        if at + 1 == len(lines) or not lines[at].startswith(b'{"checkpoint"'):
            others.append(lines[:at] + lines[at + 1 :])
        if at + 1 < len(lines):
            others.append([*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]])
        for place in range(3, len(lines[at]) - 3, every):
            flipped = bytearray(lines[at])
            flipped[place] ^= 1
            others.append([*lines[:at], bytes(flipped), *lines[at + 1 :]])
        for other in others:
            cases += 1
            if at + 1 == len(lines) and other == lines[:-1]:
                assert "without a checkpoint" in verdict(script, other, vault)
            assert verdict(script, other, vault).startswith("REFUSED"), (at, other[at][:200] if at < len(other) else "")
    print(f"altered exports: {cases} cases, 0 replayed")


def test_without_a_checkpoint_between_two_the_next_one_stands_for_the_same_entries(machine: Machine, script: Any) -> None:
    vault, lines = exported(machine)
    first = next(at for at, line in enumerate(lines) if line.startswith(b'{"checkpoint"'))
    assert (
        verdict(script, lines[:first] + lines[first + 1 :], vault).split(" under ")[0] == verdict(script, lines, vault).split(" under ")[0]
    )


def test_a_tail_can_be_left_out_and_only_a_checkpoint_from_elsewhere_tells(machine: Machine, script: Any) -> None:
    vault, lines = exported(machine)
    ends = [at for at, line in enumerate(lines) if line.startswith(b'{"checkpoint"')]
    told = verdict(script, lines[: ends[-2] + 1], vault)
    assert not told.startswith("REFUSED")
    assert told.split()[0] != verdict(script, lines, vault).split()[0]


def test_an_enrolment_that_is_called_void_lets_its_key_sign_nothing(machine: Machine, script: Any) -> None:
    vault, lines = exported(machine)
    enrolment = next(at for at, line in enumerate(lines) if b'\\"type\\":\\"key.enrolled\\"' in line)
    value = json.loads(lines[enrolment])
    lines[enrolment] = json.dumps(value | {"void": True}, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    assert "not enrolled before it" in verdict(script, lines, vault)


def test_another_vaults_id_is_refused(machine: Machine, script: Any) -> None:
    _, lines = exported(machine)
    assert "another vault" in verdict(script, lines, "0" * 64)


def test_as_a_stranger_runs_it(machine: Machine, tmp_path: Path) -> None:
    vault, lines = exported(machine, "--pseudonymous")
    file = tmp_path / "ledger.jsonl"
    file.write_bytes(b"".join(lines))
    person = next(json.loads(json.loads(line)["event"])["body"]["person"] for line in lines if b"person.added" in line)
    ran = subprocess.run([sys.executable, str(SCRIPT), vault, str(file), "--about", person], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    *events, last = ran.stdout.splitlines()
    assert "none is missing" in last
    named = [line for line in lines if person.encode() in line]
    assert len(events) == len(named) > 1
    file.write_bytes(b"".join(lines[:3]))
    ran = subprocess.run([sys.executable, str(SCRIPT), vault, str(file)], capture_output=True, text=True, check=False)
    assert (ran.returncode, "REFUSED" in ran.stdout) == (1, True)


def test_rows_that_were_altered_under_it_are_not_exported(machine: Machine) -> None:
    with machine.database() as db:
        db.execute("UPDATE entry SET sealed = zeroblob(length(sealed)) WHERE idx = 9")
    out = machine.folder / "ledger.jsonl"
    assert machine.run("ledger", "export", "--out", str(out)).code == 6
    assert not out.exists()
