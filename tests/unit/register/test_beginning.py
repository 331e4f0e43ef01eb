"""Founding and recovering on a machine that remembers a vault: neither throws away what only this machine may still know."""

from __future__ import annotations

from pathlib import Path

from ..attacks.vaults import Machine

INIT = ("init", "--organisation", "Acme", "--founder", "Mia Holm <mia@acme.example>", "--handle", "mia")


def memory(machine: Machine) -> list[bytes]:
    return [(machine.home / name).read_bytes() for name in ("pin", "journal", "journal.personal", "register.db")]


def test_founding_where_a_vault_is_remembered_is_refused_and_keeps_the_memory(machine: Machine, tmp_path: Path) -> None:
    (machine.home / "seed.json").unlink()
    machine.store.rename(tmp_path / "elsewhere.db")
    machine.key.unlink()
    before = memory(machine)
    told = machine.run(*INIT)
    assert (told.code, told.out) == (4, "")
    assert "GOVERN_HOME" in told.err
    assert memory(machine) == before


def test_a_recovery_that_fails_keeps_what_was_there(machine: Machine) -> None:
    sheets = [str(path) for path in sorted((machine.home / "recovery").iterdir())[:2]]
    (machine.home / "seed.json").unlink()
    machine.key.unlink()
    before = memory(machine)
    told = machine.run("vault", "recover", "--sheet", sheets[0], "--sheet", sheets[1], "--handle", "nobody")
    assert told.code == 3, told
    assert memory(machine)[:3] == before[:3]


def test_a_recovery_on_a_machine_that_remembers_sees_a_rollback(machine: Machine) -> None:
    sheets = [str(path) for path in sorted((machine.home / "recovery").iterdir())[:2]]
    (machine.home / "seed.json").unlink()
    machine.key.unlink()
    with machine.database() as db:
        db.execute("DELETE FROM entry WHERE idx >= 20")
        db.execute("DELETE FROM checkpoint WHERE size > 20")
    before = memory(machine)
    told = machine.run("vault", "recover", "--sheet", sheets[0], "--sheet", sheets[1], "--handle", "mia")
    assert told.code == 6, told
    assert memory(machine)[:3] == before[:3]
