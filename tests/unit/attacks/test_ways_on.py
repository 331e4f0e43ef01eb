"""Whoever is told that the database was altered is told what to do next as well, whatever the attack; and following it leads back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from .test_every_command import ATTACKS as OF_THE_HEAD
from .test_hostile import ATTACKS, VERIFY
from .vaults import Machine


@pytest.mark.parametrize("attack", [*ATTACKS, *OF_THE_HEAD])
def test_every_refusal_says_how_to_go_on(machine: Machine, tmp_path: Path, attack: str) -> None:
    if attack in ATTACKS:
        ATTACKS[attack].strike(machine)
    else:
        OF_THE_HEAD[attack](machine, tmp_path)
    for words in (VERIFY, *(ATTACKS[attack].refused if attack in ATTACKS else [("status",)])):
        assert machine.refuses(*words, "--json").json()["error"]["hint"], words
    assert "\nhint: " in machine.refuses(*words).err


def test_a_register_that_does_not_follow_from_the_ledger_is_made_again_as_the_hint_says(machine: Machine) -> None:
    machine.ok("status")
    with closing(sqlite3.connect(machine.home / "register.db")) as db:
        db.execute("UPDATE people SET name = 'Somebody Else' WHERE handle = 'ben'")
        db.commit()
    error = machine.refuses(*VERIFY, "--json").json()["error"]
    assert (error["code"], "register.db" in error["hint"]) == ("register", True)
    machine.forget("register")
    machine.ok(*VERIFY)
    assert "Ben Bos" in machine.ok("person", "list").out
