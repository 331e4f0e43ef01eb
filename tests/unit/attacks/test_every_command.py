"""A store that was cut short, rolled back, exchanged or forked stops every command, those that only read as well: exit 6, nothing shown.

Nothing is written either: pin, journal and every row of the store stay as they were (`Machine.refuses` compares them).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from govern.ledger.checkpoint import Checkpoint, origin
from govern.ledger.note import parse_note, sign_note
from govern.register.pin import read_pin

from .commands import COMMANDS_OF_THE_VAULT, EXEMPT, READING, SHOWING, every_command, words
from .vaults import GENESIS, SIZE, Machine, rows_of_another


def cut_to(size: int) -> Callable[[Machine, Path], None]:
    def attack(machine: Machine, _folder: Path) -> None:
        with machine.database() as db:
            db.execute("DELETE FROM entry WHERE idx >= ?", (size,))
            db.execute("DELETE FROM checkpoint WHERE size > ?", (size,))

    return attack


def yesterday(machine: Machine, _folder: Path) -> None:
    """A copy of the database from before the last few transactions."""
    old = machine.kept()
    machine.ok("person", "add", "Dora Lund")
    machine.ok("place", "add", "wall", "--kind", "paper")
    machine.put_back(old)


def another_vault(machine: Machine, _folder: Path) -> None:
    machine.put_rows(rows_of_another())


def head_by_another_member(machine: Machine, _folder: Path) -> None:
    """The last checkpoint again, validly signed by another enrolled key."""
    keys = machine.of("ben").keys()
    with machine.database() as db:
        (note,) = db.execute("SELECT note FROM checkpoint WHERE size = ?", (SIZE,)).fetchone()
        again = sign_note(parse_note(note).text, name=keys.id.hex(), public=keys.sign_public, sign=keys.sign)
        db.execute("UPDATE checkpoint SET note = ? WHERE size = ?", (again, SIZE))


def another_root(machine: Machine, _folder: Path) -> None:
    """A head of another tree, signed by the very key that signed the head before."""
    keys = machine.keys()
    vault = machine.workspace().vault
    text = Checkpoint(origin(vault), SIZE, bytes(32)).text()
    with machine.database() as db:
        db.execute(
            "UPDATE checkpoint SET note = ? WHERE size = ?",
            (sign_note(text, name=keys.id.hex(), public=keys.sign_public, sign=keys.sign), SIZE),
        )


def one_bit_of_the_head(machine: Machine, _folder: Path) -> None:
    with machine.database() as db:
        (note,) = db.execute("SELECT note FROM checkpoint WHERE size = ?", (SIZE,)).fetchone()
        db.execute("UPDATE checkpoint SET note = ? WHERE size = ?", (note[:-3] + bytes([note[-3] ^ 1]) + note[-2:], SIZE))


def a_fork(machine: Machine, _folder: Path) -> None:
    """Another member's history that parted from ours: each is sound in itself."""
    ben, before = machine.of("ben"), machine.kept()
    machine.ok("person", "add", "Dora Lund")
    machine.put_back(before)
    for name in ("Emil Dahl", "Finn Berg"):
        ben.ok("person", "add", name)


def nothing_left(machine: Machine, _folder: Path) -> None:
    with machine.database() as db:
        for table in ("entry", "checkpoint", "version", "wrap"):
            db.execute(f"DELETE FROM {table}")


ATTACKS: dict[str, Callable[[Machine, Path], None]] = {
    "cut short": cut_to(21),
    "yesterday's file": yesterday,
    "another vault's file": another_vault,
    "head signed by another member": head_by_another_member,
    "head of another tree": another_root,
    "a bit of the head": one_bit_of_the_head,
    "a fork": a_fork,
    "emptied": nothing_left,
}


def test_the_table_names_every_command() -> None:
    named = {command for command in every_command() if any(f"{line} ".startswith(f"{command} ") for line in COMMANDS_OF_THE_VAULT)}
    assert set(every_command()) - named - EXEMPT == set()


SOME = ("status", "person list", "who shop", "ledger show", "person add 'Dora Lund'", "grant shop ben", *SHOWING)
LINES = {
    **{f"{attack}: all": (attack, COMMANDS_OF_THE_VAULT) for attack in ATTACKS},
    **{f"{attack}: some": (attack, SOME) for attack in ATTACKS if attack != "a fork"},
}
CASES = [
    pytest.param(attack, lines, id=name, marks=[pytest.mark.slow] if name.endswith(": all") and f"{attack}: some" in LINES else [])
    for name, (attack, lines) in LINES.items()
]


@pytest.mark.parametrize(("attack", "lines"), CASES)
def test_every_command_refuses(machine: Machine, tmp_path: Path, attack: str, lines: tuple[str, ...]) -> None:
    ATTACKS[attack](machine, tmp_path)
    pin = read_pin(machine.home / "pin")
    for line in lines:
        machine.refuses(*words(line, tmp_path, machine.home, machine.store), stdin="another-secret-value\n")
    assert not (tmp_path / "new.out").exists()
    assert read_pin(machine.home / "pin") == pin


EDGES = (0, 1, GENESIS - 1, GENESIS, 12, SIZE - 1)


@pytest.mark.parametrize("size", [pytest.param(size, marks=[] if size in EDGES else [pytest.mark.slow]) for size in range(SIZE)])
def test_truncation_to_any_size_stops_reading_writing_and_showing(machine: Machine, tmp_path: Path, size: int) -> None:
    cut_to(size)(machine, tmp_path)
    for line in ("account list", "person add 'Dora Lund'", "reveal shop --stdout", "ledger verify"):
        machine.refuses(*words(line, tmp_path, machine.home, machine.store))


@pytest.mark.parametrize("size", [GENESIS, 12, SIZE - 1])
def test_truncation_is_told_as_a_rollback_with_what_to_do(machine: Machine, tmp_path: Path, size: int) -> None:
    cut_to(size)(machine, tmp_path)
    error = machine.refuses("status", "--json").json()["error"]
    assert error["code"] == "rolled-back"
    assert f"at least {SIZE} entries" in error["message"]
    assert "restore" in error["hint"]


def test_a_fork_is_told_as_one(machine: Machine, tmp_path: Path) -> None:
    a_fork(machine, tmp_path)
    assert machine.refuses("status", "--json").json()["error"]["code"] == "forked"


def test_control_the_untouched_copy_answers_every_reading_command(machine: Machine, tmp_path: Path) -> None:
    for line in READING:
        told = machine.run(*words(line, tmp_path, machine.home, machine.store))
        asked_for_what_is_not_there = "012345" in line or "{note}" in line
        assert told.code == (3 if "012345" in line else told.code) if asked_for_what_is_not_there else told.code in (0, 7), (line, told)
        assert asked_for_what_is_not_there or told.out or "--out" in line, line


def test_control_the_untouched_copy_can_be_written_and_shown(machine: Machine, tmp_path: Path) -> None:
    machine.ok("person", "add", "Dora Lund")
    machine.ok("reveal", "shop", "--stdout")
    machine.ok(*words("export --format bitwarden-json --out {new} --reason moving", tmp_path, machine.home))
    assert (tmp_path / "new.out").exists()
