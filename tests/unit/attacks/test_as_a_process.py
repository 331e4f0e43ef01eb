"""One attack of each kind against the installed command, as a process of its own: exit 6 and not a word of a secret or a name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from . import test_database, test_every_command, test_every_entry
from .test_sealed import manifest
from .vaults import NAMES, PASSWORD, SECOND, SECRETS, SEED, Machine

VERIFY, REVEAL = ("ledger", "verify", "--deep"), ("reveal", "shop", "--stdout")


def entry(attack: str, at: int) -> Callable[[Machine, Path], None]:
    def made(machine: Machine, _folder: Path) -> None:
        with machine.database() as db:
            test_every_entry.ATTACKS[attack](db, at)

    return made


def statement(*statements: str) -> Callable[[Machine, Path], None]:
    """SQL on the store; `:password` stands for the digest of the current password."""

    def made(machine: Machine, _folder: Path) -> None:
        digest = manifest(machine, "password", 2)
        with machine.database() as db:
            for one in statements:
                db.execute(one, {"password": digest, "mia": machine.keys().id} if ":" in one else {})

    return made


def by_another_key(machine: Machine, _folder: Path) -> None:
    test_every_entry.signed_by_another(machine, 12, machine.of("ben").keys())


KINDS: dict[str, tuple[Callable[[Machine, Path], None], tuple[str, ...], str]] = {
    "a bit of an entry": (entry("a bit of its sealed", 11), VERIFY, "entry 11: "),
    "a bit of a checkpoint": (entry("a bit of its checkpoint's note", 20), VERIFY, "entry 20: "),
    "an entry deleted": (entry("deleted", 15), VERIFY, "entry 15: "),
    "entries swapped": (entry("swapped with the next", 22), VERIFY, "entry 22: "),
    "an entry duplicated": (entry("duplicated behind itself", 8), VERIFY, "entry 9: "),
    "a checkpoint by another enrolled key": (by_another_key, VERIFY, "entry 12: "),
    "cut short": (test_every_command.ATTACKS["cut short"], REVEAL, "rolled back"),
    "yesterday's file": (test_every_command.ATTACKS["yesterday's file"], ("status",), "rolled back"),
    "another vault's file": (test_every_command.ATTACKS["another vault's file"], ("person", "list"), "another vault's file"),
    "another head": (test_every_command.ATTACKS["head of another tree"], REVEAL, "forked"),
    "a changed version": (
        statement("UPDATE version SET sealed = zeroblob(400) WHERE digest = :password"),
        REVEAL,
        "is not what the ledger commits to",
    ),
    "a changed wrap": (
        statement("UPDATE wrap SET sealed = zeroblob(80) WHERE target = :password AND recipient = :mia"),
        REVEAL,
        "does not open",
    ),
    "a planted trigger": (statement(test_database.SCHEMAS["trigger after"]), ("person", "add", "Dora Lund"), "another schema"),
    "a planted view": (statement(test_database.SCHEMAS["view"]), ("person", "list"), "another schema"),
    "a column of another type": (statement("UPDATE entry SET sealed = CAST(x'ff' AS TEXT) WHERE idx = 3"), VERIFY, "entry 3: "),
}


FEW = ("a bit of an entry", "cut short", "another head", "a changed version", "a planted trigger")
"""What keeps them from the vault is the same in a process and without one: the rest of them is for the slow tests."""


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=[] if kind in FEW else [pytest.mark.slow]) for kind in KINDS])
def test_it_stops_the_installed_command(machine: Machine, tmp_path: Path, kind: str) -> None:
    attack, words, named = KINDS[kind]
    attack(machine, tmp_path)
    told = machine.spawn(*words)
    assert (told.code, told.out) == (6, ""), told
    assert named in told.err
    assert "Traceback" not in told.err
    assert not [word for word in (*SECRETS, *NAMES) if word in told.err]


def test_control_the_installed_command_passes_the_untouched_copy(machine: Machine) -> None:
    assert machine.spawn(*VERIFY).code == 0
    assert machine.spawn(*REVEAL).out == SECOND
    assert {PASSWORD, SEED, SECOND} == set(SECRETS)
