"""What a crash must never break: one checkpoint per size, nothing acknowledged gone, and a vault that verifies and goes on."""

from __future__ import annotations

from govern.register.journal import Journal

from ..attacks.vaults import Machine


class Witness:
    """Sees every checkpoint that was ever on disk, in journals and store, and refuses two of one size."""

    def __init__(self, *machines: Machine) -> None:
        self.machines = machines
        self.notes: dict[int, bytes] = {}
        self.look()

    def look(self) -> None:
        for machine in self.machines:
            for written in Journal(machine.home).read():
                self.saw(written.size, written.note)
            with machine.database() as db:
                for size, note in db.execute("SELECT size, note FROM checkpoint").fetchall():
                    self.saw(size, note)

    def saw(self, size: int, note: bytes) -> None:
        assert self.notes.setdefault(size, note) == note, f"two checkpoints of size {size} were signed"


def handles(machine: Machine) -> set[str]:
    return {person["handle"] for person in machine.json("person", "list")["people"]}


def goes_on(machine: Machine, witness: Witness, *acknowledged: str) -> set[str]:
    """Add one more person; everybody acknowledged is there, all of it verifies, and the register is what the ledger says."""
    witness.look()
    machine.ok("person", "add", "Last One", "--handle", "last")
    witness.look()
    found = handles(machine)
    assert {*acknowledged, "last"} <= found
    told = machine.verify()
    assert told.code == 0, told
    register = machine.register()
    assert machine.forget("register").register() == register
    machine.ok("person", "add", "Very Last", "--handle", "verylast")
    witness.look()
    return found
